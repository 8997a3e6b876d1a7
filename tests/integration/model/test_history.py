import subprocess
from pathlib import Path

import pytest

from easeml_action.git import CommitMissing, Git
from easeml_action.model import Scope, accepted_before, read_model
from easeml_action.model.history import HistoryCut

from .conftest import SCRIPT, Repository

WHOLE = Scope(SCRIPT)


def digest_of(repository: Repository, commit: str, scope: Scope = WHOLE) -> str:
    return read_model(repository.git, commit, scope).digest


def test_the_newest_accepted_model_is_found(repository: Repository) -> None:
    commits = [repository.commit({SCRIPT: f"{number}"}) for number in range(100)]
    accepted = [digest_of(repository, commits[number]) for number in (3, 40)]
    assert accepted_before(repository.git, "main", accepted, WHOLE) == commits[40]


def test_without_an_accepted_model_there_is_none(repository: Repository) -> None:
    repository.commit({SCRIPT: "1"})
    assert accepted_before(repository.git, "main", [], WHOLE) is None
    assert accepted_before(repository.git, "main", ["0" * 64], WHOLE) is None


def test_the_new_model_itself_is_passed_over(repository: Repository) -> None:
    old = repository.commit({SCRIPT: "old"})
    repository.commit({SCRIPT: "new"})
    new = repository.commit({SCRIPT: "new"})
    accepted = [digest_of(repository, old), digest_of(repository, new)]
    assert accepted_before(repository.git, new, accepted, WHOLE) == new
    assert accepted_before(repository.git, new, accepted, WHOLE, besides=accepted[1]) == old
    assert accepted_before(repository.git, new, accepted[1:], WHOLE, besides=accepted[1]) is None


def test_a_squash_merge_is_recognized_by_its_files(repository: Repository) -> None:
    repository.commit({SCRIPT: "base"})
    repository.run("checkout", "--quiet", "-b", "topic")
    repository.commit({SCRIPT: "half"})
    head = repository.commit({SCRIPT: "done"})
    repository.run("checkout", "--quiet", "main")
    squashed = repository.commit({SCRIPT: "done"})
    repository.commit({SCRIPT: "later"})
    found = accepted_before(repository.git, "main", [digest_of(repository, head)], WHOLE)
    assert found == squashed != head


def test_a_merged_branch_cannot_bring_a_weaker_model_back(repository: Repository) -> None:
    weak = repository.commit({SCRIPT: "weak"})
    strong = repository.commit({SCRIPT: "strong"})
    accepted = [digest_of(repository, commit) for commit in (weak, strong)]
    repository.run("checkout", "--quiet", "-b", "topic", weak)
    repository.commit({})
    repository.commit({"README.md": "words"})
    repository.run("checkout", "--quiet", "main")
    repository.run("merge", "--quiet", "--no-edit", "topic")
    assert accepted_before(repository.git, "main", accepted, WHOLE) == strong


def test_a_merge_is_recognized_by_its_own_files(repository: Repository) -> None:
    repository.commit({SCRIPT: "base"})
    repository.run("checkout", "--quiet", "-b", "topic")
    passed = repository.commit({SCRIPT: "passed"})
    repository.run("checkout", "--quiet", "main")
    repository.run("merge", "--quiet", "--no-ff", "--no-edit", "topic")
    merged = repository.run("rev-parse", "main")
    found = accepted_before(repository.git, "main", [digest_of(repository, passed)], WHOLE)
    assert found == merged != passed


def test_commits_that_leave_the_model_alone_carry_it(repository: Repository) -> None:
    scope = Scope(SCRIPT, paths=("models",))
    old = repository.commit({SCRIPT: "1", "models/a": "x"})
    readme = repository.commit({"README.md": "words"})
    repository.commit({"models/a": "y"})
    found = accepted_before(repository.git, "main", [digest_of(repository, old, scope)], scope)
    assert found == readme


def test_a_history_from_before_the_model_is_no_trouble(repository: Repository) -> None:
    repository.commit({})
    repository.commit({"README.md": "words"})
    commit = repository.commit({SCRIPT: "1"})
    assert accepted_before(repository.git, "main", ["0" * 64], Scope(SCRIPT, ("models",))) is None
    accepted = [digest_of(repository, commit)]
    assert accepted_before(repository.git, "main", accepted, WHOLE) == commit


