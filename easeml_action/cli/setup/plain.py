"""A plain test set on its way into a repository that has none yet."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from easeml_action.cli.encryption import Layout, read_plaintext
from easeml_action.cli.errors import WrongUse
from easeml_action.cli.setup.questions import ask, can_ask
from easeml_action.cli.setup.terms import LABEL, Settings

if TYPE_CHECKING:
    from easeml_action.config import Config


@dataclass(frozen=True)
class Plain:
    """Rows that were read, found to be a test set, and split.

    Parameters
    ----------
    path
        Where they were read.
    layout
        How they are read, and where the two files go.
    rows, sample
        The secret rows, and the public ones if there are any.
    count
        How many secret rows there are.
    """

    path: Path
    layout: Layout
    rows: bytes
    sample: bytes | None
    count: int

    def settings(self, root: Path) -> "Settings":
        """Return what a configuration says of them."""
        return {
            "test_set": self.layout.test_set.relative_to(root).as_posix(),
            "label": self.layout.label,
        }


def read_plain(
    data: Path | None,
    settings: "Settings",
    config: "Config | None",
    *,
    root: Path,
    sample_rows: int,
) -> Plain:
    """Read the plain test set; on a terminal, ask for what is not said.

    Raises
    ------
    WrongUse
        It is not named, and nobody can be asked.
    FileExists
        A file would be written over.
    PlaintextTracked, PlaintextInHistory, GateError
        It is no secret, or no test set.
    """
    path, content = _read(data, root)
    named = config.require_test_set() if config else settings.get("test_set")

    def split(label: str | None) -> Plain:
        layout = Layout.of(
            path,
            config,
            root=root,
            output=root / (named or ciphertext_name(path)),
            label=label,
            header=settings.get("header"),
            format=settings.get("format"),
        )
        rows, sample = layout.split(content, sample_rows)
        return Plain(path, layout, rows, sample, layout.parse(rows).rows)

    if config is None and "label" not in settings:
        plain = ask(LABEL.text, split, LABEL.suggestion)
    else:
        plain = split(None if config else str(settings["label"]))
    plain.layout.insist_on_new_files()
    return plain


def ciphertext_name(data: Path | None) -> str:
    """Return where a ciphertext is kept if nothing else is said."""
    return f"data_test/test{data.suffix if data else '.csv'}.gpg"


def _read(data: Path | None, root: Path) -> tuple[Path, bytes]:
    def read(answer: str) -> tuple[Path, bytes]:
        path = Path(answer).expanduser()
        return path, read_plaintext(path, root)

    if data is not None:
        return data, read_plaintext(data, root)
    if not can_ask():
        raise WrongUse(
            "The test set is not here yet, and no plain one is named.",
            "Name its file, as in: easeml init ~/test.csv.",
        )
    return ask("Where is the plain test set (a file that no commit may hold)?", read)
