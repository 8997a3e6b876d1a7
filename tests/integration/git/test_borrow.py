import subprocess
from pathlib import Path

import pytest

from easeml_action.demo.repository import TeamRepository
from easeml_action.git import CommitMissing, Git, NoCheckout, borrow


@pytest.fixture
def team(tmp_path: Path) -> TeamRepository:
    team = TeamRepository(tmp_path / "team", "octo/model")
    for number in range(4):
        team.push(f"Commit {number}", {"number": str(number).encode()})
    return team


def clone(team: TeamRepository, workspace: Path, *options: str) -> Git:
    subprocess.run(
        ["git", "clone", "--quiet", *options, team.origin.as_uri(), workspace], check=True
    )
    return Git(workspace)


def everything_in(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def test_a_borrowed_repository_reads_what_the_checkout_has(
    team: TeamRepository, tmp_path: Path
) -> None:
    own = borrow(clone(team, tmp_path / "workspace"), tmp_path / "own")

    assert own.read(team.tip, "number") == b"3"
    assert own.text("rev-list", "--count", team.tip) == "4"


def test_what_is_fetched_into_it_leaves_the_checkout_as_it_was(
    team: TeamRepository, tmp_path: Path
) -> None:
    workspace = tmp_path / "workspace"
    checkout = clone(team, workspace, "--depth=1")
    team.push("A commit that the checkout lacks", {"number": b"new"})
    before = everything_in(workspace)

    own = borrow(checkout, tmp_path / "own")
    own.ensure_commit(team.tip)
    own.run("fetch", "--unshallow", "origin")

    assert own.read(team.tip, "number") == b"new"
    assert own.text("rev-list", "--count", team.tip) == "5"
    assert everything_in(workspace) == before


def test_a_commit_that_origin_does_not_have_is_missing(
    team: TeamRepository, tmp_path: Path
) -> None:
    own = borrow(clone(team, tmp_path / "workspace"), tmp_path / "own")

    with pytest.raises(CommitMissing, match="fetch-depth: 0"):
        own.ensure_commit("ab" * 20)


def test_a_workspace_without_a_repository_asks_for_a_checkout(tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()

    with pytest.raises(NoCheckout, match="actions/checkout"):
        borrow(Git(tmp_path / "workspace"), tmp_path / "own")


def test_a_linked_work_tree_lends_its_repository(team: TeamRepository, tmp_path: Path) -> None:
    checkout = clone(team, tmp_path / "workspace")
    checkout.run("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))

    own = borrow(Git(tmp_path / "linked"), tmp_path / "own")

    assert own.read(team.tip, "number") == b"3"
    assert own.text("remote", "get-url", "origin") == team.origin.as_uri()
