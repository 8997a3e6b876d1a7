import hashlib
import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from easeml_action.git import CommitMissing
from easeml_action.lfs import LargeFileMissing
from easeml_action.model import DockerfileMissing, Scope, read_model
from easeml_action.model.checkout import (
    LinkLeavesCheckout,
    ModelPathMissing,
    ModelTooLarge,
    ScriptMissing,
    ScriptNotExecutable,
)
from easeml_action.model.tree import Entry, ObjectMissing, TooManyFiles, UnreadableTree, UnsafePath

from .conftest import SCRIPT, Repository

WHOLE = Scope(SCRIPT)


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def digest_of(repository: Repository, commit: str, scope: Scope = WHOLE) -> str:
    return read_model(repository.git, commit, scope).digest


def test_the_same_files_have_the_same_digest_whatever_the_commit(repository: Repository) -> None:
    first = repository.commit({SCRIPT: "1", "models/a.bin": b"\0\1"})
    second = repository.commit({SCRIPT: "2"})
    third = repository.commit({SCRIPT: "1"})
    assert len({first, second, third}) == 3
    assert digest_of(repository, first) == digest_of(repository, third)
    assert digest_of(repository, first) != digest_of(repository, second)


@pytest.mark.parametrize(
    "change",
    [
        {"models/a.bin": b"other"},
        {"models/b.bin": b"\0\1"},
        {"requirements.txt": "six"},
        {"pyproject.toml": "[project]"},
        {"uv.lock": ""},
        {SCRIPT: "other"},
    ],
    ids=str,
)
def test_whatever_a_run_can_see_changes_the_digest(
    repository: Repository, change: dict[str, str | bytes]
) -> None:
    scope = Scope(SCRIPT, paths=("models",))
    before = repository.commit({SCRIPT: "1", "models/a.bin": b"\0\1"})
    after = repository.commit(change)
    assert digest_of(repository, before, scope) != digest_of(repository, after, scope)


def test_the_x_bit_changes_the_digest(repository: Repository) -> None:
    before = repository.commit({SCRIPT: "1"})
    after = repository.commit({SCRIPT: "1"}, executable=(SCRIPT,))
    assert digest_of(repository, before) != digest_of(repository, after)


def test_a_dockerfile_changes_the_digest_by_its_content_and_by_its_use(
    repository: Repository,
) -> None:
    scope = Scope(SCRIPT, paths=(SCRIPT,), dockerfile="docker/Dockerfile")
    before = repository.commit({SCRIPT: "1", "docker/Dockerfile": "FROM a", "Dockerfile": "FROM a"})
    after = repository.commit({"docker/Dockerfile": "FROM b"})
    assert digest_of(repository, before, scope) != digest_of(repository, after, scope)
    ways = [Scope(SCRIPT), Scope(SCRIPT, dockerfile="Dockerfile"), Scope(SCRIPT, dockerfile=SCRIPT)]
    assert len({digest_of(repository, after, way) for way in ways}) == len(ways)


@pytest.mark.parametrize("how", ["absent", "a link"])
def test_a_dockerfile_that_is_no_file_is_named(repository: Repository, how: str) -> None:
    links = {"Dockerfile": SCRIPT} if how == "a link" else {}
    commit = repository.commit({SCRIPT: "1"}, links=links)
    with pytest.raises(DockerfileMissing, match="Correct dockerfile in the configuration"):
        read_model(repository.git, commit, Scope(SCRIPT, dockerfile="Dockerfile"))


def test_moving_a_file_changes_the_digest(repository: Repository) -> None:
    before = repository.commit({SCRIPT: "1", "a/b": "x"})
    repository.run("mv", "a", "c")
    after = repository.commit({})
    assert digest_of(repository, before) != digest_of(repository, after)


def test_files_that_are_not_the_model_leave_the_digest_alone(repository: Repository) -> None:
    scope = Scope(SCRIPT, excluded=(".easeml.yml", "data_test/test.csv.gpg", ".github/"))
    before = repository.commit({SCRIPT: "1"})
    after = repository.commit(
        {".easeml.yml": "a", "data_test/test.csv.gpg": "b", ".github/workflows/ci.yml": "c"}
    )
    assert digest_of(repository, before, scope) == digest_of(repository, after, scope)
    assert digest_of(repository, before) != digest_of(repository, after)


