"""A team's repository: a bare origin, a work tree, pull requests, and the events they cause."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from easeml_action.git import Git, identity

_IDENTITY = identity("A developer", "developer@example.com")
_NO_COMMIT = "0" * 40


@dataclass(frozen=True)
class PullRequest:
    """One open pull request."""

    number: int
    title: str
    branch: str
    head: str


@dataclass
class TeamRepository:
    """What a team has on GitHub, kept in two folders: ``origin.git`` and ``work``.

    Parameters
    ----------
    folder
        An empty folder to build both in.
    name
        ``owner/name``.
    """

    folder: Path
    name: str
    _pull_requests: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.origin = self.folder / "origin.git"
        self.work = self.folder / "work"
        for directory, options in ((self.origin, ["--bare"]), (self.work, [])):
            directory.mkdir(parents=True)
            Git(directory).run("init", "-q", *options, "-b", "main")
        # GitHub hands over any commit by its id; a bare repository has to be told to.
        Git(self.origin).run("config", "uploadpack.allowAnySHA1InWant", "true")
        self._git = Git(self.work)
        self._git.run("remote", "add", "origin", self.origin.as_uri())

    @property
    def tip(self) -> str:
        """The commit that ``main`` stands at."""
        return Git(self.origin).text("rev-parse", "refs/heads/main")

    def push(self, message: str, files: Mapping[str, bytes | None]) -> dict[str, Any]:
        """Commit to ``main`` and push; return the payload of the push event.

        Parameters
        ----------
        files
            Content by path; None removes the file.
        """
        before = self._commit("main", message, files)
        return self._push_event(before)

    def open_pull_request(self, title: str, files: Mapping[str, bytes | None]) -> PullRequest:
        """Push a branch off ``main`` with one commit and open a pull request for it."""
        branch = f"change-{self._pull_requests + 1}"
        self._git.run("checkout", "-q", "-b", branch, "main")
        self._commit(branch, title, files)
        self._git.run("checkout", "-q", "main")
        return self.open_for(branch, title)

    def open_for(self, branch: str, title: str) -> PullRequest:
        """Open a pull request for a branch that somebody has pushed."""
        self._pull_requests += 1
        head = Git(self.origin).text("rev-parse", f"refs/heads/{branch}")
        Git(self.origin).run("update-ref", f"refs/pull/{self._pull_requests}/head", head)
        return PullRequest(self._pull_requests, title, branch, head)

    def squash(self, pull_request: PullRequest) -> dict[str, Any]:
        """Merge a pull request as one new commit; return the payload of the push event."""
        before = self.tip
        self._git.run("pull", "-q", "--ff-only", "origin", "main")
        self._git.run("fetch", "-q", "origin", f"refs/pull/{pull_request.number}/head")
        self._git.run("merge", "-q", "--squash", "FETCH_HEAD")
        self._git.run(
            "commit",
            "-q",
            "-m",
            f"{pull_request.title} (#{pull_request.number})",
            environment=_IDENTITY,
        )
        self._git.run("push", "-q", "origin", "main")
        return self._push_event(before)

    def pull_request_event(self, pull_request: PullRequest) -> dict[str, Any]:
        """Return the payload of the event that a push to the pull request causes."""
        repository = self._repository()
        return {
            "action": "synchronize",
            "number": pull_request.number,
            "pull_request": {
                "number": pull_request.number,
                "head": {
                    "ref": pull_request.branch,
                    "sha": pull_request.head,
                    "repo": repository,
                },
                "base": {"ref": "main", "sha": self.tip, "repo": repository},
            },
            "repository": repository,
        }

    def _commit(self, branch: str, message: str, files: Mapping[str, bytes | None]) -> str:
        for path, content in files.items():
            target = self.work / path
            if content is None:
                target.unlink()
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(0o755 if content.startswith(b"#!") else 0o644)
        self._git.run("add", "--all")
        self._git.run("commit", "-q", "-m", message, environment=_IDENTITY)
        self._git.run("push", "-q", "origin", branch)
        parents = self._git.text("rev-list", "--parents", "-n", "1", "HEAD").split()[1:]
        return parents[0] if parents else _NO_COMMIT

    def _push_event(self, before: str) -> dict[str, Any]:
        return {
            "ref": "refs/heads/main",
            "before": before,
            "after": self.tip,
            "deleted": False,
            "repository": self._repository(),
        }

    def _repository(self) -> dict[str, Any]:
        return {"full_name": self.name, "default_branch": "main"}
