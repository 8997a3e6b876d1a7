"""How much of the machine one command may use up."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from easeml_action.sandbox.account import Account

Overrun = Literal["time", "memory", "disk"]

_MEMORY_SHARE: Final = 0.75
_CGROUP_LIMITS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


@dataclass(frozen=True)
class Limits:
    """Bounds on one command and all that it starts.

    Parameters
    ----------
    seconds
        Wall-clock time. No process can use more CPU time than that on every processor.
    memory_bytes
        Memory of its own, of one process and of all together; None for three quarters of the
        machine's.
    processes
        Processes and threads together; holds only for a separate account.
    open_files
        Descriptors of one process.
    file_bytes
        Size of any one file that it writes.
    disk_bytes
        What all its files take together.
    files
        How many files, folders and links it may leave.
    """

    seconds: float
    memory_bytes: int | None = None
    processes: int = 1024
    open_files: int = 4096
    file_bytes: int = 2 * 2**30
    disk_bytes: int = 4 * 2**30
    files: int = 100_000

    @property
    def memory(self) -> int:
        """The bound on memory in bytes, whether given or the machine's."""
        return self.memory_bytes or int(machine_memory() * _MEMORY_SHARE)

    def of_a_process(self, account: Account) -> dict[str, int]:
        """Return what the kernel enforces for each process, by the names of setrlimit(2)."""
        chosen = {
            "RLIMIT_CORE": 0,
            "RLIMIT_CPU": int(self.seconds * (os.cpu_count() or 1)) + 1,
            "RLIMIT_DATA": self.memory,
            "RLIMIT_FSIZE": self.file_bytes,
            "RLIMIT_NOFILE": self.open_files,
        }
        if account.separate:
            chosen["RLIMIT_NPROC"] = self.processes
        return chosen


def machine_memory() -> int:
    """Return the bytes of memory of this machine, or of the container that we are in."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for place in _CGROUP_LIMITS:
        try:
            said = place.read_text().strip()
        except OSError:
            continue
        return min(physical, int(said)) if said.isdecimal() else physical
    return physical
