"""BF7xx: what the text of the report says, against its figures."""
