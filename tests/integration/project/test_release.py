"""A release, rehearsed in a copy of the project up to where the network begins."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from check_jsonschema import main as check_jsonschema

from easeml_action import __version__
from tests.checkouts import commit, committed_copy, git

ROOT = Path(__file__).parents[3]
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())
MAJOR = int(__version__.split(".")[0]) + 1
VERSION = f"{MAJOR}.0.0"
DIGEST = "sha256:" + "0123456789abcdef" * 4
STARTED = f"docker://{WORKFLOW['env']['IMAGE']}:{VERSION}@{DIGEST}"

TELL_USERS = {
    "README.md",
    "docs/ledger.md",
    "docs/setup.md",
    "examples/forks.yml",
    "examples/merge-queue.yml",
    "examples/protected-environment.yml",
    "examples/self-hosted.yml",
    "examples/trusted-writers.yml",
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A repository that has something to release."""
    folder = committed_copy(tmp_path / "copy")
    changelog = folder / "CHANGELOG.md"
    start = "## Unreleased\n"
    assert changelog.read_text().count(start) == 1
    entry = f"{start}\n### Fixed\n\n- A thing.\n"
    changelog.write_text(changelog.read_text().replace(start, entry))
    commit(folder, "Fix a thing")
    return folder


def run(folder: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "PYTHON": sys.executable}
    command = [folder / "scripts" / script, *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def release(folder: Path, *arguments: str) -> str:
    done = run(folder, "release", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def said(folder: Path, code: str) -> str:
    """Return what the code prints when the package is the folder's."""
    command = [sys.executable, "-c", f"import sys; sys.path[0] = {str(folder)!r}; {code}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def prepared(folder: Path) -> Path:
    release(folder, "prepare", VERSION, "--date", "2026-01-02")
    commit(folder, f"Prepare {VERSION}")
    return folder


def test_a_dry_run_shows_each_file_that_changes_and_changes_none(copy: Path) -> None:
    shown = release(copy, "prepare", VERSION, "--dry-run")

    changed = set(re.findall(r"^\+\+\+ b/(.*)$", shown, re.MULTILINE))
    assert changed == TELL_USERS | {"CHANGELOG.md", "easeml_action/__init__.py"}
    assert git(copy, "status", "--porcelain") == ""


def test_to_prepare_makes_what_the_dry_run_showed(copy: Path) -> None:
    day = ("--date", "2026-01-02")
    shown = release(copy, "prepare", VERSION, *day, "--dry-run")
    written = release(copy, "prepare", VERSION, *day)

    assert written.split() == re.findall(r"^\+\+\+ b/(.*)$", shown, re.MULTILINE)
    assert sorted(written.split()) == git(copy, "diff", "--name-only").split()
    changes = [line for line in shown.splitlines() if re.match(r"[+-](?![+-]{2} )", line)]
    made = git(copy, "diff", "--no-color", "--unified=0").splitlines()
    assert sorted(changes) == sorted(line for line in made if re.match(r"[+-](?![+-]{2} )", line))


def test_program_template_changelog_and_texts_agree_once_it_is_prepared(copy: Path) -> None:
    prepared(copy)

    release(copy, "check", VERSION)
    assert said(
        copy, "from easeml_action.cli import main; sys.argv[1:] = ['--version']; main()"
    ) == (f"easeml {VERSION}")
    template = said(copy, "from easeml_action.cli.setup.texts import ACTION; print(ACTION)")
    assert template == f"easeml/ci-action@v{VERSION}"
    assert f"\n## Unreleased\n\n## {VERSION} - 2026-01-02\n" in (copy / "CHANGELOG.md").read_text()
    assert f"- uses: {template}\n" in (copy / "README.md").read_text()
    assert f"    rev: v{VERSION}\n" in (copy / "docs/setup.md").read_text()
    assert f"easeml/ci-action@v{MAJOR} #" in (copy / "examples/forks.yml").read_text()
    assert release(copy, "notes", VERSION).startswith("### Fixed\n\n- A thing.\n")


def test_only_the_changelog_waits_for_the_next_release() -> None:
    done = run(ROOT, "release", "check", __version__)

    waiting = re.findall(r"^- (\S+?)(?:'s)? ", done.stderr, re.MULTILINE)
    assert set(waiting) <= {"CHANGELOG.md"}


def test_the_tagged_commit_starts_the_image_by_its_digest_and_changes_nothing_else(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = git(prepared(copy), "rev-parse", "HEAD")

    done = run(copy, "tag-release", VERSION, DIGEST)

    assert done.returncode == 0, done.stderr
    tag = f"v{VERSION}"
    assert git(copy, "rev-parse", f"{tag}^") == source
    assert git(copy, "diff", "--name-only", source, tag) == "action.yml"
    action = yaml.safe_load(git(copy, "show", f"{tag}:action.yml"))
    assert action["runs"] == {"using": "docker", "image": STARTED}
    release(copy, "check", VERSION)
    with pytest.raises(SystemExit) as ended:
        check_jsonschema(["--builtin-schema", "vendor.github-actions", str(copy / "action.yml")])
    assert ended.value.code == 0, capsys.readouterr().out


def test_a_release_that_broke_off_makes_the_same_tag_again(copy: Path) -> None:
    source = git(prepared(copy), "rev-parse", "HEAD")
    tags = set()
    for _ in range(2):
        git(copy, "checkout", "--quiet", "--detach", source)
        assert run(copy, "tag-release", VERSION, DIGEST).returncode == 0
        tags.add(git(copy, "rev-parse", f"v{VERSION}"))

    assert len(tags) == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("prepare", "0.0.0"), f"0.0.0 is not newer than {VERSION}."),
        (("prepare", VERSION), f"{VERSION} is not newer than {VERSION}."),
        (("prepare", f"{MAJOR}.0.1"), "Nothing is under Unreleased in CHANGELOG.md."),
        (("prepare", "v1"), "'v1' is no version. Write three numbers, such as 1.2.3."),
        (("point", "sha256:0"), "'sha256:0' is no digest."),
        (("check", f"{MAJOR}.0.1"), f"- easeml_action/__init__.py says {VERSION}."),
        (("notes", f"{MAJOR}.0.1"), f"CHANGELOG.md has no heading for {MAJOR}.0.1."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_changes(
    copy: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    done = run(prepared(copy), "release", *arguments)

    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert git(copy, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("path", "right", "wrong"),
    [
        ("README.md", f"@v{VERSION}", "@v0.0.1"),
        ("docs/setup.md", f"rev: v{VERSION}", "rev: v0.0.1"),
        ("examples/forks.yml", f"@v{MAJOR} ", f"@v{MAJOR + 1} "),
        ("action.yml", "image: Dockerfile", f"image: {STARTED}".replace(VERSION, "0.0.1")),
    ],
)
def test_a_file_that_names_another_release_stops_it(
    copy: Path, path: str, right: str, wrong: str
) -> None:
    file = prepared(copy) / path
    text = file.read_text()
    assert right in text
    file.write_text(text.replace(right, wrong))

    done = run(copy, "tag-release", VERSION, DIGEST)

    assert done.returncode == 1
    assert f"- {path} " in done.stderr
    assert git(copy, "tag") == ""


def test_an_action_that_starts_an_image_already_is_not_pointed_at_another(copy: Path) -> None:
    release(copy, "point", DIGEST)
    done = run(copy, "release", "point", DIGEST)

    assert done.returncode == 1
    assert "action.yml does not start the Dockerfile." in done.stderr


def test_the_commands_of_the_workflow_are_those_of_the_scripts() -> None:
    steps = [step for job in WORKFLOW["jobs"].values() for step in job.get("steps", [])]
    shell = "\n".join(step.get("run", "") for step in steps)

    called = set(re.findall(r"scripts/([a-z-]+)", shell))
    assert called == {"release", "build-image", "venv", "build-package", "tag-release"}
    assert all(os.access(ROOT / "scripts" / name, os.X_OK) for name in called)


def test_a_step_with_unsound_shell_is_found(tmp_path: Path) -> None:
    workflow = tmp_path / "workflow.yml"
    steps = [{"run": "true"}, {"run": "rm $1/*"}]
    workflow.write_text(yaml.safe_dump({"jobs": {"one": {"steps": steps}}}))
    command = [sys.executable, ROOT / "scripts/shellcheck-steps", workflow]
    environ = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert f"{workflow}: one: step 2\n" in done.stdout
    assert "SC2086" in done.stdout
    assert "step 1\n" not in done.stdout
