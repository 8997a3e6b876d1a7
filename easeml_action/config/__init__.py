"""The gate's configuration: what ``.easeml.yml`` says, checked before anything is decrypted.

The file is written by the key holder and read from the trusted ref. Two spellings are read: a
plain map under ``ml:``, and the list of one-key maps of the paper's implementation.
"""

from easeml_action.config.errors import (
    ConditionImpossible,
    ConfigInvalid,
    ConfigMissing,
    NoLabelNamed,
    NoTestSetNamed,
)
from easeml_action.config.model import DEFAULT_NAME, Config, sample_beside
from easeml_action.config.schema import SCHEMA_URL, json_schema
from easeml_action.config.terms import Terms

__all__ = [
    "DEFAULT_NAME",
    "SCHEMA_URL",
    "ConditionImpossible",
    "Config",
    "ConfigInvalid",
    "ConfigMissing",
    "NoLabelNamed",
    "NoTestSetNamed",
    "Terms",
    "json_schema",
    "sample_beside",
]
