"""Every command in the documents is run as it stands, in order, by somebody who has nothing yet."""

import filecmp
from pathlib import Path

import pytest

from tests.documents.commands import ROOT, blocks, fenced
from tests.documents.reader import MODEL, TUTORIAL, Reader, log_in

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "examples/*.md", "tests/*.md")
    for path in ROOT.glob(pattern)
)
# What a reader of a page has done before: made a model, and for some pages a gate and a verdict.
BEFORE = {
    "README.md": MODEL,
    "docs/setup.md": MODEL,
    "docs/reveal.md": TUTORIAL,
    "docs/rotation.md": TUTORIAL,
    "docs/tutorial.md": [],
    "examples/README.md": TUTORIAL[:4],
}


@pytest.fixture(scope="module")
def login(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Reader:
    """Return a reader in whose home is what the first of the pages has installed."""
    return log_in(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("programs"), wheels)


@pytest.fixture
def reader(login: Reader) -> Reader:
    login.start_anew()
    return login


@pytest.mark.parametrize("page", BEFORE)
def test_the_commands_of_a_page_do_what_it_says(page: str, reader: Reader) -> None:
    shown = reader.type([block for block in [*BEFORE[page], *blocks(page)] if block.is_run])

    reader.watch(shown, f"the terminal of a reader of {page}")
    if page == "docs/tutorial.md":
        assert shown.count("✅ Pass") == 2  # the second time from the ledger
        assert "1 of 5 (4 left)" in shown
    if page == "examples/README.md":  # at its end the key is in the environment alone
        assert (reader.home / ".gh-environments/easeml/EASEML_PRIVATE_KEY").exists()
        assert not (reader.home / ".gh-secrets/EASEML_PRIVATE_KEY").exists()


def test_what_a_reader_installs_is_this_checkout(reader: Reader) -> None:
    reader.type(TUTORIAL[:1])

    [installed] = reader.home.glob("easeml/lib/python*/site-packages/easeml_action")
    for path in (ROOT / "easeml_action").rglob("*.py"):
        assert filecmp.cmp(path, installed / path.relative_to(ROOT / "easeml_action"), False), path


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_run_or_the_page_says_why_not(page: str) -> None:
    languages = {block.language for block in fenced(page)}
    assert languages.isdisjoint({"bash", "shell", "console", "shell-session", "zsh"})
    found = blocks(page)
    assert all(len(block.why.split()) > 3 for block in found if block.mark)
    if any(block.is_run for block in found):
        assert page in BEFORE
