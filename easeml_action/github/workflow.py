"""What the action says to the runner: workflow commands, masks, outputs and the job summary.

Commands travel on the standard output, one line each; outputs and the summary travel in files.
"""

import base64
import binascii
import re
import secrets
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from easeml_action.errors import GateError

# A mask blots its text out of the whole log. A shorter piece of a secret (the check sum of an
# armored key, a stray last line) would blot out ordinary words and is of no use to a thief.
MIN_MASKED_PIECE = 6

# A model's log is shown up to this many characters: its first and its last part.
MAX_UNTRUSTED_CHARACTERS = 64 * 1024

# GitHub drops a step's summary that is larger.
MAX_SUMMARY_BYTES = 1024 * 1024
_SUMMARY_CUT = "\n\n*The rest of this summary is left out: it is too long for GitHub.*\n"

_ESCAPE_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\n\x07\x1b]*(?:\x1b\\|\x07|$)|[ -/]*[0-~])", re.MULTILINE
)
_OUTPUT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class RunnerFileUnwritable(GateError):
    """A file by which the runner takes outputs or the summary cannot be written."""

    def __init__(self, variable: str, cause: str) -> None:
        super().__init__(
            f"The file named by {variable} cannot be written: {cause}.",
            "Check the runner's disk and the rights on its temporary directory.",
        )


