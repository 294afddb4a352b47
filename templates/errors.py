"""What can be wrong with the definitions. Apart, so that a program that reads the cache never loads the YAML parser."""


class DefinitionError(Exception):
    """A mistake in a definition file; the text names file, line, key and what is accepted (Swedish)."""


class UnknownSet(LookupError):
    """No such set or nämnd; str() is a Swedish sentence that names what there is."""
