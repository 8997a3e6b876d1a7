"""The sandbox: one untrusted command, run as a process that can reach as little as possible.

What is run, and what it is given, is the callers' affair. This room knows no model and no test
set; what it holds a command with are layers, of which each is verified before the command starts.
"""

from easeml_action.sandbox.account import Account, open_account
from easeml_action.sandbox.confined import Completed, run_confined
from easeml_action.sandbox.errors import FolderUnreachable, LayerMissing, SandboxFailed
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
    "Reach",
    "SandboxFailed",
    "give_all",
    "make_enterable",
    "open_account",
    "remove",
    "run_confined",
    "seal",
]
