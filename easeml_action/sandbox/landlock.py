"""Landlock: the kernel's own list of what a process and all its children may reach.

The ruleset is made here and handed on as a descriptor; the process that it binds takes it on in
:mod:`easeml_action.sandbox.launcher`. Whoever is bound can also not look into a process that is
not (its memory, its environment, its descriptors), whatever user both have.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from py_landlock.abi import get_supported_fs, get_supported_net, get_supported_scope
from py_landlock.errors import LandlockError
from py_landlock.flags import AccessFs
from py_landlock.landlock_sys import (
    PathBeneathAttr,
    RulesetAttr,
    RulesetFd,
    add_rule,
    create_ruleset,
    get_abi_version,
)

from easeml_action.sandbox.reach import Reach

_OF_FILES: Final = (
    AccessFs.EXECUTE
    | AccessFs.WRITE_FILE
    | AccessFs.READ_FILE
    | AccessFs.TRUNCATE
    | AccessFs.IOCTL_DEV
)
_READ: Final = AccessFs.EXECUTE | AccessFs.READ_FILE | AccessFs.READ_DIR
_DEVICE_FILES: Final = AccessFs.MAKE_CHAR | AccessFs.MAKE_BLOCK


class LandlockUnavailable(Exception):
    """The kernel has no Landlock, or it is switched off."""


@contextmanager
def landlock_ruleset(reach: Reach) -> Iterator[int]:
    """Lend a ruleset that allows what ``reach`` names, as a file descriptor.

    Also closed, where the kernel can: TCP unless the reach has the network, signals to processes
    outside, and abstract Unix sockets of theirs.

    Raises
    ------
    LandlockUnavailable
        The kernel has none, or it is switched off.
    """
    try:
        version = get_abi_version()
        handled = get_supported_fs(version)
        ruleset = create_ruleset(
            RulesetAttr(
                handled_access_fs=handled,
                handled_access_net=0 if reach.network else get_supported_net(version),
                scoped=get_supported_scope(version),
            )
        )
    except LandlockError as error:
        raise LandlockUnavailable(str(error)) from None
    try:
        for place in reach.readable:
            _allow(ruleset, place, _READ & handled)
        for place in reach.writable:
            _allow(ruleset, place, handled & ~_DEVICE_FILES)
        yield ruleset
    finally:
        os.close(ruleset)


def _allow(ruleset: RulesetFd, place: Path, access: AccessFs) -> None:
    descriptor = os.open(place, os.O_PATH | os.O_CLOEXEC)
    try:
        allowed = access if place.is_dir() else access & _OF_FILES
        add_rule(ruleset, PathBeneathAttr(allowed, descriptor))
    finally:
        os.close(descriptor)
