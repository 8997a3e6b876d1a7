"""The command line ``easeml``: what people run by hand, beside the action.

Commands only read arguments, call the rooms and show what comes back. Each imports its rooms when
it runs, so that ``easeml --help`` does not wait for SciPy.
"""

# In the order in which the help shows the commands.
from easeml_action.cli import (  # isort: skip
    keygen,
    encrypt,
    plan,
    check_config,
    gate,
    status,
    reveal,
    rotate,
    demo,
)
from easeml_action.cli.app import app, main

__all__ = [
    "app",
    "check_config",
    "demo",
    "encrypt",
    "gate",
    "keygen",
    "main",
    "plan",
    "reveal",
    "rotate",
    "status",
]
