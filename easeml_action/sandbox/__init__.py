"""The sandbox: one untrusted command, run so that it can reach as little as possible.

What is run, and what it is given, is the callers' affair: this room knows no model and no test set.
A process is held by layers, of which each is verified before the command starts. A container is
held by a Docker engine: its modules (``engine``, ``image``, ``container``, ``streams``) are not
imported here, since few runs need them.
"""

from easeml_action.sandbox.account import Account, open_account
from easeml_action.sandbox.confined import Completed, run_confined
from easeml_action.sandbox.errors import (
    FolderUnreachable,
    LayerMissing,
    MachineFault,
    SandboxFailed,
)
from easeml_action.sandbox.folders import give_all, make_enterable, remove, seal
from easeml_action.sandbox.layers import LAYERS, Layer
from easeml_action.sandbox.limits import Limits
from easeml_action.sandbox.reach import Reach

__all__ = [
    "LAYERS",
    "Account",
    "Completed",
    "FolderUnreachable",
    "Layer",
    "LayerMissing",
    "Limits",
    "MachineFault",
    "Reach",
    "SandboxFailed",
    "give_all",
    "make_enterable",
    "open_account",
    "remove",
    "run_confined",
    "seal",
]
