import pytest

from easeml_action.model.scope import PathOutsideRepository, Scope, normalize


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("./evaluate_model.py", "evaluate_model.py"),
        ("models/", "models"),
        ("a//b/./c", "a/b/c"),
        ("a/../b", "b"),
        (".", ""),
        ("./", ""),
        ("..data", "..data"),
    ],
)
def test_paths_are_spelled_as_git_spells_them(path: str, expected: str) -> None:
    assert normalize(path) == expected


@pytest.mark.parametrize("path", ["/etc/passwd", "..", "../x", "a/../../x", "//x", "a\0b"])
def test_a_path_out_of_the_repository_is_named(path: str) -> None:
    for make in (
        lambda: Scope(path),
        lambda: Scope("s.py", paths=(path,)),
        lambda: Scope("s.py", excluded=(path,)),
        lambda: Scope("s.py", dockerfile=path),
    ):
        with pytest.raises(PathOutsideRepository, match="leads out of the repository"):
            make()


def test_the_whole_tree_is_the_model_but_for_the_gates_own_files() -> None:
    scope = Scope("s.py", excluded=(".easeml.yml", ".github/"))
    assert scope.covers("s.py")
    assert scope.covers("any/thing")
    assert scope.covers(".github-notes")
    assert not scope.covers(".easeml.yml")
    assert not scope.covers(".github/workflows/ci.yml")


def test_only_the_paths_named_are_the_model_and_what_it_is_built_from() -> None:
    scope = Scope("./s.py", paths=("models/", "lib/a.py"), excluded=("models/test.csv.gpg",))
    covered = ["s.py", "requirements.txt", "pyproject.toml", "uv.lock", "models/x/y", "lib/a.py"]
    assert [path for path in covered if not scope.covers(path)] == []
    others = ["README.md", "modelsx", "lib/b.py", "lib/a.py.bak", "models/test.csv.gpg"]
    assert [path for path in others if scope.covers(path)] == []


def test_the_dockerfile_always_counts_where_there_is_one() -> None:
    scope = Scope(
        "s.py", paths=("models/",), excluded=("docker/",), dockerfile="./docker/Dockerfile"
    )
    assert scope.covers("docker/Dockerfile")
    assert scope.reaches("docker")
    assert not scope.covers("docker/other")
    assert not Scope("s.py", paths=("models/",)).covers("Dockerfile")


def test_the_script_counts_even_among_excluded_files() -> None:
    scope = Scope(".github/run.py", excluded=(".github/",))
    assert scope.covers(".github/run.py")
    assert scope.reaches(".github")
    assert not scope.covers(".github/other.py")
    assert not scope.reaches(".github/workflows")


@pytest.mark.parametrize(
    ("folder", "reached"),
    [("a", True), ("a/b", True), ("a/b/c", True), ("a/b/c/d", True), ("a/x", False), ("b", False)],
)
def test_a_folder_is_entered_only_where_it_can_hold_the_model(folder: str, reached: bool) -> None:
    assert Scope("s.py", paths=("a/b/c",)).reaches(folder) is reached


def test_a_dot_names_the_whole_tree() -> None:
    scope = Scope("s.py", paths=(".",), excluded=("x",))
    assert scope.covers("any/thing")
    assert scope.reaches("any")
    assert not scope.covers("x")