def test_an_unrelated_history_has_none(repository: Repository) -> None:
    accepted = [digest_of(repository, repository.commit({SCRIPT: "1"}))]
    repository.run("checkout", "--quiet", "--orphan", "elsewhere")
    repository.commit({SCRIPT: "2"})
    assert accepted_before(repository.git, "elsewhere", accepted, WHOLE) is None


def test_a_thousand_commits_cost_a_handful_of_processes(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = "".join(
        f"commit refs/heads/main\ncommitter D <d@example.com> {1_700_000_000 + number} +0000\n"
        f"data 0\nM 100644 inline {SCRIPT}\ndata {len(str(number))}\n{number}\n"
        f"M 100644 inline lib/deep/{number % 7}.py\ndata {len(str(number))}\n{number}\n"
        for number in range(1000)
    )
    repository.run("fast-import", "--quiet", stdin=stream.encode())
    oldest = repository.run("rev-list", "--max-parents=0", "main")
    accepted = [digest_of(repository, oldest)]
    calls: list[str] = []
    real = Git.run

    def counting(self: Git, *arguments: str, **options: object) -> bytes:
        calls.append(arguments[0])
        return real(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Git, "run", counting)
    assert accepted_before(repository.git, "main", accepted, WHOLE) == oldest
    assert len(calls) < 30


def test_a_tip_that_is_not_here_is_named(repository: Repository) -> None:
    repository.commit({SCRIPT: "1"})
    with pytest.raises(CommitMissing):
        accepted_before(repository.git, "gone", ["0" * 64], WHOLE)


class TestShallowClones:
    @pytest.fixture
    def clone(self, repository: Repository, place: Path) -> Git:
        for number in range(5):
            repository.commit({SCRIPT: f"{number}"})
        source = f"file://{repository.directory}"
        target = place / "clone"
        command = ["git", "clone", "--quiet", "--depth=1", source, target]
        subprocess.run(command, check=True)
        return Git(target)

    def test_the_rest_of_the_history_is_fetched(self, repository: Repository, clone: Git) -> None:
        first = repository.run("rev-list", "--max-parents=0", "main")
        accepted = [digest_of(repository, first)]
        assert accepted_before(clone, "HEAD", accepted, WHOLE) == first

    def test_what_is_found_does_not_depend_on_the_depth(
        self, repository: Repository, clone: Git
    ) -> None:
        accepted = [digest_of(repository, "HEAD"), digest_of(repository, "HEAD~3")]
        assert accepted_before(clone, "HEAD", accepted, WHOLE) == repository.run(
            "rev-parse", "HEAD"
        )
        assert clone.text("rev-list", "--count", "HEAD") == "5"

    def test_without_an_accepted_model_nothing_is_fetched(self, clone: Git) -> None:
        assert accepted_before(clone, "HEAD", [], WHOLE) is None
        assert clone.text("rev-list", "--count", "HEAD") == "1"

    @pytest.mark.parametrize("broken", ["gone", "absent"])
    def test_a_history_that_is_not_to_be_had_is_an_error_not_an_empty_answer(
        self, repository: Repository, clone: Git, broken: str
    ) -> None:
        accepted = [digest_of(repository, "HEAD~3")]
        if broken == "gone":
            repository.directory.rename(repository.directory.with_name("moved"))
        else:
            clone.run("remote", "remove", "origin")
        with pytest.raises(HistoryCut, match="fetch-depth: 0"):
            accepted_before(clone, "HEAD", accepted, WHOLE)

    def test_another_branch_that_is_shallow_does_not_matter(
        self, repository: Repository, clone: Git
    ) -> None:
        repository.run("checkout", "--quiet", "--orphan", "ledger")
        repository.commit({"ledger": "1"})
        repository.commit({"ledger": "2"})
        clone.run("fetch", "--quiet", "--unshallow", "origin", "main")
        clone.run("fetch", "--quiet", "--depth=1", "origin", "ledger")
        assert clone.text("rev-parse", "--is-shallow-repository") == "true"
        repository.directory.rename(repository.directory.with_name("moved"))
        assert accepted_before(clone, "HEAD", ["0" * 64], WHOLE) is None
