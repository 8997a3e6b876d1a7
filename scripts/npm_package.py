"""One file of an npm package: fetched with npm, checked against the package's digest, kept."""

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).parents[1] / ".cache"


@dataclass(frozen=True)
class Package:
    """A package of the npm registry: its name, and the version whose digest this is."""

    name: str
    version: str
    integrity: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


def provide(
    target: Path, package: Package, member: str, reduce: Callable[[bytes], bytes] = bytes
) -> None:
    """Put one file of a package where it is wanted, unless it is there; end the program if not.

    Parameters
    ----------
    target
        Where.
    package
        Which package.
    member
        The file's path inside of it.
    reduce
        Makes what is kept of what the file holds.
    """
    if target.exists():
        return
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is missing: install Node.js, which brings it.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        done = subprocess.run(
            [npm, "pack", "--silent", str(package)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        archives = list(Path(folder).glob("*.tgz"))
        if done.returncode != 0 or len(archives) != 1:
            sys.exit(f"npm could not fetch {package}: see its message above.")
        _check(package, archives[0])
        part = Path(folder) / "part"
        part.write_bytes(reduce(_read(package, archives[0], member)))
        # Several test processes may fetch at once: each replaces the file with the same bytes.
        part.replace(target)


def _check(package: Package, archive: Path) -> None:
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != package.integrity:
        sys.exit(f"{package} is not what it was: its digest is sha512-{digest}.")


def _read(package: Package, archive: Path, member: str) -> bytes:
    with tarfile.open(archive) as members:
        try:
            file = members.extractfile(member)
        except KeyError:
            file = None
        if file is None:
            sys.exit(f"{package} holds no {member}.")
        return file.read()
