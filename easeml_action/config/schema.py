"""The JSON Schema of ``.easeml.yml``, by which editors complete and check it.

It says what JSON Schema can: keys, types and ranges. What is left (the condition's grammar, keys
that exclude each other) only :meth:`Config.load` checks.
"""

from typing import Any

from easeml_action.config.model import Config

SCHEMA_URL = "https://raw.githubusercontent.com/easeml/ci-action/main/docs/easeml.schema.json"

_DIALECT = "http://json-schema.org/draft-07/schema#"


def json_schema() -> dict[str, Any]:
    """Return the schema of a whole file, in either of its two spellings."""
    model = Config.model_json_schema()
    keys = {name: _key(name, schema) for name, schema in model["properties"].items()}
    some_keys = {
        "type": "object",
        "properties": {name: {"$ref": f"#/definitions/{name}"} for name in keys},
        "additionalProperties": False,
    }
    as_map = some_keys | {"required": model["required"]}
    as_list = {"type": "array", "items": some_keys | {"minProperties": 1, "maxProperties": 1}}
    return {
        "$schema": _DIALECT,
        "$id": SCHEMA_URL,
        "title": "The gate's configuration, .easeml.yml",
        "type": "object",
        "required": ["ml"],
        "additionalProperties": False,
        "properties": {"ml": {"anyOf": [as_map, as_list]}},
        "definitions": keys,
    }


def _key(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of one key as the file spells its value, not as the model holds it."""
    said = {key: value for key, value in schema.items() if key not in {"title", "examples"}}
    if said.get("default") is None:
        said.pop("default", None)
    match name:
        case "condition":
            return {"type": "string", "description": said["description"]}
        case "adaptivity":
            other = [{"const": "hybrid"}, {"type": "string", "pattern": r"^\s*none\s*(->|→)"}]
            return {
                "anyOf": [{"enum": said["enum"]}, *other],
                "description": said["description"],
            }
        case "model_paths":
            return said | {"anyOf": [{"type": "string"}, *said["anyOf"]]}
    return said
