"""What stops the work in an expected way. Apart, so that the one who catches it need not load what raises it."""

import errno


class Refusal(Exception):
    """Something a user can be told and can mend; str() is one Swedish sentence."""


class DefinitionError(Refusal):
    """A mistake in a definition file; the text names file, line, key and what is accepted. `mistakes` has every one."""

    def __init__(self, text: str, mistakes: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.mistakes = mistakes or (text,)


class UnknownSet(Refusal, LookupError):
    """No such set or nämnd; the text names what there is."""


_REASONS = {
    errno.ENOENT: "den finns inte",
    errno.ENOTDIR: "en del av sökvägen är ingen mapp",
    errno.EISDIR: "det är en mapp",
    errno.EACCES: "åtkomst nekas",
    errno.EPERM: "åtkomst nekas",
    errno.EROFS: "disken är skrivskyddad",
    errno.ENOSPC: "disken är full",
    errno.EDQUOT: "utrymmet på disken är slut",
    errno.EFBIG: "filen blir för stor",
    errno.ENAMETOOLONG: "namnet är för långt",
    errno.EINVAL: "namnet går inte att använda",
    errno.EEXIST: "den finns redan",
    errno.EBUSY: "den används av ett annat program",
    errno.EMFILE: "för många filer är öppna",
    errno.ENFILE: "för många filer är öppna",
    errno.ELOOP: "länken går i cirkel",
    errno.EIO: "disken svarar inte",
    errno.ETIMEDOUT: "disken svarar inte",
    errno.EADDRINUSE: "den är upptagen",
}


def reason(error: OSError) -> str:
    """Why the system refused, in Swedish; its own words are English and depend on the machine."""
    return _REASONS.get(error.errno or 0, f"felkod {error.errno}" if error.errno else "okänt fel")
