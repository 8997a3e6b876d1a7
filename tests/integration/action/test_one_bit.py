"""Nothing public depends on the secret rows except pass or fail.

Whole evaluations over models that are right, wrong and broken in different ways. Where the verdict
is the same, every public byte is the same: commit ids, times and what is random apart, and
ciphertexts but for their length.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from easeml_action.demo.github import GitHubServer
from easeml_action.git import Git
from tests.integration.action.stage import (
    MARKER,
    PAIRED,
    SCRIPT,
    Stage,
    model,
)
from tests.openapi import check
from tests.smtp import SmtpServer

Shows = Callable[..., tuple[str, ...]]

# Ids of commits and models, random numbers, hashes over them and the moment: in the ledger only.
# ``mark`` is drawn anew for every run.
_LEDGER_NOISE = {"prev", "hash", "seal", "ledger", "time", "commit", "new", "old", "mark"}
_SPEAKING = "print('::error::{0}'); import os; os.write(2, b'{0} ' * 100_000)"

FAILING = {
    "as good as the old one, with other words": model(50, before="# the same"),
    "bad": model(5),
    "a little better": model(51),
    "much better and too different": model(99),
    "crashes on secret rows": model(99, before="if secret: sys.exit(3)"),
    "is killed on secret rows": model(99, before="if secret: __import__('os').abort()"),
    "predicts too little": model(99, some="[: -1 if secret else None]"),
    "predicts too much": model(99, after="if secret: open(sys.argv[2], 'a').write('1\\n' * 9)"),
    "predicts nothing": model(99, after="if secret: __import__('os').remove(sys.argv[2])"),
    "predicts binary": model(99, after="if secret: open(sys.argv[2], 'wb').write(b'\\0\\xff')"),
    "speaks on secret rows": model(51, before=f"if secret: {_SPEAKING.format(MARKER)}"),
    "sleeps on secret rows": model(51, before="if secret: __import__('time').sleep(1)"),
    "hangs on secret rows": model(99, before="if secret: __import__('time').sleep(999)"),
}
PASSING = {
    "another accuracy": model(82),
    "another disagreement": model(0).replace(
        b"right = number * 37 % 100 < 0", b"right = 5 <= number * 37 % 100 < 80"
    ),
    "some rows lost": model(86, some="[: -3 if secret else None]"),
    "speaks on secret rows": model(84, before=f"if secret: {_SPEAKING.format(MARKER)}"),
    "sleeps on secret rows": model(84, before="if secret: __import__('time').sleep(1)"),
}


@pytest.fixture(scope="module")
def shows(tmp_path_factory: pytest.TempPathFactory, environments: Path) -> Shows:
    """Judge a model in a repository of its own; return the verdict and all that the public sees."""

    # The first run of all builds the environment, and says so.
    warm = tmp_path_factory.mktemp("warm")
    with GitHubServer(check=check) as server:
        first = Stage.build(warm, server, environments)
        first.found()
        first.pull_request({SCRIPT: model(95)})

    @cache
    def judge(script: bytes, **changes: Any) -> tuple[str, ...]:
        folder = tmp_path_factory.mktemp("stage")
        with GitHubServer(check=check) as server, SmtpServer() as mail:
            stage = Stage.build(folder, server, environments)
            terms = {"condition": PAIRED, "max_disagreement": 0.6, "time_limit": 5, "steps": 1}
            stage.found(**{**terms, **changes})
            stage.set_inputs(smtp_url=f"smtp://127.0.0.1:{mail.port}")
            seen = stage.pull_request({SCRIPT: script})
            requests = [(each.method, each.path, each.query, each.body) for each in server.requests]
            branch = Git(stage.team.origin).text("log", "--format=%an %s %b", "easeml-ledger")
            public = (
                seen.verdict,
                str(seen.run.exit_code),
                seen.log,
                seen.run.summary,
                json.dumps(dict(seen.run.outputs)),
                json.dumps(seen.statuses),
                json.dumps(requests),
                json.dumps(server.issues),
                branch,
                "\n".join(json.dumps(_cleaned(line)) for line in stage.ledger),
            )
            first, base = stage.git.text("rev-list", "--reverse", "main").split()
            commits = {seen.commit: "HEAD", base: "BASE", first: "FIRST"}
            return tuple(_neutral(text, commits) for text in public)

    return judge


def _neutral(text: str, commits: Mapping[str, str]) -> str:
    """Take commit ids, marks of the ledger and times out of a text."""
    for commit, name in commits.items():
        text = text.replace(commit, name).replace(commit[:12], name)
    text = re.sub(r"(?<=: )\d+\.\d(?= s$)", "TIME", text, flags=re.MULTILINE)
    # What remembers the ledger is a hash over what is sealed, which chance makes another each time.
    text = re.sub(r"@(\d+):[0-9a-f]{8}\.[0-9a-f]{8}\]", r"@\1:MARK]", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "MOMENT", text)
    return re.sub(r"http://127\.0\.0\.1:\d+", "SERVER", text)


def _cleaned(value: Any) -> Any:
    """Return a record with its ciphertext replaced by its length."""
    if not isinstance(value, dict):
        return value
    return {
        key: len(each) if key == "sealed" else _cleaned(each)
        for key, each in value.items()
        if key not in _LEDGER_NOISE
    }


@pytest.mark.parametrize("way", FAILING)
def test_a_model_that_fails_shows_nothing_of_how(shows: Shows, way: str) -> None:
    expected = shows(model(50, before="# an ordinary one"))
    assert expected[0] == "fail"

    assert shows(FAILING[way]) == expected


@pytest.mark.parametrize("way", PASSING)
def test_a_model_that_passes_shows_nothing_of_how(shows: Shows, way: str) -> None:
    expected = shows(model(85))
    assert expected[0] == "pass"

    assert shows(PASSING[way]) == expected


@pytest.mark.parametrize("way", ["a little better", "crashes on secret rows", "passes"])
def test_a_hidden_verdict_shows_nothing_at_all(shows: Shows, way: str) -> None:
    hidden = {"adaptivity": "none -> key.holder@example.com"}
    expected = shows(model(50, before="# an ordinary one"), **hidden)
    assert expected[0] == "recorded"

    assert shows({**FAILING, "passes": model(85)}[way], **hidden) == expected


def test_pass_and_fail_are_told_apart_by_this_very_comparison(shows: Shows) -> None:
    assert shows(model(85)) != shows(model(50, before="# an ordinary one"))
