"""What a room needs to show its long steps, whoever shows them (a workflow log, a terminal)."""

from contextlib import AbstractContextManager
from typing import Protocol


class Progress(Protocol):
    """Shows what is going on. Nothing said here may depend on a secret row or a label."""

    def group(self, title: str) -> AbstractContextManager[None]:
        """Show everything said inside under one title, with the time it took."""

    def say(self, line: str) -> None:
        """Show one line of our own."""

    def show_untrusted(self, text: str) -> None:
        """Show text written by a model, so that nothing in it can act as a command."""