def test_the_same_files_have_the_same_digest_however_the_scope_is_written(
    repository: Repository,
) -> None:
    commit = repository.commit({SCRIPT: "1", "models/a": "x", "models/sub/b": "y", "other": "z"})
    spellings = [
        Scope(SCRIPT, paths=("models",)),
        Scope(f"./{SCRIPT}", paths=("./models/",)),
        Scope(SCRIPT, paths=("models/a", "models/sub")),
        Scope(SCRIPT, excluded=("other",)),
    ]
    assert len({digest_of(repository, commit, scope) for scope in spellings}) == 1


def test_a_checkout_holds_exactly_the_files_in_scope(repository: Repository, place: Path) -> None:
    commit = repository.commit(
        {
            SCRIPT: "script",
            "requirements.txt": "",
            "models/deep/er/a.bin": bytes(range(256)),
            "models/empty": b"",
            "data_test/test.csv.gpg": "secret",
            "notes.md": "not the model",
        }
    )
    model = read_model(repository.git, commit, Scope(SCRIPT, ("models",), ("data_test",)))
    model.write_to(repository.git, place / "out")
    assert files_of(place / "out") == {
        SCRIPT: b"script",
        "requirements.txt": b"",
        "models/deep/er/a.bin": bytes(range(256)),
        "models/empty": b"",
    }


def test_modes_are_kept_and_every_user_can_read_whatever_our_umask(
    repository: Repository, place: Path
) -> None:
    commit = repository.commit({SCRIPT: "1", "bin/tool": "2"}, executable=("bin/tool",))
    model = read_model(repository.git, commit, WHOLE)
    old = os.umask(0o077)
    try:
        model.write_to(repository.git, place / "out")
    finally:
        os.umask(old)
    modes = {
        path: stat.S_IMODE((place / "out" / path).stat().st_mode)
        for path in (".", SCRIPT, "bin", "bin/tool")
    }
    assert modes == {".": 0o755, SCRIPT: 0o644, "bin": 0o755, "bin/tool": 0o755}


def test_a_dirty_workspace_on_another_commit_does_not_matter(
    repository: Repository, place: Path
) -> None:
    wanted = repository.commit({SCRIPT: "wanted", "data": "wanted"})
    other = repository.commit({SCRIPT: "other"})
    repository.run("checkout", "--quiet", "--detach", other)
    (repository.directory / SCRIPT).write_text("changed by hand")
    (repository.directory / "data").unlink()
    (repository.directory / "untracked").write_text("left about")
    model = read_model(repository.git, wanted, WHOLE)
    model.write_to(repository.git, place / "out")
    assert files_of(place / "out") == {SCRIPT: b"wanted", "data": b"wanted"}


def test_hooks_filters_and_attributes_do_nothing(repository: Repository, place: Path) -> None:
    trace = place / "trace"
    commit = repository.commit({SCRIPT: "a $Id$ b\n"})
    commit = repository.commit(
        {".gitattributes": "* filter=evil ident text eol=crlf export-subst\n"}
    )
    repository.run("config", "filter.evil.smudge", f"touch {trace}; cat")
    repository.run("config", "filter.evil.process", f"touch {trace}")
    repository.run("config", "filter.evil.required", "true")
    repository.run("config", "core.autocrlf", "true")
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        (repository.directory / ".git/hooks" / hook).write_text(f"#!/bin/sh\ntouch {trace}\n")
        (repository.directory / ".git/hooks" / hook).chmod(0o755)
    read_model(repository.git, commit, WHOLE).write_to(repository.git, place / "out")
    assert (place / "out" / SCRIPT).read_bytes() == b"a $Id$ b\n"
    assert not trace.exists()


def test_replace_refs_cannot_show_other_files_than_the_digest_covers(
    repository: Repository, place: Path
) -> None:
    commit = repository.commit({SCRIPT: "honest"})
    honest = repository.run("rev-parse", f"HEAD:{SCRIPT}")
    repository.run("replace", honest, repository.blob(b"evil!!"))
    read_model(repository.git, commit, WHOLE).write_to(repository.git, place / "out")
    assert (place / "out" / SCRIPT).read_bytes() == b"honest"


def test_submodules_are_left_out_and_named(repository: Repository, place: Path) -> None:
    first = repository.commit({SCRIPT: "1"})
    repository.run("update-index", "--add", "--cacheinfo", f"160000,{first},vendor/library")
    repository.run("commit", "--quiet", "--message", "add a submodule")
    model = read_model(repository.git, "HEAD", WHOLE)
    assert model.submodules == ("vendor/library",)
    assert model.digest == digest_of(repository, first)
    model.write_to(repository.git, place / "out")
    assert files_of(place / "out") == {SCRIPT: b"1"}


