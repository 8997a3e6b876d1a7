"""Questions on a terminal; where nobody can answer, nothing is asked."""

import sys
from collections.abc import Callable
from typing import TypeVar

import typer

from easeml_action.errors import GateError

T = TypeVar("T")


def can_ask() -> bool:
    """Say whether somebody is there to answer."""
    return sys.stdin.isatty()


def ask(question: str, read: Callable[[str], T], suggestion: str | None = None) -> T:
    """Ask until the answer can be used, and return what it was read as.

    Parameters
    ----------
    question
        Shown before the input, the suggestion in brackets after it.
    read
        Reads an answer; the GateError that it raises is shown, and the question put again.
    suggestion
        The answer that an empty line stands for.
    """

    def checked(answer: str) -> T:
        try:
            return read(answer.strip())
        except GateError as error:
            raise typer.BadParameter(str(error)) from None

    answer: T = typer.prompt(question, default=suggestion, value_proc=checked, err=True)
    return answer


def confirm(question: str) -> bool:
    """Ask for a yes or a no; an empty line is a yes."""
    return typer.confirm(question, default=True, err=True)
