"""Commands that speak Swedish: help, errors of usage, and every expected trouble as one line. Nothing of what they do."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
STAD = "BLANKETT_STAD"
FEL, OBRUKBART = 1, 2


class Obrukbart(click.ClickException):
    """Something that could not be done: one Swedish line on stderr and exit status 2."""

    exit_code = OBRUKBART

    def show(self, file: Any = None) -> None:
        """Print the sentence alone."""
        click.echo(self.message, err=True)


class Hjalp(click.HelpFormatter):
    """Help with Swedish headings."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The line that says how the command is written."""
        super().write_usage(prog, args, "Användning: ")

    def write_heading(self, heading: str) -> None:
        """A heading over options or commands."""
        super().write_heading({"Options": "Val", "Commands": "Kommandon"}.get(heading, heading))


class Sammanhang(click.Context):
    """A context that writes its help in Swedish."""

    formatter_class = Hjalp


class Kommando(click.Command):
    """A command whose help is Swedish."""

    context_class = Sammanhang

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **{"options_metavar": "[VAL]", **more})

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option --help."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "Visa den här hjälpen."
        return option


class Val(click.Option):
    """An option whose help says only what we wrote; usage errors say what is required."""

    def get_help_extra(self, ctx: click.Context) -> Any:
        """Nothing beside the help text."""
        return {}


class Svensk(Kommando, click.Group):
    """A group whose own usage errors are one Swedish line too."""

    command_class = Kommando

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """The named command; an unknown one is answered with the nearest that there is."""
        if args and self.get_command(ctx, args[0]) is None:
            from blankettset.templates.schema import nearest

            known = self.list_commands(ctx)
            raise Obrukbart(
                f"Kommandot »{args[0]}» finns inte{nearest(args[0], known) or '.'} Det finns {', '.join(known)}."
            )
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run and exit; errors of usage and interruption are put into words."""
        gc.set_threshold(100_000)  # a short life among records without cycles: collecting often only costs time
        _prepare_process()
        words = list(map(str, args[0] if args and args[0] is not None else extra.pop("args", None) or sys.argv[1:]))
        try:
            run: Any = super().main
            with _city(words) as rest:
                result = run(rest, *args[1:], standalone_mode=False, **extra)
        except click.exceptions.Abort:
            click.echo("Avbrutet. Inget har skrivits.", err=True)
            result = OBRUKBART
        except click.UsageError as error:
            click.echo(_usage(error), err=True)
            result = OBRUKBART
        except click.ClickException as error:
            error.show()
            result = error.exit_code
        except BrokenPipeError:
            sys.stderr.close()
            result = 0
        except Exception as error:
            result = self._unforeseen(error, words)
        code = result if isinstance(result, int) else 0
        if standalone_mode:
            sys.exit(code)
        return code

    def _unforeseen(self, error: Exception, args: list[str]) -> int:
        """Say in one line that it is our fault, and where the report lies. Of what was written only known names are kept."""
        from blankettset.addin.check.unexpected import STATUS, written

        command = next((each for each in map(str, args) if each in self.commands), "")
        known = {name for each in self.commands.values() for option in each.params for name in option.opts}
        options = [name for each in args if (name := str(each).partition("=")[0]).startswith("-") and name in known]
        click.echo(
            written(error, door="kommandoraden", command=command or "blankett", options=options).sentence, err=True
        )
        return STATUS


@contextlib.contextmanager
def _city(words: list[str]) -> Iterator[list[str]]:
    """The words without --stad MAPP, wherever it stands; the folder holds for as long as the command runs, and its children."""
    rest, folder, following = [], "", iter(words)
    for word in following:
        name, equals, value = word.partition("=")
        if name != "--stad":
            rest.append(word)
            continue
        folder = value if equals else next(following, "")
        if not folder:
            raise Obrukbart("Efter --stad ska stadens mapp stå.")
    before = os.environ.get(STAD)
    if folder:
        os.environ[STAD] = folder
    try:
        yield rest
    finally:
        if folder:
            os.environ.pop(STAD)
            if before is not None:
                os.environ[STAD] = before


def _prepare_process() -> None:
    """Output in UTF-8 whatever the console's code page is, and a request to end cleans up as Ctrl+C does."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _usage(error: click.UsageError) -> str:
    command = error.ctx.command_path if error.ctx else "blankett"
    hint = f" Se »{command} --help»."
    if isinstance(error, click.MissingParameter) and error.param is not None:
        name = error.param.opts[-1] if error.param.param_type_name == "option" else error.param.human_readable_name
        return f"Uppgiften {name} saknas.{hint}"
    if isinstance(error, click.NoSuchOption):
        return f"Valet {error.option_name} finns inte.{hint}"
    if isinstance(error, click.BadParameter) and error.param is not None and isinstance(error.param.type, click.Choice):
        accepted = " eller ".join(str(choice) for choice in error.param.type.choices)
        return f"Värdet för {error.param.opts[-1]} ska vara {accepted}.{hint}"
    if isinstance(error, click.BadParameter) and error.param is not None:
        return f"Värdet för {error.param.human_readable_name} går inte att använda.{hint}"
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return str(error.ctx.get_help() if error.ctx else "")
    return f"Det går inte att förstå vad som ska göras.{hint}"


def guarded(function: F) -> F:
    """Turn every expected trouble into one Swedish line and status 2."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        from blankettset.templates.errors import Refusal, reason

        try:
            return function(*args, **kwargs)
        except Refusal as error:
            raise Obrukbart(str(error)) from None
        except BrokenPipeError:
            raise
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            raise Obrukbart(f"Det går inte att läsa eller skriva filen{where}: {reason(error)}.") from None

    return run  # type: ignore[return-value]


PATH = click.Path(path_type=Path)
replace_option = click.option("--ersatt", is_flag=True, help="Ersätt filen om den redan finns.")
json_option = click.option("--json", "as_json", is_flag=True, help="Skriv resultatet som JSON.")
