"""The program ``easeml``: one typer application, and what ends it."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from easeml_action import __version__
from easeml_action.cli.errors import WrongUse
from easeml_action.cli.terminal import leave_out_notes
from easeml_action.errors import GateError

app = typer.Typer(
    name="easeml",
    help="Judge models on a secret test set, with a statistical guarantee.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # they would show local variables, and secrets among them
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"easeml {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet",
            "-q",
            help="Results and errors only: no notes on the way.",
            callback=leave_out_notes,
        ),
    ] = False,
) -> None:
    """Judge models on a secret test set, with a statistical guarantee."""


def order_commands(modules: Sequence[str]) -> None:
    """Let the help show the commands in the order of their modules."""
    app.registered_commands.sort(
        key=lambda command: modules.index(getattr(command.callback, "__module__", ""))
    )


def main() -> int:
    """Run ``easeml`` and return its exit code.

    0: done. 1: a problem with a remedy, or a verdict that is no pass. 2: wrong use. 130: it was
    interrupted.
    """
    try:
        return app(prog_name="easeml", standalone_mode=False) or 0
    except GateError as error:
        print(f"easeml: {error.told}", file=sys.stderr)
        return 2 if isinstance(error, WrongUse) else 1
    except typer.TyperException as error:
        said = error.format_message().rstrip(".")
        if said:  # without arguments the help was shown, and nothing is left to say
            context = getattr(error, "ctx", None)
            command = context.command_path if context else "easeml"
            problem = said if said.endswith("?") else f"{said}."  # Did you mean ...?
            wrong = WrongUse(problem, f"See `{command} --help`.")
            print(f"easeml: {wrong.told}", file=sys.stderr)
        return error.exit_code
    except typer.Abort:
        return 130
