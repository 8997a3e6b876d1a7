import io
import json
import os
import subprocess
import tarfile
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from easeml_action.model import ModelRunner, PreparedModel, Scope, read_model
from easeml_action.model.environment import CredentialsPassedOn, Environment, EnvironmentFailed
from easeml_action.model.interpreter import NoInterpreter, find_interpreter, find_uv
from easeml_action.model.process import Process
from easeml_action.model.recipe import UnreadableProject
from easeml_action.sandbox import Limits

from .conftest import SCRIPT, Recorder, Repository

Shop = Callable[[str, str, str], None]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="a separate user needs root")


@pytest.fixture
def build(repository: Repository, runner: ModelRunner) -> Callable[..., PreparedModel]:
    """Commit files beside a script that does nothing, and prepare the model."""

    def build(files: dict[str, str]) -> PreparedModel:
        commit = repository.commit({SCRIPT: "", **files})
        return runner.prepare(repository.git, read_model(repository.git, commit, Scope(SCRIPT)))

    return build


def environment_of(prepared: PreparedModel) -> Environment:
    assert isinstance(prepared.quarters, Process)
    return prepared.quarters.environment


def say(prepared: PreparedModel, code: str) -> str:
    done = subprocess.run(
        [environment_of(prepared).python, "-I", "-c", code], capture_output=True, check=True
    )
    return done.stdout.decode().strip()


def has(prepared: PreparedModel, module: str) -> bool:
    code = f"import importlib.util; print(importlib.util.find_spec({module!r}) is not None)"
    return say(prepared, code) == "True"


def test_requirements_come_from_the_package_index(build: Callable[..., PreparedModel]) -> None:
    prepared = build({"requirements.txt": "six==1.16.0  # a package without dependencies\n"})
    assert say(prepared, "import six; print(six.__version__)") == "1.16.0"


def test_without_requirements_the_environment_is_bare(build: Callable[..., PreparedModel]) -> None:
    prepared = build({})
    assert not has(prepared, "pydantic")
    assert not has(prepared, "easeml_action")


def test_its_python_is_the_gates_own_minor_version(build: Callable[..., PreparedModel]) -> None:
    expected = find_interpreter(for_others=os.geteuid() == 0).version
    prepared = build({})
    assert say(prepared, "import platform; print(platform.python_version())") == expected


def test_dependencies_of_a_project_are_installed(
    build: Callable[..., PreparedModel], shop: Shop
) -> None:
    shop("bread", "1.0", "")
    project = '[project]\nname = "model"\nversion = "1"\ndependencies = ["bread"]\n'
    assert has(build({"pyproject.toml": project}), "bread")


def test_a_project_with_a_build_system_is_installed_itself(
    build: Callable[..., PreparedModel], shop: Shop, repository: Repository
) -> None:
    files = {"pyproject.toml": PROJECT, "backend.py": BACKEND, "src_module.py": "x = 1"}
    first = build(files)
    assert say(first, "import src_module; print(src_module.x)") == "1"
    second = build({**files, "src_module.py": "x = 2"})
    assert say(second, "import src_module; print(src_module.x)") == "2"
    assert say(first, "import src_module; print(src_module.x)") == "1"


def test_a_lock_file_is_obeyed(
    build: Callable[..., PreparedModel], shop: Shop, place: Path
) -> None:
    shop("bread", "1.0", "version = 1")
    project = place / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        '[project]\nname = "model"\nversion = "1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["bread"]\n'
    )
    uv = find_uv(place, for_others=False)
    subprocess.run([uv, "lock", "--quiet", "--no-cache"], cwd=project, check=True)
    shop("bread", "2.0", "version = 2")
    files = {path.name: path.read_text() for path in project.iterdir() if path.is_file()}
    assert "uv.lock" in files
    assert say(build(files), "import bread; print(bread.version)") == "1"


