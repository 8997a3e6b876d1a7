"""Keeps the secrets of this process in this process, from its first moment to its last.

Only the standard library: the container's entrypoint calls it before it imports anything else.
"""

import ctypes
import resource
import sys
from collections.abc import MutableMapping

_PR_SET_DUMPABLE = 4

# What a runner hands to an action and to nobody else: the step's inputs, and the tokens by which it
# speaks to GitHub's own services.
_PRIVATE = ("INPUT_", "ACTIONS_")


def close_memory() -> None:
    """Shut other processes out of this one's memory and environment, also those of its own user.

    The kernel then gives ``/proc/PID/environ``, ``/proc/PID/mem`` and ptrace to root alone, and
    writes no core dump. It holds for this process; a program that it starts leaves no core dump.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def take_private(environ: MutableMapping[str, str]) -> dict[str, str]:
    """Return a copy of an environment, and take out of it what no child of ours may inherit.

    Parameters
    ----------
    environ
        ``os.environ``; the runner's inputs and tokens are gone from it afterwards.
    """
    whole = dict(environ)
    for name in whole:
        if name.startswith(_PRIVATE):
            del environ[name]
    return whole
