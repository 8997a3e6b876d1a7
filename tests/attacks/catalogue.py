"""Every attack on the gate that the tests try, what it meets, and what it takes to succeed."""

import subprocess
from typing import Final

from easeml_action.demo.runner import Job
from tests.attacks.arena import (
    MEMORY_LIMIT,
    TIME_LIMIT,
    Arena,
    Attack,
    Outcome,
    commands_heard,
)
from tests.integration.action.stage import SCRIPT, model

_USER: Final = "own user; Landlock"
_OPEN: Final = ("user", "landlock")
_SOCKET: Final = "seccomp"
_RIVALS: Final = {"condition": "n - o > 0 +/- 0.15", "max_disagreement": 0.5}

_BACKEND: Final = b"""\
import glob, pathlib, zipfile

for place in glob.glob("/*/*/easeml/*/environment/lib/python*/site-packages"):
    try:
        pathlib.Path(place, "sitecustomize.py").write_text("# hostile\\n")
    except OSError:
        continue


def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "hostile-1-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        info = "hostile-1.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: hostile\\nVersion: 1\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return name
"""
_PROJECT: Final = b"""\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "hostile"
version = "1"
"""


def _sent(outcome: Outcome) -> bool:
    return any(outcome.arena.treasure.encode() in word for word in outcome.arena.heard)


def _poisoned(outcome: Outcome) -> bool:
    cache = outcome.arena.stage.runner.cache
    found = list(cache.glob("easeml/*/environment/lib/python*/site-packages/sitecustomize.py"))
    for file in found:
        file.unlink()
    return bool(found)


def _build_another_environment(arena: Arena) -> None:
    arena.stage.pull_request({SCRIPT: model(60)})


def _add_submodule(arena: Arena) -> None:
    elsewhere = arena.closed / "repository"
    (elsewhere / "treasure").write_text(arena.treasure)
    place = arena.stage.team.work / "sub"
    identity = ("-c", "user.name=Someone", "-c", "user.email=someone@example.com")
    for command in (
        ["git", "-C", elsewhere, "init", "-q"],
        ["git", "-C", elsewhere, "add", "treasure"],
        ["git", "-C", elsewhere, *identity, "commit", "-q", "-m", "Treasure"],
        ["git", "clone", "-q", elsewhere, place],
    ):
        subprocess.run(command, check=True)
    modules = f'[submodule "sub"]\n\tpath = sub\n\turl = {elsewhere}\n'
    (arena.stage.team.work / ".gitmodules").write_text(modules)


def _link_out_of_the_repository(arena: Arena) -> None:
    (arena.stage.team.work / "<img src=x> @everyone").symlink_to("/etc/passwd")


def _configure_filter(job: Job) -> None:
    with (job.workspace / ".git/config").open("a") as config:
        config.write('[filter "hostile"]\n\tsmudge = sed s/plain/filtered/\n')


