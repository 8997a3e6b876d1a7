"""The system calls that a command may not make, as a filter that the kernel runs.

libseccomp makes the program; :mod:`easeml_action.sandbox.launcher` installs it. It refuses, so that
a library which merely asks goes on; it kills what calls by another architecture's numbers.
"""

import errno
import socket
import tempfile
from functools import cache
from typing import Any, Final

# What a model has no use for: other processes' memory, mounts and namespaces, keys, the kernel's
# programs and rings, the machine itself, and memory or messages that outlive a process.
_REFUSED: Final = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp"),
    *("mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree"),
    *("fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr"),
    *("unshare", "setns"),
    *("add_key", "request_key", "keyctl"),
    *("bpf", "perf_event_open", "userfaultfd", "lookup_dcookie", "fanotify_init"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
    *("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot"),
    *("swapon", "swapoff", "acct", "quotactl", "quotactl_fd", "syslog", "vhangup", "nfsservctl"),
    *("settimeofday", "clock_settime", "sethostname", "setdomainname", "iopl", "ioperm"),
    *("open_by_handle_at", "name_to_handle_at", "uselib", "sysfs", "_sysctl", "ustat"),
    *("shmget", "shmat", "shmctl", "semget", "semop", "semctl", "msgget", "msgsnd", "msgrcv"),
    *("mq_open", "mq_unlink", "ipc"),
)

# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET of clone(2).
_NAMESPACES: Final = (
    *(0x00020000, 0x02000000, 0x04000000, 0x08000000),
    *(0x10000000, 0x20000000, 0x40000000),
)

# TIOCSTI and TIOCLINUX of ioctl_tty(2): typing into a terminal.
_TERMINAL: Final = (0x5412, 0x541C)
_LOW_WORD: Final = 0xFFFFFFFF

# What a build may open: the internet, and what the C library asks for the machine's addresses.
_NETWORK: Final = (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)
_FAMILIES: Final = 46

_UNKNOWN: Final = -1  # a name that this version of libseccomp does not know yet


class SeccompUnavailable(Exception):
    """There is no libseccomp here, or it makes no filter."""


@cache
def seccomp_program(*, network: bool) -> bytes:
    """Return the filter, as an array of ``struct sock_filter`` of seccomp(2).

    Parameters
    ----------
    network
        Whether sockets of the internet may be opened. No other socket ever may, except for pairs
        of Unix sockets, which reach nobody but the process's own children.

    Raises
    ------
    SeccompUnavailable
        There is no libseccomp here, or it makes no filter.
    """
    try:
        import pyseccomp  # noqa: PLC0415  fails where there is no libseccomp
    except RuntimeError:
        raise SeccompUnavailable("libseccomp is not installed") from None
    try:
        rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
        _refuse(rules, pyseccomp, network=network)
        with tempfile.TemporaryFile() as file:
            rules.export_bpf(file)
            file.seek(0)
            return file.read()
    except OSError as error:
        raise SeccompUnavailable(f"libseccomp made no filter ({error.strerror})") from None


def _refuse(rules: Any, lib: Any, *, network: bool) -> None:
    denied = lib.ERRNO(errno.EPERM)
    for name in _REFUSED:
        _add(rules, lib, denied, name)
    for flag in _NAMESPACES:
        _add(rules, lib, denied, "clone", lib.Arg(0, lib.MASKED_EQ, flag, flag))
    # Its flags lie in memory, where a filter cannot look; the C library falls back to clone.
    _add(rules, lib, lib.ERRNO(errno.ENOSYS), "clone3")
    for request in _TERMINAL:
        _add(rules, lib, denied, "ioctl", lib.Arg(1, lib.MASKED_EQ, _LOW_WORD, request))
    _add(rules, lib, denied, "socketpair", lib.Arg(0, lib.NE, socket.AF_UNIX))
    if not network:
        _add(rules, lib, denied, "socket")
        _add(rules, lib, denied, "socketcall")
        return
    for family in set(range(_FAMILIES)) - set(_NETWORK):
        _add(rules, lib, denied, "socket", lib.Arg(0, lib.EQ, family))
    _add(rules, lib, denied, "socket", lib.Arg(0, lib.GE, _FAMILIES))


def _add(rules: Any, lib: Any, action: int, name: str, *arguments: Any) -> None:
    number = lib.resolve_syscall(lib.Arch.NATIVE, name)
    if number != _UNKNOWN:
        rules.add_rule(action, number, *arguments)
