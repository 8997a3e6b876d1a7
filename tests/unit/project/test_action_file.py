"""action.yml says what the code does."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from check_jsonschema import main as check_jsonschema

from easeml_action.github.report import VerdictWord
from easeml_action.settings import FailOn, Settings

ROOT = Path(__file__).parents[3]

RUNNER = {
    "GITHUB_API_URL": "https://api.github.com",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_EVENT_PATH": "/github/workflow/event.json",
    "GITHUB_REPOSITORY": "acme/digits",
    "GITHUB_RUN_ID": "1",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_WORKSPACE": "/github/workspace",
}


class Recorded(Mapping[str, str]):
    """An environment that knows what was asked of it."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values_given = values
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.values_given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_given)

    def __len__(self) -> int:
        return len(self.values_given)


@pytest.fixture
def action() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return loaded


def test_it_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--builtin-schema", "vendor.github-actions", str(ROOT / "action.yml")]
    with pytest.raises(SystemExit) as ended:
        check_jsonschema(arguments)

    assert ended.value.code == 0, capsys.readouterr().out


def test_its_inputs_are_those_that_are_read(action: dict[str, Any]) -> None:
    environ = Recorded(RUNNER | {"INPUT_TOKEN": "a token"})
    Settings.from_environ(environ)

    read = {name.removeprefix("INPUT_").lower() for name in environ.asked if "INPUT_" in name}
    assert action["inputs"].keys() == read


def test_its_defaults_are_those_of_the_code(action: dict[str, Any]) -> None:
    given = {f"INPUT_{name.upper()}": item["default"] for name, item in action["inputs"].items()}
    token = {"INPUT_TOKEN": given["INPUT_TOKEN"]}

    assert Settings.from_environ(RUNNER | given) == Settings.from_environ(RUNNER | token)


def test_every_input_and_output_is_described(action: dict[str, Any]) -> None:
    items = [*action["inputs"].values(), *action["outputs"].values()]
    assert all(item["description"].strip() for item in items)


def test_it_names_every_verdict_there_is(action: dict[str, Any]) -> None:
    named = re.findall(r'"([a-z-]+)"', action["outputs"]["verdict"]["description"])

    assert sorted(named) == sorted(get_args(VerdictWord))


def test_it_names_every_way_to_fail(action: dict[str, Any]) -> None:
    named = re.findall(r'"([a-z-]+)"', action["inputs"]["fail-on"]["description"])

    assert sorted(named) == sorted(get_args(FailOn))


def test_it_starts_the_dockerfile_of_this_repository(action: dict[str, Any]) -> None:
    assert action["runs"] == {"using": "docker", "image": "Dockerfile"}
    assert (ROOT / action["runs"]["image"]).is_file()
