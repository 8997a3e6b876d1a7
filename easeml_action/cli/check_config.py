# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""``easeml check-config``: whether a configuration can be used, before it is committed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from easeml_action.cli.app import app
from easeml_action.cli.files import read_file, work_tree_of
from easeml_action.cli.terminal import show_error, show_facts, show_json
from easeml_action.errors import GateError

if TYPE_CHECKING:
    from easeml_action.config import Config
    from easeml_action.statistics import Plan


@app.command(epilog="Example: easeml check-config .easeml.yml")
def check_config(
    *,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="The configurations. Default: .easeml.yml of the repository."),
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of such a file, for editors.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Check configurations as the gate would, and say how many rows each requires.

    Nothing is decrypted and no secret is needed, so that a pre-commit hook can do it.
    """
    from easeml_action.config import DEFAULT_NAME, json_schema

    if schema:
        show_json(json_schema())
        return 0
    usual = (work_tree_of(Path.cwd()) or Path.cwd()) / DEFAULT_NAME
    failed = 0
    answers: list[dict[str, str | int]] = []
    for path in files or [usual]:
        try:
            config, plan = _read(path)
        except GateError as error:
            failed += 1
            named = str(error).startswith(str(path))
            place = "" if named else f"{path}: "
            show_error(f"easeml: {place}{error.told}")
            answers.append({"file": str(path), "problem": error.problem, "remedy": error.remedy})
            continue
        answers.append({"file": str(path), "rows": plan.rows, "labels": plan.labels})
        if not as_json:
            rows, labels = f"{plan.rows:,}", f"{plan.labels:,}"
            facts = {"condition": str(config.condition), "rows": rows, "labels": labels}
            show_facts(str(path), facts)
    if as_json:
        show_json({"files": answers})
    return int(failed > 0)


def _read(path: Path) -> "tuple[Config, Plan]":
    from easeml_action.config import Config

    config = Config.load(read_file(path), str(path))
    config.require_test_set()
    config.require_label()
    return config, config.plan()