ATTACKS: Final = (
    # What the gate knows
    Attack("labels_in_memory", _USER, _OPEN),
    Attack("key_in_environment", _USER, _OPEN),
    Attack("passphrase_in_environment", _USER, _OPEN),
    Attack("own_environment", "scrubbed environment", ("environment",)),
    Attack("key_in_gpg_home", _USER, _OPEN),
    Attack("trace_the_gate", "own user; Landlock; seccomp", (*_OPEN, "seccomp")),
    Attack("read_another_processs_memory", "own user; Landlock; seccomp", (*_OPEN, "seccomp")),
    Attack("steal_a_descriptor", "own user; Landlock; seccomp", (*_OPEN, "seccomp")),
    Attack("inherited_descriptor", "closed descriptors", ("descriptors",)),
    # What lies on the machine
    Attack("workspace", _USER, _OPEN),
    Attack("workspace_git", _USER, _OPEN),
    Attack("event_file", _USER, _OPEN),
    Attack("ledger_clone", _USER, _OPEN),
    Attack("other_models_files", _USER, _OPEN, config=_RIVALS, rival=True),
    Attack("github_env", _USER, _OPEN, lambda outcome: outcome.holds("env", "LD_PRELOAD")),
    Attack("github_output", _USER, _OPEN, lambda outcome: outcome.holds("output", "hostile")),
    Attack("github_summary", _USER, _OPEN, lambda outcome: outcome.holds("summary.md", "hostile")),
    Attack(
        "git_config",
        _USER,
        _OPEN,
        lambda outcome: outcome.holds("workspace/.git/config", "hostile"),
    ),
    Attack(
        "git_attributes",
        _USER,
        _OPEN,
        lambda outcome: outcome.holds("workspace/.git/info/attributes", "hostile"),
    ),
    Attack(
        "git_hooks",
        _USER,
        _OPEN,
        lambda outcome: outcome.holds("workspace/.git/hooks/post-checkout", "hostile"),
    ),
    # Ways out
    Attack("tcp", "seccomp; Landlock", ("seccomp", "landlock"), _sent),
    Attack("udp", _SOCKET, ("seccomp",), _sent),
    Attack("dns", _SOCKET, ("seccomp",), _sent),
    Attack("icmp", "own user; seccomp", ("user", "seccomp")),
    Attack("abstract_socket", "seccomp; Landlock", ("seccomp", "landlock"), _sent),
    Attack("docker_socket", _SOCKET, ("seccomp",), _sent),
    # Lives beyond the run
    Attack("double_fork", "reaper", ("reaper",), lambda outcome: outcome.arena.survives()),
    Attack("at_exit", "reaper", ("reaper",), lambda outcome: outcome.arena.survives()),
    Attack(
        "cron",
        _USER,
        _OPEN,
        lambda outcome: outcome.arena.cron.exists(),
    ),
    # Too much of the machine
    Attack("fork_bomb", "limits", ("limits",)),
    Attack(
        "memory_bomb",
        "limits; watch",
        ("limits", "watch"),
        config={"memory_limit": MEMORY_LIMIT},
    ),
    Attack("memory_of_many", "watch", ("watch",), config={"memory_limit": MEMORY_LIMIT}),
    Attack("disk_bomb", "limits", ("limits",)),
    Attack("disk_of_many", "watch", ("watch",)),
    Attack("log_bomb", "bounded log", ("log bounds",), lambda outcome: len(outcome.log) > 2**20),
    Attack(
        "cpu_spin",
        "limits; watch",
        ("limits", "watch"),
        config={"time_limit": TIME_LIMIT},
    ),
    Attack("sleep_past_the_limit", "watch", ("watch",), config={"time_limit": TIME_LIMIT}),
    # Outputs that are more than data
    Attack("predictions_by_link", "reader of predictions", ("reader",)),
    Attack(
        "predictions_by_pipe",
        "reader of predictions",
        ("reader",),
        lambda outcome: outcome.run is None,
        patience=5,
    ),
    Attack(
        "predictions_without_end",
        "reader of predictions",
        ("reader",),
        lambda outcome: outcome.memory > 2**30,
    ),
    Attack(
        "predictions_in_another_encoding",
        "reader of predictions",
        ("decoder",),
        lambda outcome: outcome.verdict == "error",
    ),
    Attack(
        "workflow_command",
        "escaped log",
        ("escaping",),
        lambda outcome: bool(commands_heard(outcome.log) & {"set-env", "add-path"}),
    ),
    Attack(
        "resumed_workflow_command",
        "random word; escaped log",
        ("word",),
        lambda outcome: "set-env" in commands_heard(outcome.log),
    ),
    Attack(
        "terminal_sequence",
        "escaped log",
        ("escaping",),
        lambda outcome: "\x1b" in outcome.log or "\u202e" in outcome.log,
    ),
    Attack(
        "hostile_name",
        "escaped Markdown",
        ("names",),
        lambda outcome: outcome.holds("summary.md", "<img src=x> @everyone"),
        prepare=_link_out_of_the_repository,
    ),
    # From one run to the next
    Attack("shared_memory_note", "swept memory", ("sweep",), config=_RIVALS, rival=True),
    Attack("temporary_note", "Landlock", ("landlock",), config=_RIVALS, rival=True),
    Attack("kernel_note", "seccomp", ("seccomp",), config=_RIVALS, rival=True),
    Attack("overwrite_packages", _USER, _OPEN, _poisoned),
    Attack(
        "poison_the_cache",
        _USER,
        _OPEN,
        _poisoned,
        files={"pyproject.toml": _PROJECT, "backend.py": _BACKEND},
        prepare=_build_another_environment,
    ),
    Attack(
        "export_attributes",
        "files from git's objects",
        ("blobs",),
        files={
            ".gitattributes": b"stamp.txt export-subst\n",
            "stamp.txt": b"$Format:%H$\n",
        },
    ),
    Attack(
        "git_filters",
        "files from git's objects",
        ("blobs",),
        files={".gitattributes": b"stamp.txt filter=hostile\n", "stamp.txt": b"plain\n"},
        tamper=_configure_filter,
    ),
    Attack("submodule", "no submodules", ("submodules",), prepare=_add_submodule),
    # More rights
    Attack(
        "set_user_id",
        "no new privileges",
        ("no-new-privileges", "landlock", "seccomp"),
    ),
    Attack("user_namespace", "seccomp", ("seccomp",)),
    Attack("mount_over", "own user; Landlock; seccomp", (*_OPEN, "seccomp")),
    Attack("kernel_keyring", "seccomp", ("seccomp",)),
    Attack("kernel_program", "own user; seccomp", ("user", "seccomp")),
    Attack("kernel_ring", "seccomp", ("seccomp",)),
    Attack(
        "kill_the_gate",
        _USER,
        _OPEN,
        lambda outcome: outcome.run is not None and outcome.run.exit_code == -9,
    ),
)
