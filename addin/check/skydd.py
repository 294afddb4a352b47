"""What no command may write over: the files it reads, under whatever name, and with --ersatt another kind of file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from blankettset.workbook.write.files import WriteError


def spare_sources(target: Path, sources: Iterable[Path]) -> None:
    """WriteError when `target` is one of the files that are read, also by way of a link or another spelling."""
    for source in sources:
        if _is_same(target, source):
            raise WriteError(f"{target} är samma fil som läses. Välj ett annat namn för den nya filen.")


def spare_other_kinds(target: Path) -> None:
    """WriteError when the existing `target` is anything but an earlier consolidated workbook of ours."""
    from blankettset.workbook.read.bind import CONSOLIDATED, stamped_kind

    if (target.exists() or target.is_symlink()) and stamped_kind(target) != CONSOLIDATED:
        raise WriteError(
            f"{target} är ingen konsoliderad arbetsbok och ersätts inte. Välj ett annat namn för stadens arbetsbok."
        )


def _is_same(target: Path, source: Path) -> bool:
    try:
        if target.exists() and source.exists():
            return target.samefile(source)
        return target.resolve() == source.resolve()
    except (OSError, RuntimeError):  # links that go in a circle: whoever reads the source is told
        return target.absolute() == source.absolute()