def test_links_inside_the_checkout_are_kept(repository: Repository, place: Path) -> None:
    commit = repository.commit(
        {SCRIPT: "1", "models/v2/weights": "w"},
        links={"latest": "models/v2", "models/again": "../latest/weights"},
    )
    read_model(repository.git, commit, WHOLE).write_to(repository.git, place / "out")
    assert (place / "out/latest").is_symlink()
    assert (place / "out/models/again").read_text() == "w"


@pytest.mark.parametrize(
    "links",
    [
        {"out": "/etc/passwd"},
        {"out": "../secret"},
        {"out": "a/../../secret"},
        {"inner": "models", "out": "inner/../../secret"},
        {"deep": "models/v1/v2", "out": "deep/../../../../secret"},
        {"out": "/proc/self/environ"},
    ],
    ids=str,
)
def test_a_link_out_of_the_checkout_is_refused(
    repository: Repository, place: Path, links: dict[str, str]
) -> None:
    commit = repository.commit({SCRIPT: "1", "models/v1/v2/w": "w"}, links=links)
    model = read_model(repository.git, commit, WHOLE)
    with pytest.raises(LinkLeavesCheckout, match="'out'"):
        model.write_to(repository.git, place / "out")


@pytest.mark.parametrize(
    "name",
    [".git", ".GIT", ".Git ", ".git.", "git~1", ".g\u200cit", ".git\ufeff", "..", "a\\b", "a\nb"],
    ids=ascii,
)
@pytest.mark.parametrize("nested", [False, True])
def test_a_name_that_git_would_not_check_out_is_refused(
    repository: Repository, name: str, nested: bool
) -> None:
    blob = repository.blob(b"x")
    evil = repository.tree(("40000", repository.tree(("100644", blob, "config")), name))
    entries = (
        [("40000", evil, "sub")]
        if nested
        else [("40000", repository.tree(("100644", blob, "config")), name)]
    )
    commit = repository.commit_tree(repository.tree(*entries, ("100644", blob, SCRIPT)))
    with pytest.raises(UnsafePath):
        read_model(repository.git, commit, WHOLE)


def test_a_link_and_a_folder_of_the_same_name_cannot_write_elsewhere(
    repository: Repository, place: Path
) -> None:
    target = place / "elsewhere"
    target.mkdir()
    folder = repository.tree(("100644", repository.blob(b"x"), "file"))
    commit = repository.commit_tree(
        repository.tree(
            ("120000", repository.blob(str(target).encode()), "a"),
            ("40000", folder, "a"),
            ("100644", repository.blob(b"1"), SCRIPT),
        )
    )
    with pytest.raises(UnsafePath):
        read_model(repository.git, commit, WHOLE)


def test_no_link_is_made_by_way_of_a_link(repository: Repository, place: Path) -> None:
    """Whatever was read: this is what keeps the gate, which may be root, in its own folder."""
    target = place / "elsewhere"
    target.mkdir()
    link = repository.blob(str(target).encode())
    commit = repository.commit_tree(
        repository.tree(("120000", link, "a"), ("100755", repository.blob(b"1"), SCRIPT))
    )
    model = read_model(repository.git, commit, WHOLE)
    inside = Entry("120000", link, "a/gpgconf")
    with pytest.raises(UnsafePath):
        replace(model, entries=(*model.entries, inside)).write_to(repository.git, place / "out")
    assert not any(target.iterdir())


@pytest.mark.parametrize("kinds", [("100644", "40000"), ("100644", "100644"), ("120000", "120000")])
def test_two_entries_of_the_same_name_are_refused(
    repository: Repository, place: Path, kinds: tuple[str, str]
) -> None:
    blob = repository.blob(b"x")
    folder = repository.tree(("100644", blob, "file"))
    doubles = [(kind, folder if kind == "40000" else blob, "a") for kind in kinds]
    commit = repository.commit_tree(repository.tree(*doubles, ("100644", blob, SCRIPT)))
    with pytest.raises(UnsafePath):
        read_model(repository.git, commit, WHOLE)


