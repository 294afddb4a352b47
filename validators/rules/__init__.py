"""One module per kind of rule; the hundreds in a code say the kind."""
