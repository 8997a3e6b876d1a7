"""The test set: opened by its key, split into labels and features, named by its rows.

This room knows gpg and tables. It knows nothing of conditions, models, ledgers or GitHub, and no
text that leaves it holds a row, a label or a secret.
"""

from easeml_action.testset.keyring import KeyPair, encrypt_to, encrypt_with, generate_key
from easeml_action.testset.vault import Vault, open_vault

__all__ = ["KeyPair", "Vault", "encrypt_to", "encrypt_with", "generate_key", "open_vault"]
