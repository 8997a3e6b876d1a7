"""``easeml init``: from a model to a gate, without and with somebody to ask."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest
import yaml
from pydantic import SecretStr

from easeml_action.config import Config
from easeml_action.testset import open_vault
from tests.integration.cli.conftest import Easeml, table
from tests.integration.cli.setup.conftest import TERMS


def files(easeml: Easeml) -> dict[str, bytes]:
    """Everything in the work tree, and the keys beside it."""
    return {
        str(path): path.read_bytes()
        for folder in (easeml.directory, easeml.home / ".easeml")
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


def test_one_command_sets_a_gate_up(newcomer) -> None:
    result = newcomer("init", newcomer.home / "test.csv", *TERMS, "--json").json()
    assert result["written"] == [
        ".easeml/public.asc",
        "data_test/test.csv.gpg",
        "data_test/test.sample.csv",
        ".easeml.yml",
        ".github/workflows/easeml.yml",
    ]
    assert (result["rows"], result["rows_required"]) == (390, 22)
    config = Config.load((newcomer.directory / ".easeml.yml").read_bytes())
    assert (str(config.condition), config.steps, config.label) == ("n > 0.5 +/- 0.2", 2, "label")
    private = newcomer.home / ".easeml/project.private.asc"
    assert result["commands"] == [
        f"gh secret set EASEML_PRIVATE_KEY < {private}",
        "git add .easeml.yml .easeml/public.asc .github/workflows/easeml.yml "
        "data_test/test.csv.gpg data_test/test.sample.csv",
        "git commit -m 'Judge models on a secret test set'",
        "git push -u origin HEAD",
    ]
    with open_vault(SecretStr(private.read_text()), None) as vault:
        secret = vault.decrypt((newcomer.directory / "data_test/test.csv.gpg").read_bytes())
    sample = (newcomer.directory / "data_test/test.sample.csv").read_text()
    assert sorted(secret.decode().splitlines()[1:] + sample.splitlines()[1:]) == sorted(
        table(400).splitlines()[1:]
    )


def test_in_a_folder_of_the_repository_the_gate_is_at_its_root_and_the_commands_work(
    newcomer,
) -> None:
    inside = newcomer.within("notebooks and more")
    result = inside("init", inside.home / "test.csv", *TERMS, "--json").json()
    assert all((newcomer.directory / name).is_file() for name in result["written"])
    for command in result["commands"]:
        if command.startswith("git") and "push" not in command:
            inside.type(command)
    changed = newcomer.git("show", "--format=", "--name-only").splitlines()
    assert sorted(changed) == sorted(result["written"])
    assert newcomer.git("status", "--porcelain") == ""


def test_the_commands_that_come_next_are_the_result(newcomer) -> None:
    done = newcomer("--quiet", "init", newcomer.home / "test.csv", *TERMS)
    private = newcomer.home / ".easeml/project.private.asc"
    store, add, commit, push = done.stdout.splitlines()
    assert store == f"  gh secret set EASEML_PRIVATE_KEY < {private}"
    assert [line.split()[1] for line in (add, commit, push)] == ["add", "commit", "push"]
    assert "git add" not in done.stderr


def test_a_branch_that_origin_has_is_pushed_without_its_name(newcomer, tmp_path) -> None:
    newcomer.git("init", "-q", "--bare", str(tmp_path / "origin.git"))
    newcomer.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    newcomer.git("push", "-q", "-u", "origin", "main")

    result = newcomer("init", newcomer.home / "test.csv", *TERMS, "--json").json()

    assert result["commands"][-1] == "git push"


def test_what_is_committed_holds_neither_the_key_nor_the_rows(newcomer) -> None:
    (newcomer.directory / "test.csv").write_text(table(400))
    newcomer("init", "test.csv", *TERMS)
    newcomer.git("add", "--all")
    newcomer.git("commit", "-q", "-m", "Add the gate")
    committed = newcomer.git("ls-tree", "-r", "--name-only", "HEAD").splitlines()
    assert ".gitignore" in committed
    assert "test.csv" not in committed
    assert "PRIVATE KEY" not in newcomer.git("grep", "-I", "-h", "KEY BLOCK", "HEAD")
    check = newcomer("init")
    assert (check.code, "Everything is there" in check.stderr) == (0, True), check.stderr


def test_a_second_run_changes_nothing(newcomer) -> None:
    first = newcomer("init", newcomer.home / "test.csv", *TERMS)
    assert first.code == 0, first.stderr
    before = files(newcomer)
    for arguments in ((), (newcomer.home / "test.csv", *TERMS)):
        again = newcomer("init", *arguments, "--json").json()
        assert (again["written"], again["commands"]) == ([], [])
    assert files(newcomer) == before


def test_a_second_run_adds_only_what_is_missing(newcomer) -> None:
    newcomer("init", newcomer.home / "test.csv", *TERMS)
    before = files(newcomer)
    (newcomer.directory / ".easeml/public.asc").unlink()
    (newcomer.directory / ".github/workflows/easeml.yml").unlink()
    again = newcomer("init", "--json").json()
    assert again["written"] == [".easeml/public.asc", ".github/workflows/easeml.yml"]
    assert files(newcomer) == before


def test_a_test_set_that_is_encrypted_already_is_taken_as_it_is(newcomer) -> None:
    newcomer("keygen")
    newcomer("encrypt", newcomer.home / "test.csv", "--label", "label")
    before = (newcomer.directory / "data_test/test.csv.gpg").read_bytes()
    result = newcomer("init", *TERMS, "--json").json()
    assert result["written"] == [".easeml.yml", ".github/workflows/easeml.yml"]
    assert (newcomer.directory / "data_test/test.csv.gpg").read_bytes() == before


def test_options_that_contradict_the_configuration_are_wrong_use(newcomer) -> None:
    newcomer("init", newcomer.home / "test.csv", *TERMS)
    assert newcomer("init", "--mode", "fp").code == 2
    done = newcomer("init", "--steps", "3")
    assert done.code == 2
    assert ".easeml.yml is there, and says steps: 2." in done.stderr


def test_without_a_terminal_the_missing_options_are_named_in_one_line(newcomer) -> None:
    done = newcomer("init")
    assert done.code == 2
    sentence, more = done.stderr.splitlines()
    assert "A new gate needs TEST_SET, --label, --condition." in sentence
    assert more.endswith("#wrong-use")
    assert [path.name for path in newcomer.directory.iterdir() if path.name != ".git"] == [
        "evaluate_model.py"
    ]


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("--test-set", "/tmp/test.csv.gpg", 2),
        ("--test-set", "../test.csv.gpg", 2),
        ("--script", "/bin/true", 2),
        ("--steps", "0", 2),
        ("--mode", "fp", 2),
        ("--condition", "n > 2 +/- 0.1", 2),
        ("--condition", "n > 0.8", 2),
        ("--format", "xls", 2),
        # As for `easeml plan`: each value can be, and together they come to nothing.
        ("--condition", "n > 0.9 +/- 0.1", 1),
    ],
)
def test_an_option_that_cannot_be_used_is_told_before_anything_is_read(
    newcomer, option: str, value: str, code: int
) -> None:
    done = newcomer("init", newcomer.home / "test.csv", *TERMS, option, value)
    assert done.code == code, done.stderr
    assert "Traceback" not in done.stderr
    assert not (newcomer.home / ".easeml").exists()


def test_outside_of_a_repository_it_says_how_to_make_one(easeml) -> None:
    done = easeml("init")
    assert (done.code, "git init" in done.stderr) == (2, True)


def test_too_few_rows_are_refused_with_what_would_fit(newcomer) -> None:
    condition = "n > 0.8 +/- 0.01"
    data = newcomer.home / "test.csv"
    done = newcomer("init", data, "--label", "label", "--condition", condition)
    assert done.code == 1
    assert "the data has 390 beside the sample" in done.stderr
    offered = re.search(r"Use (.+?), or ", done.stderr)
    assert offered is not None
    assert [path.name for path in newcomer.directory.iterdir() if path.name != ".git"] == [
        "evaluate_model.py"
    ]
    options = shlex.split(offered[1])
    assert "--condition" in options
    taken = newcomer("init", data, "--label", "label", *options, "--json").json()
    assert taken["rows_required"] <= taken["rows"]


def test_rows_for_several_periods_are_shared_out_by_saying_so(newcomer) -> None:
    data = newcomer.home / "test.csv"
    too_many = newcomer("init", data, *TERMS, "--periods", "20")
    told = newcomer("init", data, *TERMS, "--periods", "auto")
    assert (too_many.code, "A period, one of 20, has 19 rows" in too_many.stderr) == (1, True)
    assert "The rows serve 17 periods, one after the other, of 2 commits each." in told.stderr
    assert Config.load((newcomer.directory / ".easeml.yml").read_bytes()).periods == "auto"


def test_who_has_rows_for_several_periods_is_told(newcomer) -> None:
    done = newcomer("init", newcomer.home / "test.csv", *TERMS)
    assert "With --periods auto they would serve 17 periods" in done.stderr
    assert "put `periods: auto` into .easeml.yml before you commit" in done.stderr


def test_a_model_can_have_a_dockerfile_from_the_start(newcomer) -> None:
    newcomer("init", newcomer.home / "test.csv", *TERMS, "--dockerfile", "docker/Dockerfile")
    config = Config.load((newcomer.directory / ".easeml.yml").read_bytes())
    assert config.dockerfile == "docker/Dockerfile"


def test_rows_that_were_committed_are_refused_before_anything_is_written(newcomer) -> None:
    (newcomer.directory / "old.csv").write_text(table(400))
    newcomer.git("add", "old.csv")
    newcomer.git("commit", "-q", "-m", "Add rows")
    newcomer.git("rm", "-q", "old.csv")
    newcomer.git("commit", "-q", "-m", "Take them away")
    done = newcomer("init", newcomer.home / "test.csv", *TERMS)
    assert (done.code, "are in the repository already" in done.stderr) == (1, True)
    assert not (newcomer.home / ".easeml").exists()
    assert not (newcomer.directory / ".easeml.yml").exists()


def test_a_repository_with_a_private_key_in_it_is_refused(newcomer) -> None:
    outside = newcomer.home / "key.asc"
    newcomer("keygen", "--private-key", outside)
    (newcomer.directory / "key.asc").write_text(outside.read_text())
    newcomer.git("add", "key.asc")
    done = newcomer("init", newcomer.home / "test.csv", *TERMS)
    assert (done.code, "A private key is in the repository (key.asc)" in done.stderr) == (1, True)


def test_a_private_key_that_is_no_pair_with_the_public_one_is_refused(newcomer) -> None:
    newcomer("keygen", "--private-key", newcomer.home / "a.asc")
    newcomer(
        "keygen", "--private-key", newcomer.home / "b.asc", "--public-key", newcomer.home / "b.pub"
    )
    data = newcomer.home / "test.csv"
    done = newcomer("init", data, *TERMS, "--private-key", newcomer.home / "b.asc")
    assert (done.code, "does not belong to" in done.stderr) == (1, True)
    inside = newcomer("init", data, *TERMS, "--private-key", "b.asc")
    assert (inside.code, "inside the git work tree" in inside.stderr) == (2, True)


def test_verdicts_that_are_mailed_get_a_mail_server(newcomer) -> None:
    hidden = ("--adaptivity", "none -> me@example.com")
    result = newcomer("init", newcomer.home / "test.csv", *TERMS, *hidden, "--json").json()
    workflow = yaml.safe_load((newcomer.directory / ".github/workflows/easeml.yml").read_text())
    given = workflow["jobs"]["gate"]["steps"][-1]["with"]
    assert given["smtp-url"] == "${{ secrets.EASEML_SMTP_URL }}"
    assert result["commands"][1] == "gh secret set EASEML_SMTP_URL"
    (newcomer.directory / ".easeml/public.asc").unlink()
    assert "smtps://USER:PASSWORD@HOST" in newcomer("init").stderr


def test_the_key_is_stored_where_a_workflow_that_is_there_looks_for_it(newcomer) -> None:
    example = Path(__file__).parents[4] / "examples/forks.yml"
    path = newcomer.directory / ".github/workflows/easeml.yml"
    path.parent.mkdir(parents=True)
    path.write_text(example.read_text())
    options = (*TERMS, "--adaptivity", "none -> me@example.com")
    environment = {"EASEML_PASSPHRASE": "correct horse battery"}
    done = newcomer("init", newcomer.home / "test.csv", *options, **environment)
    assert path.read_text() == example.read_text()
    assert "Store it as a secret of the environment easeml" in done.stderr
    shown = [line.strip() for line in done.stdout.splitlines() if "gh secret" in line]
    private = newcomer.home / ".easeml/project.private.asc"
    assert shown == [
        f"gh secret set EASEML_PRIVATE_KEY --env easeml < {private}",
        "gh secret set EASEML_PASSPHRASE --env easeml",
        "gh secret set EASEML_SMTP_URL --env easeml",
    ]


def test_the_workflow_is_one_that_github_takes(newcomer) -> None:
    phrase = "correct horse battery"
    newcomer(
        "init",
        newcomer.home / "test.csv",
        *TERMS,
        "--action",
        "me/mine@v1",
        "--adaptivity",
        "none -> me@example.com",
        EASEML_PASSPHRASE=phrase,
    )
    path = newcomer.directory / ".github/workflows/easeml.yml"
    assert path.read_text().endswith("}}\n")
    workflow = yaml.safe_load(path.read_text())
    step = workflow["jobs"]["gate"]["steps"][-1]
    assert step["uses"] == "me/mine@v1"
    assert step["with"] == {
        "private-key": "${{ secrets.EASEML_PRIVATE_KEY }}",
        "passphrase": "${{ secrets.EASEML_PASSPHRASE }}",
        "smtp-url": "${{ secrets.EASEML_SMTP_URL }}",
    }
    checked = ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)]
    subprocess.run([sys.executable, "-m", "check_jsonschema", *checked[1:]], check=True)
    assert phrase not in path.read_text()


@pytest.fixture
def typing(newcomer) -> Iterator[Callable[..., pexpect.spawn]]:
    """``easeml init`` on a terminal of its own."""
    started: list[pexpect.spawn] = []

    def start(*arguments: str) -> pexpect.spawn:
        child = pexpect.spawn(
            sys.executable,
            ["-m", "easeml_action", "init", *arguments],
            cwd=str(newcomer.directory),
            env=newcomer.environment | {"TERM": "xterm", "NO_COLOR": "1"},
            encoding="utf-8",
            timeout=300,
            echo=False,
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.close(force=True)


def answer(child: pexpect.spawn, *pairs: tuple[str, str]) -> None:
    for question, text in pairs:
        child.expect_exact(question)
        child.sendline(text)


def test_on_a_terminal_it_asks_and_a_wrong_answer_is_asked_again(newcomer, typing) -> None:
    child = typing()
    answer(
        child,
        ("Where is the plain test set", "~/missing.csv"),
        ("cannot be read", ""),
        ("Where is the plain test set", "~/test.csv"),
        ("Which column is the label", "labels"),
        ("label", ""),
        ("Condition:", "n >> 0.5"),
        ("Condition:", "n > 0.5 +/- 0.2"),
        ("Which mistake", ""),
        ("What do developers see", ""),
        ("How many commits", "many"),
        ("How many commits", "[2"),
        ("How many commits", "2"),
        ("How sure", "0.9"),
        ("Which program", ""),
        ("takes 22 rows", ""),
    )
    answer(child, ("Passphrase of the new key", ""))
    child.expect_exact("git push")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    config = Config.load((newcomer.directory / ".easeml.yml").read_bytes())
    assert (config.steps, config.reliability, config.mode) == (2, 0.9, "fp-free")


def test_on_a_terminal_the_nearest_condition_that_fits_is_offered(newcomer, typing) -> None:
    child = typing(
        "--label", "label", "--condition", "n > 0.5 +/- 0.01", str(newcomer.home / "test.csv")
    )
    for question in ("Which mistake", "developers see", "How many", "How sure", "Which program"):
        answer(child, (question, ""))
    child.expect_exact("the test set has 390")
    child.expect_exact("where n is 0.52 (0.5 + 2 x 0.01) or more")
    child.expect(r"1\. --condition '(n > 0\.5 \+/- 0\.\d+)': for models whose n is 0\.\d+ \(")
    condition = child.match[1]
    answer(child, ("Which", "7"), ("is none of them", ""), ("Which", "1"), ("Go on?", "y"))
    answer(child, ("Passphrase", ""))
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    config = Config.load((newcomer.directory / ".easeml.yml").read_bytes())
    assert str(config.condition) == condition
    assert config.plan().rows <= 390


def test_a_no_writes_nothing(newcomer, typing) -> None:
    before = files(newcomer)
    child = typing(str(newcomer.home / "test.csv"), *TERMS, "--mode", "fp-free")
    for question in ("developers see", "Which program"):
        answer(child, (question, ""))
    answer(child, ("Go on?", "n"))
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert files(newcomer) == before
