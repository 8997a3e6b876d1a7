"""The command line ``easeml``: what people run by hand, beside the action.

Commands only read arguments, call the rooms and show what comes back. Each imports its rooms when
it runs, so that ``easeml --help`` does not wait for SciPy.
"""

from easeml_action.cli import (
    check_config,
    demo,
    encrypt,
    gate,
    keygen,
    plan,
    reveal,
    rotate,
    status,
    trial,
)
from easeml_action.cli.app import app, main, order_commands
from easeml_action.cli.setup import init

# In the order in which the help shows the commands.
_COMMANDS = (
    init,
    trial,
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

order_commands([module.__name__ for module in _COMMANDS])

__all__ = ["app", "main"]
