import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from easeml_action.testset import KeyPair
from tests.leaks import WATCH

GPG = shutil.which("gpg") or "gpg"


@dataclass(frozen=True)
class KeyMaker:
    """The gpg of somebody who makes keys without our help."""

    home: Path

    def run(self, *arguments: str, stdin: bytes = b"", passphrase: str = "") -> bytes:
        options = ["--batch", "--yes", "--quiet", "--pinentry-mode", "loopback"]
        options += ["--passphrase", passphrase, "--trust-model", "always"]
        done = subprocess.run(
            [GPG, "--homedir", str(self.home), *options, *arguments],
            input=stdin,
            capture_output=True,
            check=False,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def make(
        self,
        name: str,
        primary: str,
        subkey: str | None,
        *,
        expiry: str = "never",
        now: str | None = None,
    ) -> str:
        """Make a key, and a subkey to encrypt to, and return its fingerprint."""
        options = ["--faked-system-time", now] if now else []
        user = f"{name} <{name}@example.com>"
        self.run(*options, "--quick-generate-key", user, primary, "sign,cert", expiry)
        listed = self.run("--with-colons", "--list-keys", name).decode().splitlines()
        fingerprint = next(line for line in listed if line.startswith("fpr")).split(":")[9]
        if subkey is not None:
            self.run(*options, "--quick-add-key", fingerprint, subkey, "encr", expiry)
        return fingerprint

    def change_passphrase(self, fingerprint: str, old: str, new: str) -> None:
        """Put a key under another passphrase."""
        if not old:
            self.run("--passwd", fingerprint, passphrase=new)
            return
        answers = f"{old}\n{new}\n".encode()
        command = [GPG, "--homedir", str(self.home), "--no-tty", "--pinentry-mode", "loopback"]
        command += ["--command-fd", "0", "--passwd", fingerprint]
        subprocess.run(command, input=answers, capture_output=True, check=True)

    def key_ids(self, fingerprint: str) -> list[str]:
        """Return the ids of the primary key and its subkeys."""
        listed = self.run("--with-colons", "--list-keys", fingerprint).decode().splitlines()
        return [line.split(":")[4] for line in listed if line.startswith(("pub", "sub"))]

    def private(self, fingerprint: str, *, armor: bool = True, passphrase: str = "") -> bytes:
        options = ["--armor"] if armor else []
        command = "--export-secret-keys"
        exported = self.run(*options, command, fingerprint, passphrase=passphrase)
        if armor:
            pair = KeyPair(SecretStr(exported.decode()), self.public(fingerprint), fingerprint)
            WATCH.key(pair, f"the private key {fingerprint}")
        return exported

    def public(self, fingerprint: str) -> str:
        return self.run("--armor", "--export", fingerprint).decode()


@pytest.fixture(scope="session")
def new_key_maker() -> Iterator[Callable[[], KeyMaker]]:
    homes: list[Path] = []

    def new() -> KeyMaker:
        home = Path(tempfile.mkdtemp(prefix="keys-", dir="/tmp"))
        # Weakly stretched, for keys that protect nothing.
        (home / "gpg-agent.conf").write_text("s2k-count 65536\ndisable-scdaemon\n")
        homes.append(home)
        return KeyMaker(home)

    yield new
    for home in homes:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "gpg-agent"], check=True)
        while home.exists():  # the agent removes its sockets while we do
            shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def key_maker(new_key_maker: Callable[[], KeyMaker]) -> KeyMaker:
    return new_key_maker()


@pytest.fixture(scope="session")
def ed25519(key_maker: KeyMaker) -> str:
    """Return the fingerprint of an unprotected key with an encryption subkey."""
    return key_maker.make("edwards", "ed25519", "cv25519")


@pytest.fixture(scope="session")
def stranger(key_maker: KeyMaker) -> str:
    return key_maker.make("stranger", "ed25519", "cv25519")
