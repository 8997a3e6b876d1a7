from pathlib import Path

import pytest

from easeml_action.model.recipe import (
    Recipe,
    UnreadableProject,
    is_self_contained,
    read_recipe,
)


@pytest.mark.parametrize(
    "requirements",
    [
        "",
        "# only a comment\n\n",
        "numpy\n",
        "numpy==2.1.0  # pinned\n",
        "scikit-learn >= 1.4, < 2\n",
        "uvicorn[standard]~=0.30\n",
        "torch (>=2.0)\n",
        'tomli; python_version < "3.11"\n',
        'numpy>=2; sys_platform == "linux" and python_version >= "3.11"\n',
        "six==1.16.0 \\\n    --hash=sha256:abc \\\n    --hash=sha256:def\n",
        "--index-url https://example.com/simple\nnumpy\n",
        "-i https://example.com/simple\n--extra-index-url=https://example.org/simple\n",
        "--require-hashes\n--only-binary :all:\n",
        "package @ https://example.com/package-1.0-py3-none-any.whl\n",
        "package@git+https://example.com/package@v1#egg=package\n",
    ],
)
def test_requirements_by_name_depend_on_no_other_file(requirements: str) -> None:
    assert is_self_contained(requirements)


@pytest.mark.parametrize(
    "requirements",
    [
        "-r base.txt\n",
        "numpy\n--requirement base.txt\n",
        "-c constraints.txt\n",
        "-e .\n",
        ".\n",
        "./package\n",
        "../package\n",
        "/opt/package\n",
        "package/\n",
        "vendor/package-1.0.tar.gz\n",
        "package-1.0-py3-none-any.whl\n",
        "package.zip\n",
        "package @ file:///opt/package\n",
        "package @ ./package\n",
        "file:./package\n",
        "-f wheels\n",
        "--find-links ./wheels\n",
        "numpy \\\n -r base.txt\n",
    ],
)
def test_requirements_that_name_a_file_are_noticed(requirements: str) -> None:
    assert not is_self_contained(requirements)


def recipe(folder: Path, **files: str) -> Recipe:
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    return read_recipe(folder)


def test_requirements_come_first(tmp_path: Path) -> None:
    found = recipe(tmp_path, requirements_txt="numpy\n", pyproject_toml="[project", uv_lock="")
    assert (found.title, found.whole) == ("requirements.txt", False)
    assert found.files == ("requirements.txt",)


def test_a_lock_file_comes_before_the_project_it_locks(tmp_path: Path) -> None:
    found = recipe(tmp_path, pyproject_toml='[project]\nname = "m"\n', uv_lock="")
    assert (found.title, found.arguments[0], found.whole) == ("uv.lock", "sync", True)


@pytest.mark.parametrize(
    ("project", "title", "whole", "last"),
    [
        ('[project]\nname = "m"\n', "pyproject.toml", False, "pyproject.toml"),
        ('[project]\nname = "m"\n[tool.uv]\n', "pyproject.toml", True, "pyproject.toml"),
        ("[build-system]\nrequires = []\n", "pyproject.toml", True, "."),
        ("[tool.black]\n", "no requirements", False, None),
    ],
)
def test_a_project_file_is_used_for_what_it_describes(
    tmp_path: Path, project: str, title: str, whole: bool, last: str | None
) -> None:
    found = recipe(tmp_path, pyproject_toml=project)
    assert (found.title, found.whole) == (title, whole)
    assert (found.arguments[-1] if found.arguments else None) == last


@pytest.mark.parametrize("content", [b"[project", b"\xff", b"x = " + b"[" * 100_000])
def test_a_project_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(UnreadableProject, match=r"pyproject\.toml"):
        read_recipe(tmp_path)


def test_a_file_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("easeml_action.model.recipe.MAX_BYTES", 100)
    (tmp_path / "requirements.txt").write_text("#" * 101)
    with pytest.raises(UnreadableProject, match="larger than"):
        read_recipe(tmp_path)


def test_a_name_covers_the_files_and_only_where_needed_the_rest(tmp_path: Path) -> None:
    alone = recipe(tmp_path, requirements_txt="numpy\n")
    assert alone.key(tmp_path, "digest 1", "m") == alone.key(tmp_path, "digest 2", "m")
    assert alone.key(tmp_path, "digest 1", "m") != alone.key(tmp_path, "digest 1", "other")
    before = alone.key(tmp_path, "digest 1", "m")
    whole = recipe(tmp_path, requirements_txt="-r base.txt\n")
    assert whole.key(tmp_path, "digest 1", "m") != whole.key(tmp_path, "digest 2", "m")
    assert before != recipe(tmp_path, requirements_txt="scipy\n").key(tmp_path, "digest 1", "m")
