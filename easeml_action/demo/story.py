"""The life of a test set: one run of the real action after another, on real commits."""

import importlib.metadata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from easeml_action.demo import digits
from easeml_action.demo.digits import Digits
from easeml_action.demo.github import DEFAULT_REPOSITORY, DEFAULT_TOKEN, GitHubServer
from easeml_action.demo.repository import PullRequest, TeamRepository
from easeml_action.demo.runner import Run, Runner
from easeml_action.disclosure import disclose
from easeml_action.git import Git
from easeml_action.ledger import Branch, Ledger
from easeml_action.measured import MeasuredTestSet
from easeml_action.testset import encrypt_to, generate_key, open_vault

CONDITION = "n - o > 0 +/- 0.07 /\\ d < 0.25 +/- 0.1"
STEPS = 4
SAMPLE_ROWS = 8

_CONFIG = f"""\
ml:
  script: ./evaluate_model.py
  condition: {CONDITION}
  reliability: 0.99
  mode: fp-free
  adaptivity: full
  steps: {STEPS}
  test_set: data_test/test.csv.gpg
  label: label
""".encode()
_PROJECT = Path(__file__).parent / "project"
_BROKEN_SCRIPT = b"#!/usr/bin/env python\nimport a_module_that_nobody_wrote\n"


@dataclass(frozen=True)
class Scene:
    """One run of the action, and what GitHub shows after it.

    Parameters
    ----------
    title
        What the team did.
    expected
        The verdict that the story needs here.
    run
        What the action left behind.
    status
        The commit status: its state and its description.
    issues
        All issues so far: number, state, title.
    comments
        What was said on issues in this scene.
    """

    title: str
    expected: str
    run: Run
    status: tuple[str, str]
    issues: tuple[tuple[int, str, str], ...]
    comments: tuple[str, ...]

    @property
    def went_as_planned(self) -> bool:
        """Whether the verdict is the one that the story needs."""
        return self.run.outputs.get("verdict") == self.expected


class Story:
    """The life of two test sets: a repository, its key holder, and a server that plays GitHub.

    Parameters
    ----------
    folder
        An empty folder that the repository and the caches may fill.
    """

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)  # the user that runs the models must be able to enter the cache
        self._cache = folder / "cache"
        self._training, self._first_rows, self._second_rows = digits.load()
        self._keys = generate_key("Key holder", "key-holder@example.com", None)
        self._team = TeamRepository(folder / "team", DEFAULT_REPOSITORY)
        self._comments_shown = 0

    def play(self) -> Iterator[Scene]:
        """Live through them; every scene is yielded when it is over."""
        with GitHubServer() as server:
            self._server = server
            self._runner = Runner(
                DEFAULT_REPOSITORY,
                self._team.origin.as_uri(),
                server.url,
                {"token": SecretStr(DEFAULT_TOKEN), "private-key": self._keys.private_key},
                self._cache,
            )
            yield from self._scenes()

    def reveal(self) -> MeasuredTestSet:
        """Return what the test set that has retired measured, as the key holder reads it."""
        git = Git(self._team.work)

        def subject_of(commit: str) -> str:
            return git.text("show", "--no-patch", "--format=%s", commit)

        with open_vault(self._keys.private_key, None) as vault:
            history = Ledger(Branch(git), vault.derive("ledger")).read()
            return disclose(history.retired_test_sets[0], vault, subject_of=subject_of)

    def _scenes(self) -> Iterator[Scene]:
        training = self._training
        weak = digits.to_file(digits.nearest_mean(training.first(30)))
        better = digits.to_file(digits.nearest_mean(training))
        worse = digits.to_file(digits.nearest_mean(training.first(60)))
        best = digits.to_file(digits.support_vectors(training, gamma=0.001))
        same = digits.to_file(digits.support_vectors(training, gamma=0.0012))

        self._team.push("A first model", {**self._project(), "model.joblib": weak})
        yield self._opens("Add the gate", self._gate_files(self._first_rows), "active-once-merged")
        yield self._merges(self._last, "unchanged")
        yield self._opens("Train on all images", {"model.joblib": better}, "pass")
        yield self._merges(self._last, "pass")
        yield self._opens("Train on fewer images", {"model.joblib": worse}, "fail")
        yield self._opens("Rewrite the script", {"evaluate_model.py": _BROKEN_SCRIPT}, "error")
        yield self._opens("Use a support vector machine", {"model.joblib": best}, "pass")
        yield self._runs_again(self._last, "pass")
        yield self._merges(self._last, "pass")
        yield self._opens("Tune the kernel", {"model.joblib": same}, "fail")
        yield self._opens("Go back to fewer images", {"model.joblib": weak}, "error")
        yield self._pushes("Replace the test set", self._test_set(self._second_rows), "unchanged")
        yield self._opens("Train on fewer images again", {"model.joblib": worse}, "fail")

    def _opens(self, title: str, files: dict[str, bytes | None], expected: str) -> Scene:
        self._last = self._team.open_pull_request(title, files)
        return self._judge(f"Pull request #{self._last.number}: {title}", self._last, expected)

    def _runs_again(self, pull_request: PullRequest, expected: str) -> Scene:
        title = f"Pull request #{pull_request.number}: run the job again"
        return self._judge(title, pull_request, expected)

    def _merges(self, pull_request: PullRequest, expected: str) -> Scene:
        event = self._team.squash(pull_request)
        title = f"Merge pull request #{pull_request.number} into main (squashed)"
        return self._act(title, "push", event, "refs/heads/main", expected)

    def _pushes(self, title: str, files: dict[str, bytes | None], expected: str) -> Scene:
        event = self._team.push(title, files)
        return self._act(f"Push to main: {title}", "push", event, "refs/heads/main", expected)

    def _judge(self, title: str, pull_request: PullRequest, expected: str) -> Scene:
        event = self._team.pull_request_event(pull_request)
        ref = f"refs/pull/{pull_request.number}/head"
        return self._act(title, "pull_request", event, ref, expected)

    def _act(self, title: str, name: str, event: dict[str, Any], ref: str, expected: str) -> Scene:
        run = self._runner.run(name, event, ref)
        commit = event["after"] if name == "push" else event["pull_request"]["head"]["sha"]
        newest = self._server.statuses(commit)[0]
        comments = [
            comment["body"]
            for issue in self._server.issues
            for comment in self._server.comments(issue["number"])
        ]
        fresh = comments[self._comments_shown :]
        self._comments_shown = len(comments)
        return Scene(
            title,
            expected,
            run,
            (newest["state"], newest["description"]),
            tuple((each["number"], each["state"], each["title"]) for each in self._server.issues),
            tuple(fresh),
        )

    def _project(self) -> dict[str, bytes | None]:
        versions = [
            f"{name}=={importlib.metadata.version(name)}\n"
            for name in ("joblib", "numpy", "scikit-learn")
        ]
        return {
            "evaluate_model.py": (_PROJECT / "evaluate_model.py").read_bytes(),
            "requirements.txt": "".join(versions).encode(),
        }

    def _gate_files(self, rows: Digits) -> dict[str, bytes | None]:
        return {".easeml.yml": _CONFIG, **self._test_set(rows)}

    def _test_set(self, rows: Digits) -> dict[str, bytes | None]:
        # The rows are in a random order, fixed once and for all: every demo goes the same way.
        secret, sample = rows.after(SAMPLE_ROWS), rows.first(SAMPLE_ROWS)
        return {
            "data_test/test.csv.gpg": encrypt_to(self._keys.public_key, secret.to_csv()),
            "data_test/test.sample.csv": sample.to_csv(),
        }
