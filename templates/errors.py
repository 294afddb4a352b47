"""What stops the work in an expected way. Apart, so that the one who catches it need not load what raises it."""


class Refusal(Exception):
    """Something a user can be told and can mend; str() is one Swedish sentence."""


class DefinitionError(Refusal):
    """A mistake in a definition file; the text names file, line, key and what is accepted."""


class UnknownSet(Refusal, LookupError):
    """No such set or nämnd; the text names what there is."""
