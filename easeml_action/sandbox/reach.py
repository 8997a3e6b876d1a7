"""What a command may reach of the file system and the network; everything else is closed to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Programs, libraries, and what these read of a machine: nothing here belongs to one user.
_SYSTEM: Final = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
    *("/proc", "/sys/devices/system", "/sys/fs/cgroup", "/sys/kernel/mm"),
)
_SYSTEM_SETTINGS: Final = (
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "timezone"),
    *("passwd", "group", "nsswitch.conf", "os-release", "debian_version", "locale.alias"),
    *("default/locale", "mime.types", "magic", "fonts", "python3*", "java-*", "R", "OpenCL"),
)
_NETWORK_SETTINGS: Final = (
    *("resolv.conf", "hosts", "host.conf", "gai.conf", "services", "protocols"),
    *("ssl", "pki", "ca-certificates", "crypto-policies", "gitconfig"),
)
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


@dataclass(frozen=True)
class Reach:
    """What one command may reach beyond the system's own programs and libraries.

    Parameters
    ----------
    reads
        Files and folders that it may read and start programs from.
    writes
        Files and folders that it may also change.
    network
        Whether it may speak to the internet.
    """

    reads: tuple[Path, ...]
    writes: tuple[Path, ...] = ()
    network: bool = False

    @property
    def readable(self) -> tuple[Path, ...]:
        """Everything that it may read, as far as it exists here."""
        settings = _SYSTEM_SETTINGS + (_NETWORK_SETTINGS if self.network else ())
        found = (place for name in settings for place in Path("/etc").glob(name))
        return _existing((*map(Path, _SYSTEM), *found, *self.reads))

    @property
    def writable(self) -> tuple[Path, ...]:
        """Everything that it may change, as far as it exists here."""
        return _existing((*map(Path, _DEVICES), *self.writes))


def _existing(places: Iterable[Path]) -> tuple[Path, ...]:
    return tuple(place for place in places if place.exists())
