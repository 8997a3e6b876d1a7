"""The requirement files agree with the package and with one another, and name no index."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
COMMAND_LINE_ONLY = {"rich", "typer"}

PIN = re.compile(r"^[a-z0-9-]+(\[[a-z,-]+\])?==\S+( ; .+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")
COMMENT = re.compile(r"^ *#")


def _read(path: str) -> dict[str, str]:
    lines = [line.partition(" #")[0].strip() for line in (ROOT / path).read_text().splitlines()]
    found = [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]
    return {
        canonicalize_name(requirement.name): str(requirement.specifier) for requirement in found
    }


def _pins(path: str) -> set[str]:
    lines = (ROOT / path).read_text().splitlines()
    return {line.removesuffix(" \\") for line in lines if PIN.match(line)}


def test_the_image_gets_the_package_s_dependencies_without_the_command_line_s() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {
        canonicalize_name(requirement.name): str(requirement.specifier)
        for requirement in map(Requirement, project["dependencies"])
    }

    assert declared.keys() >= COMMAND_LINE_ONLY
    assert _read("requirements/action.in") == {
        name: bound for name, bound in declared.items() if name not in COMMAND_LINE_ONLY
    }


@pytest.mark.parametrize("name", ["action", "demo", "dev", "uv"])
def test_a_locked_file_holds_pins_with_hashes_and_nothing_else(name: str) -> None:
    lines = (ROOT / f"requirements/{name}.txt").read_text().splitlines()
    strange = [line for line in lines if not any(p.match(line) for p in (PIN, HASH, COMMENT))]

    assert not strange
    assert all(
        HASH.match(after)
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
        if PIN.match(line)
    )


def _is_among(pin: str, pins: set[str]) -> bool:
    """Say whether a pin is there, or the same for all platforms."""
    return pin in pins or pin.partition(" ; ")[0] in pins


def test_what_is_tested_is_what_the_image_holds() -> None:
    for smaller, larger in (("action", "demo"), ("demo", "dev")):
        pins = _pins(f"requirements/{larger}.txt")
        held = _pins(f"requirements/{smaller}.txt")
        assert {pin for pin in held if not _is_among(pin, pins)} == set()