class Workflow:
    """The runner's ear: everything that the action says in a job goes through here.

    Implements :class:`easeml_action.progress.Progress`.

    Parameters
    ----------
    stdout
        Where workflow commands go.
    environ
        The runner's variables; GITHUB_OUTPUT and GITHUB_STEP_SUMMARY are read.
    clock
        Seconds that never go back.
    """

    def __init__(
        self,
        stdout: TextIO,
        environ: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stdout = stdout
        self._environ = environ
        self._clock = clock
        self._in_group = False

    def mask(self, secret: SecretStr) -> None:
        """Hide a secret wherever the log would show it.

        That is: itself, its lines, its base64 form (or what it is the base64 form of), and the
        password in it where it is a URL. Of its pieces only those of at least six signs.
        """
        for piece in _pieces(secret.get_secret_value()):
            self._command("add-mask", piece)

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Fold everything said inside under one title; the last line is the time it took.

        GitHub folds one level: a group inside a group shows its title as a line.
        """
        outermost, start = not self._in_group, self._clock()
        if outermost:
            self._command("group", _clean_line(title))
        else:
            self.say(title)
        self._in_group = True
        try:
            yield
        finally:
            self.say(f"{_clean_line(title)}: {self._clock() - start:.1f} s")
            if outermost:
                self._in_group = False
                self._command("endgroup", "")

    def say(self, line: str) -> None:
        """Show a line of our own; nothing in it acts as a command."""
        for part in clean_text(line).split("\n"):
            self._write(_disarm(part))

    def show_untrusted(self, text: str) -> None:
        """Show text written by a model with the runner deaf to commands, up to a bound."""
        token = secrets.token_hex(16)
        self._command("stop-commands", token)
        for line in clean_text(_bounded(text)).rstrip("\n").split("\n"):
            self._write(_disarm(line))
        self._write(f"::{token}::")

    def notice(self, message: str, *, title: str = "") -> None:
        """Annotate the run with something worth knowing."""
        self._annotate("notice", message, title)

    def warning(self, message: str, *, title: str = "") -> None:
        """Annotate the run with something that may be wrong."""
        self._annotate("warning", message, title)

    def error(self, message: str, *, title: str = "") -> None:
        """Annotate the run with what made it fail."""
        self._annotate("error", message, title)

    def set_output(self, name: str, value: str) -> None:
        """Hand one output to the steps that follow.

        Raises
        ------
        RunnerFileUnwritable
            The runner's file cannot be appended to.
        """
        if not _OUTPUT_NAME.fullmatch(name):
            raise ValueError(f"name: not the name of an output: {name!r}")
        if "\n" in value or "\r" in value:
            # Nobody can guess the delimiter, so no value can end early and add an output.
            delimiter = f"easeml_{secrets.token_hex(16)}"
            self._append("GITHUB_OUTPUT", f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
        else:
            self._append("GITHUB_OUTPUT", f"{name}={value}\n")

    def set_outputs(self, values: Mapping[str, str]) -> None:
        """Hand several outputs to the steps that follow."""
        for name, value in values.items():
            self.set_output(name, value)

    def add_summary(self, markdown: str) -> None:
        """Add Markdown to the job's page, cut to what GitHub takes.

        Raises
        ------
        RunnerFileUnwritable
            The runner's file cannot be appended to.
        """
        path = self._environ.get("GITHUB_STEP_SUMMARY", "")
        try:
            used = Path(path).stat().st_size if path else 0
        except OSError:
            used = 0
        room = max(0, MAX_SUMMARY_BYTES - used)
        data = _utf8(markdown if markdown.endswith("\n") else markdown + "\n")
        if len(data) > room:
            cut = _utf8(_SUMMARY_CUT)
            kept = data[: max(0, room - len(cut))].decode("utf-8", "ignore").encode()
            data = kept + cut if room >= len(cut) else b""
        self._append("GITHUB_STEP_SUMMARY", data.decode())

    def _annotate(self, command: str, message: str, title: str) -> None:
        text = clean_text(message).strip()
        self._command(command, text, **({"title": _clean_line(title)} if title else {}))

    def _command(self, name: str, data: str, **properties: str) -> None:
        listed = ",".join(f"{key}={escape_property(value)}" for key, value in properties.items())
        self._write(f"::{name}{' ' if listed else ''}{listed}::{escape_data(data)}")

    def _write(self, line: str) -> None:
        self._stdout.write(line + "\n")
        self._stdout.flush()

    def _append(self, variable: str, text: str) -> None:
        path = self._environ.get(variable, "")
        if not path:
            self.say(f"{variable} is not set: the runner takes nothing here.")
            return
        try:
            with Path(path).open("ab") as file:
                file.write(_utf8(text))
        except OSError as error:
            raise RunnerFileUnwritable(variable, error.strerror or "it is no file") from None


def escape_data(text: str) -> str:
    """Escape what follows the second ``::`` of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """Escape the value of a workflow command's property."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def clean_text(text: str) -> str:
    """Take out what a terminal or a log page would act on; tabs and line ends stay.

    That is: escape sequences, control characters (also the ones that turn the direction of
    writing) and surrogates.
    """
    text = _ESCAPE_SEQUENCE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\u2028", "\n").replace("\u2029", "\n")
    return "".join(
        character
        for character in text
        if character in "\t\n" or unicodedata.category(character) not in {"Cc", "Cf", "Cs"}
    )


def _clean_line(text: str) -> str:
    return " ".join(clean_text(text).split())


def _disarm(line: str) -> str:
    """Take the meaning out of a line that the runner or its log page would read as a command."""
    line = line.replace("##[", "##\u200b[")
    return "\u200b" + line if line.lstrip().startswith("::") else line


def _bounded(text: str) -> str:
    left_out = len(text) - MAX_UNTRUSTED_CHARACTERS
    if left_out <= 0:
        return text
    half = MAX_UNTRUSTED_CHARACTERS // 2
    return f"{text[:half]}\n[{left_out:,} characters left out]\n{text[-half:]}"


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _pieces(secret: str) -> list[str]:
    """List what must not show of a secret, the longest first."""
    whole = secret.strip()
    if not whole:
        return []
    forms = [secret, whole, base64.b64encode(secret.encode()).decode()]
    forms += [base64.b64encode(whole.encode()).decode(), "".join(whole.split())]
    forms += _passwords(whole)
    decoded = _decode_base64(whole)
    if decoded:
        forms += [decoded, decoded.strip()]
    lines = [line.strip() for form in forms for line in form.splitlines()]
    long_enough = {line for line in lines if len(line) >= MIN_MASKED_PIECE}
    # A secret of one line is masked whatever its length, as the runner itself does.
    if "\n" not in whole:
        long_enough.add(whole)
    return sorted(long_enough, key=lambda piece: (-len(piece), piece))


def _passwords(text: str) -> list[str]:
    """Return the password inside a secret that is a URL, as it is written and as it is sent."""
    try:
        password = urlsplit(text).password
    except ValueError:
        return []
    return [password, unquote(password)] if password else []


def _decode_base64(text: str) -> str:
    """Return the text inside a secret that is stored as base64, or an empty one."""
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
