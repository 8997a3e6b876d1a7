"""The documents make a site: its links lead somewhere, and it asks nobody else for anything."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from documentation.site import follow
from easeml_action.cli import app
from tests.documents.commands import ROOT


def build(site: Path, *, config: Path = ROOT / "mkdocs.yml") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--config-file", config, "--site-dir", site],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_document_is_a_page(site: Path) -> None:
    documents = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert documents < {path.name for path in site.iterdir() if (path / "index.html").exists()}


def test_the_reference_has_every_input_output_and_command(site: Path) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    headings = re.findall(r'<h3 id="([^"]+)"', (site / "reference/action/index.html").read_text())
    assert headings == [*action["inputs"], *action["outputs"]]

    commands = (site / "reference/commands/index.html").read_text()
    names = [each.name or each.callback.__name__ for each in app.registered_commands]
    for name in names:
        assert f'id="easeml-{name.replace("_", "-")}"' in commands


def test_every_error_has_the_anchor_that_it_names(site: Path) -> None:
    anchors = set(re.findall(r'id="([^"]+)"', (site / "errors/index.html").read_text()))
    codes = set(re.findall(r"^### (\S+)$", (ROOT / "docs/errors.md").read_text(), re.MULTILINE))
    assert len(codes) > 100
    assert codes <= anchors


def test_a_page_loads_nothing_from_elsewhere(site: Path) -> None:
    loaded = re.compile(r'<(?:script|img|link)\b(?![^>]*canonical)[^>]+(?:src|href)="([^"]+)"')
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        found = loaded.findall(page.read_text())
        assert found
        assert [each for each in found if re.match(r"(\w+:)?//", each)] == [], page


@pytest.mark.parametrize("link", ["nowhere.md", "errors.md#no-such-error"])
def test_a_link_that_leads_nowhere_ends_the_build(link: str, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# Start\n\n[a link]({link})\n")
    (tmp_path / "docs" / "errors.md").write_text("# Errors\n")
    ours = (ROOT / "mkdocs.yml").read_text().partition("\nnav:")[0].replace("hooks:", "#")
    (tmp_path / "mkdocs.yml").write_text(ours)

    done = build(tmp_path / "site", config=tmp_path / "mkdocs.yml")
    assert done.returncode != 0
    assert link.partition("#")[0] in done.stderr


@pytest.mark.parametrize(
    ("link", "place", "leads_to"),
    [
        ("docs/setup.md", "index.md", "setup.md"),
        ("README.md", "security.md", "index.md"),
        ("../examples/README.md", "setup.md", "examples/index.md"),
        ("forks.yml", "examples/index.md", "forks.md"),
        ("../docs/threat-model.md", "examples/index.md", "../threat-model.md"),
        ("errors.md", "ledger.md", "errors.md"),
        ("nowhere.md", "ledger.md", "nowhere.md"),
        (
            "../tests/README.md",
            "architecture.md",
            "https://github.com/easeml/ci-action/blob/main/tests/README.md",
        ),
    ],
)
def test_a_link_leads_to_a_page_of_the_site_or_to_the_repository(
    link: str, place: str, leads_to: str
) -> None:
    assert follow(link, place) == leads_to