def test_a_project_file_that_only_configures_tools_asks_for_nothing(
    build: Callable[..., PreparedModel], progress: Recorder
) -> None:
    build({"pyproject.toml": "[tool.ruff]\nline-length = 100\n"})
    assert "no requirements" in progress.all("group")[0]


def test_a_project_file_that_is_not_toml_is_named(build: Callable[..., PreparedModel]) -> None:
    with pytest.raises(UnreadableProject, match=r"pyproject\.toml"):
        build({"pyproject.toml": "[project"})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("UV_DEFAULT_INDEX", "https://ci:{}@packages.example/simple"),
        ("UV_INDEX", "https://packages.example/simple team=https://{}@packages.example/simple"),
        ("UV_FIND_LINKS", "/wheels,https://ci:{}@packages.example/wheels"),
        ("HTTPS_PROXY", "ci:{}@proxy.example:3128"),
        ("all_proxy", "socks5://{}@proxy.example"),
    ],
)
def test_a_password_that_a_package_could_read_while_it_is_built_is_refused(
    build: Callable[..., PreparedModel],
    progress: Recorder,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
) -> None:
    monkeypatch.setenv(variable, value.format("a-password"))
    with pytest.raises(CredentialsPassedOn, match=f"The variable {variable} holds") as refused:
        build({"requirements.txt": "bread\n"})
    assert "a-password" not in str(refused.value)
    assert progress.shown == []


def test_an_address_without_a_user_is_passed_on(
    build: Callable[..., PreparedModel], shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop("bread", "1.0", "")
    monkeypatch.setenv("UV_EXTRA_INDEX_URL", "https://packages.example/a@b/simple?for=x@y")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert has(build({"requirements.txt": "bread\n"}), "bread")


def test_equal_requirements_share_one_build(
    build: Callable[..., PreparedModel], shop: Shop, progress: Recorder
) -> None:
    shop("bread", "1.0", "")
    old = build({"requirements.txt": "bread\n", "weights": "1"})
    new = build({"requirements.txt": "bread\n", "weights": "2"})
    assert environment_of(old) == environment_of(new)
    assert len(progress.all("group")) == 1
    assert "as built before" in progress.all("said")[0]


def test_other_requirements_are_another_build(
    build: Callable[..., PreparedModel], shop: Shop
) -> None:
    shop("bread", "1.0", "")
    shop("butter", "1.0", "")
    old = build({"requirements.txt": "bread\n"})
    new = build({"requirements.txt": "bread\nbutter\n"})
    assert environment_of(old) != environment_of(new)
    assert not has(old, "butter")
    assert has(new, "butter")


def test_requirements_that_name_other_files_follow_those_files(
    build: Callable[..., PreparedModel], shop: Shop
) -> None:
    shop("bread", "1.0", "")
    shop("butter", "1.0", "")
    old = build({"requirements.txt": "-r base.txt\n", "base.txt": "bread\n"})
    new = build({"requirements.txt": "-r base.txt\n", "base.txt": "butter\n"})
    assert has(old, "bread")
    assert not has(old, "butter")
    assert has(new, "butter")


def test_a_failed_build_shows_the_end_of_uvs_log_and_leaves_nothing(
    build: Callable[..., PreparedModel], shop: Shop, progress: Recorder, place: Path
) -> None:
    with pytest.raises(EnvironmentFailed, match=r"requirements\.txt: uv ended with exit code 1"):
        build({"requirements.txt": "no-such-package-here\n"})
    assert "no-such-package-here" in "".join(progress.all("untrusted"))
    assert [path.suffix for path in (place / "cache").iterdir()] == [".lock"]
    shop("no_such_package_here", "1.0", "")
    build({"requirements.txt": "no-such-package-here\n"})


def test_a_build_that_was_broken_off_is_built_again(
    build: Callable[..., PreparedModel], shop: Shop
) -> None:
    shop("bread", "1.0", "")
    prepared = build({"requirements.txt": "bread\n"})
    shelf = environment_of(prepared).directory.parent
    (shelf / "finished").unlink()
    (shelf / "environment/bin").chmod(0o755)
    environment_of(prepared).python.unlink()
    again = build({"requirements.txt": "bread\n"})
    assert environment_of(again) == environment_of(prepared)
    assert has(again, "bread")


def test_where_wheels_do_no_code_of_a_package_runs(
    build: Callable[..., PreparedModel], shop: Shop, place: Path
) -> None:
    shop("bread", "1.0", "")
    add_source(place / "wheels/bread-2.0.tar.gz", PROJECT, "raise SystemExit('it ran')\n")
    prepared = build({"requirements.txt": "bread\n"})
    assert say(prepared, "import importlib.metadata as m; print(m.version('bread'))") == "1.0"


def test_a_package_without_a_wheel_is_built(
    build: Callable[..., PreparedModel], shop: Shop, place: Path, progress: Recorder
) -> None:
    add_source(place / "wheels/model-1.tar.gz", PROJECT, BACKEND)
    prepared = build({"requirements.txt": "model\n"})
    assert say(prepared, "import src_module; print(src_module.x)") == "1"
    assert "Not every package comes as a wheel for this machine: some are built." in progress.all(
        "said"
    )


def add_source(archive: Path, project: str, backend: str) -> None:
    """Write a package as source, which runs its backend while it is installed."""
    top = archive.name.removesuffix(".tar.gz")
    name, version = top.split("-")
    files = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "pyproject.toml": project,
        "backend.py": backend,
        "src_module.py": "x = 1\n",
    }
    with tarfile.open(archive, "w:gz") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{top}/{path}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    archive.chmod(0o644)


