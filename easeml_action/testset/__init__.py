"""The test set: opened by its key, split into labels and features, named by its rows.

This room knows gpg and tables. It knows nothing of conditions, models, ledgers or GitHub, and no
error that leaves it quotes a row, a label or a secret.
"""

from easeml_action.testset.canonical import canonical_label
from easeml_action.testset.heading import begins_with_names
from easeml_action.testset.keyring import (
    KeyPair,
    encrypt_to,
    encrypt_with,
    fingerprint_of,
    generate_key,
)
from easeml_action.testset.labels import differ
from easeml_action.testset.sample import split_sample
from easeml_action.testset.table import TestSet, format_of
from easeml_action.testset.traces import Traces, find_again, trace
from easeml_action.testset.vault import Vault, is_protected, open_vault

__all__ = [
    "KeyPair",
    "TestSet",
    "Traces",
    "Vault",
    "begins_with_names",
    "canonical_label",
    "differ",
    "encrypt_to",
    "encrypt_with",
    "find_again",
    "fingerprint_of",
    "format_of",
    "generate_key",
    "is_protected",
    "open_vault",
    "split_sample",
    "trace",
]