@pytest.mark.parametrize("target", [b"", b"a\0b", b"x" * 5000])
def test_a_link_that_no_system_would_make_is_refused(
    repository: Repository, place: Path, target: bytes
) -> None:
    commit = repository.commit_tree(
        repository.tree(
            ("100644", repository.blob(b"1"), SCRIPT), ("120000", repository.blob(target), "out")
        )
    )
    model = read_model(repository.git, commit, WHOLE)
    with pytest.raises(LinkLeavesCheckout):
        model.write_to(repository.git, place / "out")


def test_an_entry_of_an_unknown_kind_is_refused(repository: Repository) -> None:
    blob = repository.blob(b"1")
    commit = repository.commit_tree(
        repository.tree(("100644", blob, SCRIPT), ("20000", blob, "device"))
    )
    with pytest.raises(UnsafePath, match="device"):
        read_model(repository.git, commit, WHOLE)


def test_a_file_that_is_no_file_in_git_is_refused(repository: Repository, place: Path) -> None:
    blob = repository.blob(b"1")
    folder = repository.tree(("100644", blob, "x"))
    commit = repository.commit_tree(
        repository.tree(("100644", blob, SCRIPT), ("100644", folder, "liar"))
    )
    model = read_model(repository.git, commit, WHOLE)
    with pytest.raises(ObjectMissing):
        model.write_to(repository.git, place / "out")


