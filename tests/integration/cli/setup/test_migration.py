"""``easeml init --from-easeml-ci``: a repository of the paper's own implementation."""

import base64
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from easeml_action.config import Config
from easeml_action.testset import open_vault
from tests.integration.cli.conftest import Easeml

CONFIG = """\
ml:
- script : ./evaluate_model.py
- condition : n - o > 0.1 +/- 0.1
- reliability: 0.99
- mode : fp-free
- adaptivity : full
- steps : 32
- data_mode : local
- email: owner@example.com
"""
SCRIPT = """\
#!/usr/bin/env python
import sys
from libs.easeml import eval_accuracy

rows = [line.rstrip("\\n").split("\\t") for line in open(sys.argv[2] + sys.argv[1])]
eval_accuracy([row[4] for row in rows], ["others" for row in rows], None)
"""
WORKFLOW = """\
name: Easeml/CI
on: [push]
jobs:
  easeml_ci:
    runs-on: ubuntu-latest
    steps:
      - run: easeml_cicd_runner ${GITHUB_ACTOR}
"""
KEY_REQUEST = """\
Key-Type: RSA
Key-Length: 2048
Name-Email: ci@ease.ml
Passphrase: easemlrocks
%commit
"""
LABELS = ("others", "happy", "angry", "sad")


def rows(count: int, first: int = 0) -> str:
    """Tab-separated rows without a header, the label last."""
    lines = [
        f"{n}\tso {n}\tand {n % 7}\tthen\t{LABELS[n % 4]}" for n in range(first, first + count)
    ]
    return "\n".join(lines) + "\n"


class Keys:
    """A pair as the older key script makes it, and the gpg that made it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.run("--gen-key", stdin=KEY_REQUEST.encode())
        self.public = self.run("--armor", "--export")
        loopback = ("--pinentry-mode", "loopback", "--passphrase", "easemlrocks")
        self.private = self.run(*loopback, "--armor", "--export-secret-keys")

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        options = ["--homedir", str(self.home), "--batch", "--quiet", "--trust-model", "always"]
        return subprocess.run(
            ["gpg", *options, *arguments],
            input=stdin,
            capture_output=True,
            check=True,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        ).stdout

    def encrypt(self, text: str) -> bytes:
        return self.run("--armor", "--recipient", "ci@ease.ml", "--encrypt", stdin=text.encode())


@pytest.fixture(scope="module")
def keys() -> Iterator[Keys]:
    home = Path(tempfile.mkdtemp(prefix="keys-", dir="/tmp"))
    yield Keys(home)
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "gpg-agent"], check=True)
    while home.exists():  # the agent removes its sockets while we do
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def older(easeml, keys) -> Easeml:
    """A repository of the older implementation, with its key script's files beside it."""
    files = {
        ".easeml.yml": CONFIG,
        "evaluate_model.py": SCRIPT,
        ".github/workflows/easemlci.yml": WORKFLOW,
        "requirements.txt": "",
    }
    for name, text in files.items():
        (easeml.directory / name).parent.mkdir(parents=True, exist_ok=True)
        (easeml.directory / name).write_text(text)
    (easeml.directory / "data_test").mkdir()
    (easeml.directory / "data_test/test.txt.enc").write_bytes(keys.encrypt(rows(4_800)))
    (easeml.home / "easeml_sec.asc").write_bytes(keys.public + keys.private)
    easeml.git("init", "-q", "-b", "master")
    easeml.git("add", ".")
    easeml.git("commit", "-q", "-m", "Judge models with ease.ml/ci")
    return easeml


def migrate(easeml: Easeml, *arguments: str | Path):
    key = ("--private-key", easeml.home / "easeml_sec.asc")
    return easeml("init", *arguments, "--from-easeml-ci", *key)


def test_what_would_be_written_is_shown_and_nothing_is(older) -> None:
    done = migrate(older, "--label", "5")
    assert (done.code, "Nothing is written yet. Add --yes" in done.stderr) == (2, True)
    for line in ("+- label: 5", "+- test_set: data_test/test.txt.enc", "+name: easeml"):
        assert line in done.stderr
    assert "-      - run: easeml_cicd_runner" in done.stderr
    assert "-- script" not in done.stderr
    assert older.git("status", "--porcelain") == ""


def test_verdicts_that_were_mailed_go_on_being_mailed(older) -> None:
    path = older.directory / ".easeml.yml"
    path.write_text(path.read_text().replace("adaptivity : full", "adaptivity : none"))
    result = migrate(older, "--label", "5", "--yes", "--json").json()
    assert "gh secret set EASEML_SMTP_URL" in result["commands"]
    workflow = (older.directory / ".github/workflows/easeml.yml").read_text()
    assert "smtp-url: ${{ secrets.EASEML_SMTP_URL }}" in workflow