def test_a_build_that_takes_too_long_is_ended(
    repository: Repository, place: Path, progress: Recorder, shop: Shop
) -> None:
    runner = ModelRunner(
        place / "scratch", place / "cache", progress, Limits(5), build_limits=Limits(1.5)
    )
    slow = "import time\ntime.sleep(1000)\n"
    commit = repository.commit({SCRIPT: "", "pyproject.toml": PROJECT, "backend.py": slow})
    model = read_model(repository.git, commit, Scope(SCRIPT))
    with pytest.raises(EnvironmentFailed, match=r"not done after 1\.5 seconds"):
        runner.prepare(repository.git, model)


def test_a_build_sees_no_secret_and_no_more_of_our_environment_than_it_needs(
    build: Callable[..., PreparedModel], shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INPUT_PRIVATE-KEY", "secret")
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    monkeypatch.setenv("UV_PUBLISH_TOKEN", "secret")
    monkeypatch.setenv("https_proxy", os.environ.get("https_proxy", ""))
    spying = BACKEND.replace("SPY = None", "SPY = dict(os.environ)")
    prepared = build({"pyproject.toml": PROJECT, "backend.py": spying, "src_module.py": ""})
    seen = json.loads(say(prepared, "import spied; print(spied.TEXT)"))
    assert "secret" not in json.dumps(seen)
    assert "https_proxy" in seen
    assert not [name for name in seen if name.startswith(("GITHUB", "INPUT"))]


@needs_root
def test_as_root_a_build_runs_as_a_user_of_its_own_and_what_it_built_belongs_to_us(
    build: Callable[..., PreparedModel], shop: Shop, runner: ModelRunner, progress: Recorder
) -> None:
    spying = BACKEND.replace("SPY = None", "SPY = [os.getuid(), os.path.abspath('.')]")
    prepared = build({"pyproject.toml": PROJECT, "backend.py": spying, "src_module.py": ""})
    uid, source = json.loads(say(prepared, "import spied; print(spied.TEXT)"))
    assert uid >= 61184
    assert not Path(source).exists()
    directory = environment_of(prepared).directory
    for path in [directory, *directory.rglob("*")]:
        status = path.lstat()
        assert (status.st_uid, status.st_gid) == (0, 0)
        assert path.is_symlink() or not status.st_mode & 0o7022


def test_a_model_cannot_change_its_environment_for_the_next_run(
    repository: Repository, runner: ModelRunner, shop: Shop, progress: Recorder
) -> None:
    shop("bread", "1.0", "fresh = True")
    script = """
        import bread, os, pathlib, sys
        place = pathlib.Path(bread.__file__)
        for attempt in (
            lambda: place.write_text("fresh = False"),
            lambda: place.with_name("sitecustomize.py").write_text("fresh = False"),
            lambda: os.symlink("/bin/false", pathlib.Path(sys.executable).with_name("cat")),
            lambda: pathlib.Path(sys.argv[0]).write_text("changed"),
            lambda: pathlib.Path("new-file").write_text("changed"),
            lambda: pathlib.Path(sys.argv[1]).write_text("changed"),
        ):
            try:
                attempt()
                print("changed")
            except OSError as error:
                print(type(error).__name__)
        pathlib.Path(sys.argv[2]).write_text("1")
    """
    commit = repository.commit({SCRIPT: textwrap.dedent(script), "requirements.txt": "bread\n"})
    prepared = runner.prepare(repository.git, read_model(repository.git, commit, Scope(SCRIPT)))
    progress.shown.clear()
    for _ in range(2):
        runner.rehearse(prepared, b"x\n", "sample.csv", 1)
    logs = progress.all("untrusted")
    if os.geteuid() == 0:
        assert logs == ["PermissionError\n" * 6] * 2
    else:
        # Our own user could lift the protection, but not by mistake; the checkout is fresh.
        assert logs[0] == logs[1]
        assert logs[0].startswith("PermissionError\n" * 3)
    assert say(prepared, "import bread; print(bread.fresh)") == "True"


@needs_root
def test_a_machine_without_a_python_for_others_is_explained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    (closed / "bin").mkdir(parents=True)
    closed.chmod(0o700)
    minor = find_interpreter(for_others=False).version.rpartition(".")[0]
    (closed / "bin" / f"python{minor}").symlink_to("/bin/true")
    monkeypatch.setattr("sys.base_prefix", str(closed))
    monkeypatch.setattr("easeml_action.model.interpreter.SYSTEM_PATH", str(tmp_path / "none"))
    monkeypatch.setattr("easeml_action.model.interpreter.is_open_to_all", lambda _: False)
    with pytest.raises(NoInterpreter, match="Install Python where every user can start it"):
        find_interpreter(for_others=True)


@needs_root
def test_uv_is_copied_where_others_cannot_start_the_original(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: Path
) -> None:
    closed = tmp_path / "uv"
    closed.write_bytes(find_uv(place, for_others=False).read_bytes())
    closed.chmod(0o755)
    tmp_path.chmod(0o700)
    monkeypatch.setattr("uv.find_uv_bin", lambda: str(closed))
    copy = find_uv(place, for_others=True)
    assert copy.parent == place
    subprocess.run([copy, "--version"], check=True, capture_output=True)
    assert find_uv(place, for_others=False) == closed


PROJECT = """
[project]
name = "model"
version = "1"

[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""

# A build backend in the model's own commit: code that runs while its environment is built.
BACKEND = """
import json, os, pathlib, zipfile

SPY = None
METADATA = "Metadata-Version: 2.1\\nName: model\\nVersion: 1\\n"
WHEEL = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = "model-1-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory, name), "w") as wheel:
        wheel.write("src_module.py")
        wheel.writestr("spied.py", f"TEXT = {json.dumps(SPY)!r}")
        wheel.writestr("model-1.dist-info/METADATA", METADATA)
        wheel.writestr("model-1.dist-info/WHEEL", WHEEL)
        wheel.writestr("model-1.dist-info/RECORD", "")
    return name
"""
