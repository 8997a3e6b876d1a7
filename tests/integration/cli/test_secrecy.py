"""What was committed once is no secret: plain rows and private keys, found by content."""

import base64

import pytest

from easeml_action.cli.secrecy import (
    PlaintextInHistory,
    PrivateKeyInHistory,
    committed_keys,
    insist_never_committed,
    insist_no_private_key,
)
from easeml_action.git import Git
from tests.integration.cli.conftest import table


@pytest.fixture
def repository(easeml):
    easeml.git("init", "-q", "-b", "main")
    easeml.git("commit", "-q", "--allow-empty", "-m", "Begin")
    return easeml


def commit(easeml, name: str, content: str, message: str = "Add a file") -> str:
    (easeml.directory / name).write_text(content)
    easeml.git("add", name)
    easeml.git("commit", "-q", "-m", message)
    return easeml.git("rev-parse", "--short", "HEAD")


def make_key(easeml, name: str) -> tuple[str, str]:
    private, public = easeml.home / f"{name}.asc", easeml.home / f"{name}.public.asc"
    assert easeml("keygen", "--private-key", private, "--public-key", public).code == 0
    return private.read_text(), public.read_text()


def test_rows_that_were_committed_under_another_name_and_deleted_are_found(repository) -> None:
    rows = table(50)
    added = commit(repository, "old.csv", rows)
    repository.git("rm", "-q", "old.csv")
    repository.git("commit", "-q", "-m", "Forget the rows")
    data = repository.home / "test.csv"
    data.write_text(rows)
    refused = repository("encrypt", data, "--label", "label")
    assert refused.code == 1
    assert "are in the repository already (commit " in refused.stderr
    deleted = repository.git("rev-parse", "--short", "HEAD")
    assert added in refused.stderr or deleted in refused.stderr
    assert not (repository.directory / "data_test").exists()


def test_rows_on_another_branch_and_rows_that_are_only_staged_are_found(repository) -> None:
    git = Git(repository.directory)
    repository.git("checkout", "-q", "-b", "side")
    commit(repository, "side.csv", table(20))
    repository.git("checkout", "-q", "main")
    with pytest.raises(PlaintextInHistory, match="commit"):
        insist_never_committed(git, repository.home / "t.csv", table(20).encode())
    (repository.directory / "staged.csv").write_text(table(30))
    repository.git("add", "staged.csv")
    with pytest.raises(PlaintextInHistory, match=r"staged\.csv"):
        insist_never_committed(git, repository.home / "t.csv", table(30).encode())


def test_rows_that_only_a_merge_brought_in_are_found(repository) -> None:
    git = repository.git
    git("checkout", "-q", "-b", "side")
    commit(repository, "side.txt", "side")
    git("checkout", "-q", "main")
    commit(repository, "main.txt", "main")
    git("merge", "-q", "--no-commit", "side")
    (repository.directory / "rows.csv").write_text(table(20))
    git("add", "rows.csv")
    git("commit", "-q", "-m", "Merge the side")
    git("rm", "-q", "--cached", "rows.csv")
    data = table(20).encode()
    with pytest.raises(PlaintextInHistory, match="commit"):
        insist_never_committed(Git(repository.directory), repository.home / "t.csv", data)


def test_rows_are_found_whatever_git_made_of_their_line_ends(repository) -> None:
    commit(repository, ".gitattributes", "*.csv text\n")
    commit(repository, "rows.csv", table(20))
    data = table(20).replace("\n", "\r\n").encode()
    with pytest.raises(PlaintextInHistory):
        insist_never_committed(Git(repository.directory), repository.home / "t.csv", data)


def test_rows_that_were_never_committed_pass(repository) -> None:
    commit(repository, "rows.csv", table(20))
    insist_never_committed(Git(repository.directory), repository.home / "t.csv", table(21).encode())


def test_rows_that_no_commit_can_reach_any_more_are_no_reason_to_refuse(repository) -> None:
    (repository.directory / "rows.csv").write_text(table(20))
    repository.git("hash-object", "-w", "rows.csv")
    insist_never_committed(Git(repository.directory), repository.home / "t.csv", table(20).encode())


@pytest.mark.parametrize(
    "spelled",
    [
        str,
        lambda key: base64.b64encode(key.encode()).decode(),
        lambda key: f'KEY = """\n{key}"""\n',
    ],
    ids=["armored", "base64", "in a program"],
)
def test_a_private_key_is_found_however_it_was_committed(repository, spelled) -> None:
    private, public = make_key(repository, "own")
    _, other = make_key(repository, "other")
    commit(repository, "notes.txt", spelled(private))
    repository.git("rm", "-q", "notes.txt")
    repository.git("commit", "-q", "-m", "Forget the key")
    git = Git(repository.directory)
    for known in (public, None):
        with pytest.raises(PrivateKeyInHistory, match="commit"):
            insist_no_private_key(git, known)
    insist_no_private_key(git, other)


def test_public_keys_and_texts_that_speak_of_keys_are_no_private_keys(repository) -> None:
    _, public = make_key(repository, "own")
    commit(repository, "public.asc", public)
    commit(repository, "manual.md", "It begins with -----BEGIN PGP PRIVATE KEY BLOCK-----.\n")
    assert list(committed_keys(Git(repository.directory))) == []
    insist_no_private_key(Git(repository.directory), None)
