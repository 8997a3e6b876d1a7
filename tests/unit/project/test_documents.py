"""What the documents say is what the code does."""

import math
import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from scipy.stats import binom
from typer.main import get_group

from easeml_action import __version__
from easeml_action.cli import app
from easeml_action.cli.setup.texts import CHECKOUT, workflow_draft
from easeml_action.condition import parse
from easeml_action.config import Config
from easeml_action.measured import MeasuredClause, MeasuredStep, MeasuredTestSet
from tests.terms import terms

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text()
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
PAGES = [
    *map(Path, ("README.md", "SECURITY.md", "examples/README.md")),
    *(path.relative_to(ROOT) for path in sorted(ROOT.glob("docs/*.md"))),
]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())


def table(text: str, first_column: str) -> dict[str, list[str]]:
    """Return the cells of a Markdown table by the name in the first one."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {first_column} |"))
    rows = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        rows[name.strip("`")] = [cell.strip("`") for cell in cells]
    return rows


def yaml_blocks(text: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)


def test_the_readme_lists_the_inputs_with_their_defaults() -> None:
    listed = {name: cells[0] for name, cells in table(README, "input").items()}
    assert listed == {name: each.get("default") or "" for name, each in ACTION["inputs"].items()}


def test_the_readme_lists_the_outputs() -> None:
    assert list(table(README, "output")) == list(ACTION["outputs"])


def test_the_configuration_page_lists_every_key() -> None:
    assert set(table(CONFIGURATION, "key")) == set(Config.model_fields)


def test_the_configuration_page_gives_the_defaults() -> None:
    listed = table(CONFIGURATION, "key")
    assert listed["time_limit"][0] == str(Config.model_fields["time_limit"].default)
    assert listed["method"][0] == Config.model_fields["method"].default


def test_the_configuration_in_the_readme_can_be_used() -> None:
    [block] = [block for block in yaml_blocks(README) if block.startswith("ml:")]
    config = Config.load(block.encode())
    assert config.plan().rows > 0
    assert config.require_test_set() == "data_test/test.csv.gpg"


def test_the_readme_says_how_many_rows_its_conditions_take() -> None:
    [block] = [block for block in yaml_blocks(README) if block.startswith("ml:")]
    config = Config.load(block.encode())
    stated = re.search(
        r"Here ([\d,]+) rows, of which ([\d,]+) need labels; `(n > [^`]+)` takes ([\d,]+)\.", README
    )
    assert stated is not None
    plan = config.plan()
    other = config.model_copy(update={"condition": parse(stated[3])}).plan()
    rows = [int(number.replace(",", "")) for number in stated.group(1, 2, 4)]
    assert rows == [plan.rows, plan.labels, other.rows]


def test_the_example_of_the_statistics_is_true() -> None:
    page = " ".join((ROOT / "docs" / "statistics.md").read_text().split())
    plan = terms("n > 0.8 +/- 0.05").plan()
    one = terms("n > 0.8 +/- 0.05", steps=1).plan()

    def by_luck(right: int, accuracy: float = 0.8) -> float:
        return float(binom.sf(right - 1, plan.rows, accuracy))

    least = next(each for each in range(plan.rows) if math.log(by_luck(each)) <= plan.ln_alpha)
    assert f"takes {plan.rows:,} rows." in page
    assert f"passes that is right on {least:,} of them or more" in page
    assert f"a test set for one commit has {one.rows:,} rows" in page
    assert f"in 1 of {math.floor(1 / by_luck(2_600) / 1e3) * 1_000:,} test sets" in page
    assert f"in 1 of {math.floor(1 / by_luck(least) / 1e10) * 10**10:,} test sets" in page
    assert plan.evaluations > 4e9
    assert math.exp(-plan.ln_alpha) > 4e12
    assert by_luck(2_480) > 0.8
    assert 0.4 < by_luck(least, 0.85) < 0.6
    assert by_luck(least, 0.9) > 1 - 1e-9


def test_the_workflow_in_the_readme_gives_the_permissions_that_are_needed() -> None:
    [block] = [block for block in yaml_blocks(README) if "\nname: easeml\n" in block]
    workflow = yaml.safe_load(block)
    job = workflow["jobs"]["gate"]
    assert workflow["permissions"] == {}
    assert job["permissions"] == {"contents": "write", "statuses": "write", "issues": "write"}
    assert set(job["steps"][-1]["with"]) <= set(ACTION["inputs"])


def test_the_workflow_in_the_readme_is_the_one_that_init_writes() -> None:
    [block] = [block for block in yaml_blocks(README) if "\nname: easeml\n" in block]
    assert block == workflow_draft(ROOT, "main").content


def test_the_checkout_that_init_writes_is_pinned_as_our_own_is() -> None:
    own = (ROOT / ".github/workflows/tests.yml").read_text()
    assert f"uses: {CHECKOUT}\n" in own


def test_the_command_lines_page_lists_every_command_in_the_order_of_the_help() -> None:
    text = (ROOT / "docs/command-line.md").read_text()
    assert list(table(text, "command")) == list(get_group(app).commands)
    assert list(table(text, "code")) == ["0", "1", "2", "130"]


def shell_lines(text: str) -> list[list[str]]:
    """Return the words of the lines that run easeml."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]
    return [words for words in lines if words[:1] == ["easeml"]]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_command_in_the_documents_has_the_options_that_it_is_given(page: Path) -> None:
    commands = get_group(app).commands
    for _, name, *arguments in shell_lines((ROOT / page).read_text()):
        known = {option for each in commands[name].params for option in each.opts}
        options = {each for each in arguments if each.startswith("-")}
        assert options <= known | {"--help"}, (name, options - known)


def test_the_hook_in_the_documents_is_the_one_that_there_is() -> None:
    [block] = yaml_blocks((ROOT / "docs/setup.md").read_text())
    [repository] = yaml.safe_load(block)["repos"]
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in repository["hooks"]] == [hook["id"] for hook in hooks]
    assert repository["rev"] == f"v{__version__}"


def test_the_readme_names_every_make_target_that_a_newcomer_needs() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`?make ([a-z]+)", README))
    assert {"demo", "test"} <= named <= targets


@pytest.mark.parametrize("shape", [MeasuredTestSet, MeasuredStep, MeasuredClause])
def test_the_page_on_reveal_names_everything_in_its_json(shape: type) -> None:
    page = (ROOT / "docs" / "reveal.md").read_text()
    programs = page.partition("## For programs")[2]
    assert [each.name for each in fields(shape) if f"`{each.name}`" not in programs] == []


def test_the_changelog_names_every_command() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    missing = [name for name in get_group(app).commands if f"`{name}`" not in changelog]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    text = (ROOT / page).read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


def test_the_threat_model_names_tests_and_modules_that_there_are() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text()
    sources = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    tests = set(re.findall(r"`(test_\w+)`", text))
    modules = set(re.findall(r"`([a-z_/]+(?:\.py|/))`", text))
    assert len(tests) > 20
    assert [name for name in sorted(tests) if f"def {name}(" not in sources] == []
    places = (ROOT, ROOT / "easeml_action")
    assert [name for name in sorted(modules) if not any((p / name).exists() for p in places)] == []
