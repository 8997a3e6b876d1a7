"""The project in a repository of its own, for tests that change it or build from a commit."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
DAY = "2026-01-02T03:04:05Z"
AUTHOR = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgSign=false")


def git(repository: Path, *arguments: str) -> str:
    """Run git there, and return what it says."""
    command = ["git", "-C", repository, *AUTHOR, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(repository: Path, message: str) -> None:
    """Commit all there is, always at the same time."""
    git(repository, "add", "--all")
    subprocess.run(
        ["git", "-C", repository, *AUTHOR, "commit", "--quiet", "--message", message],
        env={"PATH": "/usr/bin:/bin", "GIT_AUTHOR_DATE": DAY, "GIT_COMMITTER_DATE": DAY},
        check=True,
    )


def committed_copy(folder: Path) -> Path:
    """Return a repository whose one commit holds the work tree's files as they stand."""
    listed = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():  # one that is deleted but not committed is listed too
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder, "Start")
    return folder
