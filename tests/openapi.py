"""Holds requests and answers against GitHub's published description of its REST API."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS30Validator

from easeml_action.demo.github_repository import Request, Response

_FETCH = Path(__file__).parents[1] / "scripts" / "fetch-openapi"


class NotInTheDescription(AssertionError):
    """GitHub describes no such request, or no such answer."""


def check(request: Request, response: Response | None, *, prefix: str = "") -> None:
    """Insist that GitHub's description allows the request and its answer, down to every field."""
    path = request.path.removeprefix(prefix)
    template, parameters = _find(path)
    operation = description()["paths"][template].get(request.method.lower())
    if operation is None:
        raise NotInTheDescription(f"{request.method} {path}: no such method")
    where = f"{request.method} {path}"
    declared = {(each["in"], each["name"]): each for each in operation.get("parameters", [])}
    for name, value in parameters.items():
        _validate(f"{where}: {name}", declared["path", name]["schema"], _typed(value))
    for name, value in request.query.items():
        if ("query", name) not in declared:
            raise NotInTheDescription(f"{where}: no such query parameter: {name}")
        _validate(f"{where}: {name}", declared["query", name]["schema"], _typed(value))
    _check_body(where, operation, request.body)
    if response is not None:
        _check_response(where, operation, response)


def _check_body(where: str, operation: dict[str, Any], body: Any) -> None:
    described = operation.get("requestBody")
    if described is None:
        if body is not None:
            raise NotInTheDescription(f"{where}: takes no body")
        return
    schema = described["content"]["application/json"]["schema"]
    _validate(f"{where}: body", schema, body)
    # The description lets unknown fields pass, and GitHub drops them in silence.
    unknown = set(body) - set(schema["properties"])
    if unknown:
        raise NotInTheDescription(f"{where}: no such field: {', '.join(sorted(unknown))}")


def _check_response(where: str, operation: dict[str, Any], response: Response) -> None:
    described = operation["responses"].get(str(response.status))
    if described is None and response.status >= 400:
        return  # the description leaves some errors out
    if described is None:
        raise NotInTheDescription(f"{where}: never answered with {response.status}")
    content = described.get("content")
    if content is None:
        if response.body is not None:
            raise NotInTheDescription(f"{where}: {response.status} has no body")
        return
    _validate(f"{where}: answer", content["application/json"]["schema"], response.body)


def _find(path: str) -> tuple[str, dict[str, str]]:
    """Return the described path that fits, the most literal one first, and its parameters."""
    for template in sorted(description()["paths"], key=lambda each: each.count("{")):
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
        found = re.fullmatch(pattern, path)
        if found:
            return template, found.groupdict()
    raise NotInTheDescription(f"{path}: no such path among those that the action may use")


def _validate(where: str, schema: dict[str, Any], value: Any) -> None:
    errors = sorted(OAS30Validator(schema).iter_errors(value), key=lambda error: list(error.path))
    if errors:
        place = "/".join(str(part) for part in errors[0].path)
        raise NotInTheDescription(f"{where}: {place}: {errors[0].message}")


def _typed(value: str) -> str | int:
    return int(value) if value.isdigit() and len(value) < 16 else value


@cache
def description() -> dict[str, Any]:
    """Return the description, which takes a second or two to read at the first call."""
    done = subprocess.run([sys.executable, _FETCH], stdout=subprocess.PIPE, check=True, text=True)
    text = Path(done.stdout.strip()).read_text()
    description: dict[str, Any] = json.loads(text, object_hook=_allow_null)
    return description


def _allow_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Let null pass where the description says so, but leaves it out of the list of values."""
    if schema.get("nullable") is True and isinstance(schema.get("enum"), list):
        schema["enum"] = [*schema["enum"], None]
    return schema