def test_a_repository_becomes_a_gate_and_is_told_what_its_script_must_change(older, keys) -> None:
    result = migrate(older, "--label", "5", "--yes", "--json").json()
    assert result["written"] == [
        ".easeml.yml",
        ".easeml/public.asc",
        ".github/workflows/easeml.yml",
        "data_test/test.txt.enc",
        "data_test/test.sample.txt",
    ]
    assert result["removed"] == [".github/workflows/easemlci.yml"]
    assert (result["rows"], result["rows_required"] <= 4_790) == (4_790, True)
    config = Config.load((older.directory / ".easeml.yml").read_bytes())
    assert (config.label, config.steps, config.email) == (5, 32, "owner@example.com")
    assert (older.directory / ".easeml.yml").read_text().startswith(CONFIG)
    workflow = yaml.safe_load((older.directory / ".github/workflows/easeml.yml").read_text())
    assert workflow["jobs"]["gate"]["steps"][-1]["with"] == {
        "private-key": "${{ secrets.B64_EASEML_PRIV }}",
        "passphrase": "${{ secrets.EASEML_PASSPHRASE }}",
    }
    said = "\n".join(result["script"])
    assert "evaluate_model.py FEATURES PREDICTIONS" in said
    assert "evaluate_model.py:3: from libs.easeml import eval_accuracy" in said
    assert "without column 5" in said
    assert not (older.directory / ".github/workflows/easemlci.yml").exists()

    # The secrets that the repository has open what was written.
    stored = SecretStr(base64.b64encode(keys.public + keys.private).decode())
    with open_vault(stored, SecretStr("easemlrocks")) as vault:
        secret = vault.decrypt((older.directory / "data_test/test.txt.enc").read_bytes()).decode()
    sample = (older.directory / "data_test/test.sample.txt").read_text()
    assert sorted((secret + sample).splitlines()) == sorted(rows(4_800).splitlines())

    # With a script that keeps the new contract, the gate is whole.
    (older.directory / "evaluate_model.py").write_text(
        "import sys\n"
        "with open(sys.argv[1]) as rows, open(sys.argv[2], 'w') as predictions:\n"
        "    for row in rows:\n"
        "        print(['others', 'happy', 'angry', 'sad'][int(row.split()[0]) % 4], "
        "file=predictions)\n"
    )
    tried = older("try", "--worktree", "--json").json()
    assert (tried["rows"], tried["right"]) == (10, 10)
    again = migrate(older, "--label", "5", "--yes")
    assert (again.code, "names a test_set" in again.stderr) == (1, True)


def test_the_label_has_to_be_said(older) -> None:
    done = migrate(older, "--yes")
    assert (done.code, "Which of the 5 columns is the label" in done.stderr) == (2, True)
    named = migrate(older, "--yes", "--label", "label")
    assert (named.code, "is no position" in named.stderr) == (2, True)


def test_rows_that_were_judged_on_are_not_taken_over_in_silence(older) -> None:
    (older.directory / "run_statistics.json").write_text('{"current": 3, "acc": "85.4"}')
    refused = migrate(older, "--label", "5", "--yes")
    assert (refused.code, "3 of them" in refused.stderr) == (1, True)
    assert "--accept-used-rows" in refused.stderr
    old = older.home / "old.txt"
    old.write_text(rows(5_000, first=4_000))
    shared = migrate(older, old, "--label", "5", "--yes")
    assert (shared.code, "rows are also in the old test set" in shared.stderr) == (
        1,
        True,
    )
    new = older.home / "new.txt"
    new.write_text(rows(5_000, first=9_000))
    taken = migrate(older, new, "--label", "5", "--yes", "--json").json()
    assert taken["rows"] == 4_990
    assert older.git("status", "--porcelain", "run_statistics.json").startswith("??")


def test_used_rows_can_be_kept_by_saying_so(older) -> None:
    (older.directory / "run_statistics.json").write_text('{"current": 1}')
    result = migrate(older, "--label", "5", "--yes", "--accept-used-rows", "--json").json()
    assert result["rows"] == 4_790


def test_rows_that_the_older_implementation_released_are_refused(older) -> None:
    (older.directory / "data_test/test.txt.used").write_text(rows(20))
    done = migrate(older, "--label", "5", "--yes")
    assert (done.code, "rows are also in data_test/test.txt.used" in done.stderr) == (1, True)


def test_other_repositories_are_told_to_use_init_alone(newcomer) -> None:
    done = newcomer("init", "--from-easeml-ci")
    assert (done.code, "Set a gate up with `easeml init` alone." in done.stderr) == (1, True)


def test_without_the_private_key_it_says_where_it_looked(older) -> None:
    done = older("init", "--from-easeml-ci", "--label", "5", "--yes")
    assert (done.code, ".easeml/keys/easeml_priv.asc" in done.stderr) == (2, True)
    place = older.home / ".easeml/keys/easeml_priv.asc"
    place.parent.mkdir(parents=True)
    place.write_bytes((older.home / "easeml_sec.asc").read_bytes())
    assert older("init", "--from-easeml-ci", "--label", "5", "--yes").code == 0
