"""The schema that editors use: kept beside the code, and never stricter than it."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from easeml_action.config import Config, json_schema

DOCS = Path(__file__).parents[3] / "docs"
MAP = """\
ml:
  script: ./evaluate_model.py
  condition: n - o > 0.02 +/- 0.01
  reliability: 0.999
  mode: fp-free
  adaptivity: full
  steps: 32
"""
LIST = """\
ml:
- script : ./evaluate_model.py
- condition : n > 0.8 +/- 0.05
- reliability: 0.99
- mode : fn-free
- adaptivity : hybrid
- steps : 32
- data_mode : local
- email: a@example.com
"""


def complaints(text: str) -> list[str]:
    return [
        each.message for each in Draft7Validator(json_schema()).iter_errors(yaml.safe_load(text))
    ]


def test_the_file_in_the_repository_is_what_the_code_generates() -> None:
    """`easeml check-config --schema > docs/easeml.schema.json` writes it anew."""
    assert json.loads((DOCS / "easeml.schema.json").read_text()) == json_schema()


def test_it_is_a_schema_and_describes_every_key() -> None:
    Draft7Validator.check_schema(json_schema())
    assert set(json_schema()["definitions"]) == set(Config.model_fields)
    assert all(each["description"] for each in json_schema()["definitions"].values())


@pytest.mark.parametrize(
    "text",
    [
        MAP,
        LIST,
        MAP.replace("full", "none -> a@example.com"),
        MAP + "  model_paths: models/\n  label: 5\n  header: false\n",
        MAP + "  model_paths: [models/, src/]\n  label: label\n  email:\n",
    ],
)
def test_what_the_gate_reads_passes_the_schema(text: str) -> None:
    Config.load(text.encode())
    assert complaints(text) == []


@pytest.mark.parametrize(
    "text",
    [
        MAP.replace("steps", "step"),
        MAP.replace("32", "0"),
        MAP.replace("full", "fully"),
        MAP.replace("0.999", "1"),
        MAP.replace("ml:", "gate:"),
        MAP.replace("  steps: 32\n", ""),
        LIST.replace("- mode ", "  mode "),
        LIST.replace("fn-free", "free"),
    ],
)
def test_an_editor_marks_what_the_gate_would_refuse(text: str) -> None:
    assert complaints(text) != []
