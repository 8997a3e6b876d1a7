# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""``easeml init --check``: what of a gate is there, what is missing, and how to mend it."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from easeml_action.cli.files import read_file
from easeml_action.cli.setup.findings import Finding, look_at
from easeml_action.cli.setup.keys import Keys
from easeml_action.cli.setup.local import SetUp
from easeml_action.cli.setup.on_github import look_at_github
from easeml_action.cli.setup.workflow_file import find_gate_jobs
from easeml_action.cli.terminal import show_json, show_table
from easeml_action.errors import GateError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from easeml_action.config import Config

_SIGNS = {"ok": "ok", "missing": "MISSING", "advised": "advised", "unknown": "not seen"}


def show_check(root: Path, keys: Keys, ledger_branch: str, *, as_json: bool) -> int:
    """Show how every piece of a set-up stands; return 1 if something is missing, else 0."""
    jobs = tuple(find_gate_jobs(root))
    config = _config(root)
    set_up = SetUp(root, config, jobs, keys, ledger_branch)
    findings = [
        *look_at("configuration", lambda: _look_at_config(root)),
        *set_up.look(),
        *look_at_github(set_up),
    ]
    missing = sum(each.state == "missing" for each in findings)
    if as_json:
        show_json({"complete": missing == 0, "findings": [asdict(each) for each in findings]})
    else:
        rows = [[each.piece, _SIGNS[each.state], each.fact, each.cure] for each in findings]
        show_table(["piece", "state", "what is there", "what to do"], rows)
    return int(missing > 0)


def _config(root: Path) -> "Config | None":
    """Return the configuration if it can be used in every way."""
    from easeml_action.config import DEFAULT_NAME, Config

    try:
        config = Config.load(read_file(root / DEFAULT_NAME))
        config.require_test_set()
        config.require_label()
        config.plan()
    except GateError:
        return None
    return config


def _look_at_config(root: Path) -> "Iterator[Finding]":
    from easeml_action.config import DEFAULT_NAME, Config

    path = root / DEFAULT_NAME
    if not path.exists():
        cure = "Run `easeml init`: it asks what to write."
        yield Finding("configuration", "missing", f"there is no {DEFAULT_NAME}", cure)
        return
    config = Config.load(read_file(path))
    config.require_test_set()
    config.require_label()
    yield Finding("configuration", "ok", f"{config.condition}: {config.plan().rows:,} rows")