@pytest.mark.parametrize("kind", ["blob", "tree"])
def test_an_object_that_the_clone_lacks_is_explained(
    repository: Repository, place: Path, kind: str
) -> None:
    commit = repository.commit({SCRIPT: "1", "models/a": "weights"})
    name = repository.run("rev-parse", "HEAD:models" if kind == "tree" else "HEAD:models/a")
    (repository.directory / ".git/objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(ObjectMissing, match="without a filter"):
        read_model(repository.git, commit, WHOLE).write_to(repository.git, place / "out")


@pytest.mark.parametrize(
    "content", [b"garbage", b"100644 name without an end", b"100644 name\0short"]
)
def test_a_corrupt_tree_is_named(repository: Repository, content: bytes) -> None:
    command = ("hash-object", "-t", "tree", "-w", "--stdin", "--literally")
    commit = repository.commit_tree(repository.run(*command, stdin=content))
    with pytest.raises(UnreadableTree, match="git fsck"):
        read_model(repository.git, commit, WHOLE)


def test_a_tree_that_unfolds_to_billions_of_files_is_refused(repository: Repository) -> None:
    tree = repository.tree(*(("100644", repository.blob(b"x"), f"f{i}") for i in range(10)))
    for _ in range(9):
        tree = repository.tree(*(("40000", tree, f"d{i}") for i in range(10)))
    commit = repository.commit_tree(
        repository.tree(("40000", tree, "bomb"), ("100644", repository.blob(b"1"), SCRIPT))
    )
    with pytest.raises(TooManyFiles):
        read_model(repository.git, commit, WHOLE)


def test_folders_without_end_are_refused(repository: Repository) -> None:
    tree = repository.tree(("100644", repository.blob(b"x"), "f"))
    for _ in range(120):
        tree = repository.tree(("40000", tree, "d"))
    commit = repository.commit_tree(tree)
    with pytest.raises(TooManyFiles):
        read_model(repository.git, commit, WHOLE)


def test_too_many_bytes_are_refused_before_they_are_written(
    repository: Repository, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("easeml_action.model.checkout.MAX_BYTES", 2**20)
    commit = repository.commit({SCRIPT: "1", "weights": b"w" * 2**20})
    model = read_model(repository.git, commit, WHOLE)
    with pytest.raises(ModelTooLarge):
        model.write_to(repository.git, place / "out")
    assert files_of(place / "out") == {}


def test_files_larger_than_one_batch_arrive_whole(
    repository: Repository, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("easeml_action.model.checkout._BATCH_BYTES", 1000)
    contents = {f"part{i}": os.urandom(700 * i) for i in range(5)}
    commit = repository.commit({SCRIPT: "1", **contents})
    read_model(repository.git, commit, WHOLE).write_to(repository.git, place / "out")
    assert files_of(place / "out") == {SCRIPT: b"1", **contents}


class TestLargeFiles:
    content = b"weights" * 1000
    oid = hashlib.sha256(content).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n"

    @pytest.fixture
    def store(self, repository: Repository) -> Path:
        place = repository.directory / ".git/lfs/objects" / self.oid[:2] / self.oid[2:4]
        place.mkdir(parents=True)
        return place / self.oid

    def test_a_large_file_that_was_fetched_is_resolved(
        self, repository: Repository, place: Path, store: Path
    ) -> None:
        store.write_bytes(self.content)
        commit = repository.commit({SCRIPT: "1", "weights": self.pointer})
        read_model(repository.git, commit, WHOLE).write_to(repository.git, place / "out")
        assert (place / "out/weights").read_bytes() == self.content

    def test_a_large_file_that_was_not_fetched_is_named_with_what_to_do(
        self, repository: Repository, place: Path
    ) -> None:
        commit = repository.commit({SCRIPT: "1", "weights": self.pointer})
        with pytest.raises(LargeFileMissing, match="lfs: true") as raised:
            read_model(repository.git, commit, WHOLE).write_to(repository.git, place / "out")
        assert "'weights'" in raised.value.problem

    def test_a_file_that_is_not_what_the_pointer_names_is_refused(
        self, repository: Repository, place: Path, store: Path
    ) -> None:
        store.write_bytes(b"WEIGHTS" * 1000)
        commit = repository.commit({SCRIPT: "1", "weights": self.pointer})
        with pytest.raises(LargeFileMissing):
            read_model(repository.git, commit, WHOLE).write_to(repository.git, place / "out")

    def test_a_link_in_the_store_is_not_followed(
        self, repository: Repository, place: Path, store: Path
    ) -> None:
        (place / "same").write_bytes(self.content)
        store.symlink_to(place / "same")
        commit = repository.commit({SCRIPT: "1", "weights": self.pointer})
        with pytest.raises(LargeFileMissing):
            read_model(repository.git, commit, WHOLE).write_to(repository.git, place / "out")

    def test_the_sizes_that_pointers_promise_count_before_anything_is_copied(
        self, repository: Repository, place: Path
    ) -> None:
        huge = self.pointer.replace(f"size {len(self.content)}", "size 999999999999999")
        commit = repository.commit({SCRIPT: "1", "weights": huge})
        with pytest.raises(ModelTooLarge):
            read_model(repository.git, commit, WHOLE).write_to(repository.git, place / "out")


def test_a_missing_script_is_named_before_any_run(repository: Repository) -> None:
    commit = repository.commit({"other.py": "1"})
    with pytest.raises(ScriptMissing, match=r"evaluate_model\.py"):
        read_model(repository.git, commit, WHOLE)


def test_a_folder_in_place_of_the_script_is_no_script(repository: Repository) -> None:
    commit = repository.commit({f"{SCRIPT}/main.py": "1"})
    with pytest.raises(ScriptMissing):
        read_model(repository.git, commit, WHOLE)


def test_a_script_that_is_no_python_needs_the_x_bit(repository: Repository) -> None:
    scope = Scope("./run.sh")
    commit = repository.commit({"run.sh": "#!/bin/sh\n"})
    with pytest.raises(ScriptNotExecutable, match=r"git update-index --chmod=\+x run\.sh"):
        read_model(repository.git, commit, scope)
    commit = repository.commit({"run.sh": "#!/bin/sh\n"}, executable=("run.sh",))
    assert read_model(repository.git, commit, scope).script == "run.sh"


def test_a_model_path_that_matches_nothing_is_named(repository: Repository) -> None:
    commit = repository.commit({SCRIPT: "1", "models/a": "x"})
    with pytest.raises(ModelPathMissing, match="'modles'"):
        read_model(repository.git, commit, Scope(SCRIPT, paths=("models/", "modles/")))


@pytest.mark.parametrize("commit", ["0" * 40, "no-such-branch", "--help", "HEAD\nHEAD", ""])
def test_a_commit_that_is_not_here_is_named(repository: Repository, commit: str) -> None:
    repository.commit({SCRIPT: "1"})
    with pytest.raises(CommitMissing):
        read_model(repository.git, commit, WHOLE)


def test_a_repository_of_sha256_objects_works_as_well(place: Path) -> None:
    repository = Repository(place / "sha256")
    shutil.rmtree(repository.directory / ".git")
    repository.run("init", "--quiet", "--object-format=sha256")
    commit = repository.commit({SCRIPT: "1", "models/a": "x"})
    assert len(commit) == 64
    model = read_model(repository.git, commit, WHOLE)
    model.write_to(repository.git, place / "out")
    assert files_of(place / "out") == {SCRIPT: b"1", "models/a": b"x"}
