"""What a text says, read with words that are data (templates/ord); judges nothing."""
