"""``easeml check-config``, as a pre-commit hook runs it."""

import json
import shlex
from pathlib import Path

import yaml

from easeml_action.config import json_schema
from tests.integration.cli.conftest import CONFIG

HOOKS = Path(__file__).parents[3] / ".pre-commit-hooks.yaml"


def test_a_configuration_that_can_be_used_shows_the_rows_that_it_takes(easeml) -> None:
    (easeml.directory / ".easeml.yml").write_text(CONFIG)
    shown = easeml("check-config")
    assert (shown.code, shown.stderr) == (0, "")
    assert "n > 0.5 +/- 0.2" in shown.stdout
    [answer] = easeml("check-config", ".easeml.yml", "--json").json()["files"]
    assert answer["rows"] == answer["labels"] > 10


def test_every_file_that_cannot_be_used_is_told_by_its_name(easeml) -> None:
    for name, text in {
        "good.yml": CONFIG,
        "steps.yml": CONFIG.replace("steps: 2", "steps: many"),
        "impossible.yml": CONFIG.replace("0.5", "1.5"),
        "unlabelled.yml": CONFIG.replace("  label: label\n", ""),
    }.items():
        (easeml.directory / name).write_text(text)
    names = ("steps.yml", "good.yml", "impossible.yml", "unlabelled.yml", "missing.yml")
    done = easeml("check-config", *names)
    assert done.code == 1
    problems = [line for line in done.stderr.splitlines() if line.startswith("easeml: ")]
    assert len(problems) == 4
    assert "steps.yml: steps is 'many', not a whole number" in problems[0]
    assert "impossible.yml: " in problems[1]
    assert "unlabelled.yml: The configuration does not say which column" in problems[2]
    assert "missing.yml cannot be read" in problems[3]
    answers = json.loads(easeml("check-config", *names, "--json").stdout)["files"]
    assert [("problem" in each) for each in answers] == [True, False, True, True, True]


def test_the_schema_is_printed_for_editors(easeml) -> None:
    assert easeml("check-config", "--schema").json() == json_schema()


def test_the_hook_is_the_command_and_takes_the_configurations_of_a_repository(easeml) -> None:
    [hook] = yaml.safe_load(HOOKS.read_text())
    (easeml.directory / "sub").mkdir()
    (easeml.directory / "sub/.easeml.yml").write_text(CONFIG)
    program, *arguments = shlex.split(hook["entry"])
    assert program == "easeml"
    assert easeml(*arguments, "sub/.easeml.yml").code == 0
