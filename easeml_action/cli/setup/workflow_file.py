"""The workflows of a repository, read for the job that is the gate."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

NEEDED = {"contents": "write", "statuses": "write", "issues": "write"}
EVENTS = ("pull_request", "push")

_FOLDER = Path(".github/workflows")
_LARGEST = 1 << 18
_SECRET = re.compile(r"\$\{\{\s*secrets\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")


@dataclass(frozen=True)
class GateJob:
    """A job with a step that is the gate.

    Parameters
    ----------
    name
        The workflow's path.
    events
        What starts it.
    permissions
        What its token may do; None where the workflow does not say.
    depth
        ``fetch-depth`` of the checkout before the gate, as written; None without a checkout.
    inputs
        The gate's ``with:``.
    """

    name: str
    events: frozenset[str]
    permissions: Mapping[str, str] | None
    depth: str | None
    inputs: Mapping[str, str]

    def secret(self, name: str) -> str | None:
        """Return the secret that feeds an input; None where none does."""
        found = _SECRET.fullmatch(self.inputs.get(name, "").strip())
        return found[1] if found else None

    @property
    def missing_permissions(self) -> list[str]:
        """The permissions that the job needs and does not have; all where nothing is said."""
        granted = self.permissions or {}
        return [f"{key}: {value}" for key, value in NEEDED.items() if granted.get(key) != value]


def find_gate_jobs(root: Path) -> Iterator[GateJob]:
    """Find the jobs that run the gate; what cannot be read as a workflow is passed over."""
    for path in sorted((root / _FOLDER).glob("*.y*ml")):
        if path.stat().st_size > _LARGEST:
            continue
        try:
            document = yaml.safe_load(path.read_bytes())
        except (yaml.YAMLError, ValueError):
            continue
        if isinstance(document, dict):
            yield from _gate_jobs(path.relative_to(root).as_posix(), document)


def _gate_jobs(name: str, document: dict[Any, Any]) -> Iterator[GateJob]:
    for job in _map(document.get("jobs")).values():
        depth = None
        for step in _map(job).get("steps") or ():
            uses, inputs = str(_map(step).get("uses", "")), _map(_map(step).get("with"))
            if uses.startswith("actions/checkout@"):
                depth = str(inputs.get("fetch-depth", "1"))
            if _is_gate(uses, inputs):
                permissions = _map(job).get("permissions", document.get("permissions"))
                yield GateJob(
                    name=name,
                    # YAML 1.1 takes the key `on` for a truth value.
                    events=_names(document.get("on", document.get(True))),
                    permissions=_permissions(permissions),
                    depth=depth,
                    inputs={str(key): str(value) for key, value in inputs.items()},
                )


def _is_gate(uses: str, inputs: Mapping[Any, Any]) -> bool:
    return "/ci-action@" in uses or (bool(uses) and "private-key" in inputs)


def _permissions(value: object) -> Mapping[str, str] | None:
    if value == "write-all":
        return NEEDED
    if value is None:
        return None
    return {str(key): str(right) for key, right in _map(value).items()}


def _names(value: object) -> frozenset[str]:
    return frozenset([value] if isinstance(value, str) else map(str, value or ()))  # type: ignore[call-overload]


def _map(value: object) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}
