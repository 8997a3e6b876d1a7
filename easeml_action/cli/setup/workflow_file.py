"""The workflows of a repository, read for the job that is the gate."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

NEEDED = {"contents": "write", "statuses": "write", "issues": "write"}
EVENTS = ("pull_request", "push")

# The event of examples/forks.yml: the same pull requests, with the default branch's workflow.
_STANDS_FOR = {"pull_request_target": "pull_request"}
_FOLDER = Path(".github/workflows")
_LARGEST = 1 << 18
# OWNER/ci-action@REF, and an image such as docker://REGISTRY/OWNER/ci-action:TAG
_OURS = re.compile(r"(?:.*/)?ci-action[@:].+")
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
    environment
        The environment that it runs in, as written; None for none.
    """

    name: str
    events: frozenset[str]
    permissions: Mapping[str, str] | None
    depth: str | None
    inputs: Mapping[str, str]
    environment: str | None

    def secret(self, name: str) -> str | None:
        """Return the secret that feeds an input, in the capitals that GitHub keeps names in.

        None where none does.
        """
        found = _SECRET.fullmatch(self.inputs.get(name, "").strip())
        return found[1].upper() if found else None

    @property
    def missing_permissions(self) -> list[str]:
        """The permissions that the job needs and does not have; all where nothing is said."""
        granted = self.permissions or {}
        return [f"{key}: {value}" for key, value in NEEDED.items() if granted.get(key) != value]

    @property
    def missing_events(self) -> list[str]:
        """The events that have to start the job, and do not."""
        known = {_STANDS_FOR.get(event, event) for event in self.events}
        return [event for event in EVENTS if event not in known]


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
                    environment=_environment(_map(job).get("environment")),
                )


def _is_gate(uses: str, inputs: Mapping[Any, Any]) -> bool:
    """Say whether a step is the action: by its name, or under another one by its input.

    GitHub's own actions are none, though one that makes tokens has an input of that name, too.
    """
    renamed = "private-key" in inputs and not uses.startswith("actions/")
    return _OURS.fullmatch(uses) is not None or (bool(uses) and renamed)


def _environment(value: object) -> str | None:
    """Return the name, which stands alone or in a map."""
    name = value.get("name") if isinstance(value, dict) else value
    return None if name in {None, ""} else str(name)


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
