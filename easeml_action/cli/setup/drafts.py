"""Files as they are going to be: shown before they are written, and never written over."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from easeml_action.cli.files import read_file, replace


@dataclass(frozen=True)
class Draft:
    """A text file of the repository.

    Parameters
    ----------
    root
        The work tree.
    name
        The path in it.
    content
        What it is to hold; None takes it away.
    """

    root: Path
    name: str
    content: str | None

    @property
    def path(self) -> Path:
        """Where it is written."""
        return self.root / self.name

    @property
    def before(self) -> str | None:
        """What is there now; None for nothing."""
        return read_file(self.path).decode(errors="replace") if self.path.exists() else None

    def diff(self) -> str:
        """Return what writing it changes, as a patch shows it."""
        before = self.before
        lines = difflib.unified_diff(
            (before or "").splitlines(keepends=True),
            (self.content or "").splitlines(keepends=True),
            "/dev/null" if before is None else f"a/{self.name}",
            "/dev/null" if self.content is None else f"b/{self.name}",
        )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)

    def write(self) -> None:
        """Write it, whole, or take it away."""
        if self.content is None:
            self.path.unlink(missing_ok=True)
        else:
            replace(self.path, self.content.encode())


def ignoring(root: Path, path: Path) -> Draft:
    """Return the ``.gitignore`` that also leaves out a file of the work tree."""
    draft = Draft(root, ".gitignore", "")
    before = draft.before or ""
    ends = before if not before or before.endswith("\n") else f"{before}\n"
    name = (path.parent.resolve() / path.name).relative_to(root).as_posix()
    escaped = re.sub(r"([\\*?\[ ])", r"\\\1", name)
    return Draft(
        root, draft.name, f"{ends}# the plain test set, which no commit may hold\n/{escaped}\n"
    )
