"""A gpg-agent of our own: its life from start to end, and its signature over a fixed text.

The agent speaks the Assuan protocol on a socket in its home. A passphrase travels over that
socket only: never in argv, in the environment or in a file.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote_to_bytes

from easeml_action.testset.gpg_errors import (
    PASSPHRASE_CODES,
    GpgFailed,
    GpgMissing,
    WrongPassphrase,
)

_TIMEOUT = 60.0  # seconds; a protected key is stretched for well under one
_END_TIMEOUT = 5.0  # seconds before an agent that was asked to end is killed
_LINE_LIMIT = 1000  # bytes in a line of the Assuan protocol
_ANSWER_LIMIT = 1 << 16  # bytes of an answer; a signature has a few hundred

_AGENT_OPTIONS = ("--no-options", "--disable-scdaemon", "--allow-loopback-pinentry")
_SHORTEST_STRETCH = "65536"  # iterations, gpg's own minimum


class Agent:
    """The agent that guards the keys of one home. It ends with the ``with`` block.

    Parameters
    ----------
    home
        A private directory whose path is short enough for a socket (about 80 characters).
    environment
        The environment that gpg programs run in.
    stretch
        Whether passphrases are stretched for long (a tenth of a second of work each). Keys that
        leave this home need it; copies that end with it do not.
    """

    def __init__(self, home: Path, environment: dict[str, str], *, stretch: bool) -> None:
        self._stretch = [] if stretch else ["--s2k-count", _SHORTEST_STRETCH]
        self._home = home
        self._environment = environment
        self._socket = home
        self._pid = 0

    def __enter__(self) -> Self:
        for program in ("gpg", "gpg-agent", "gpgconf"):
            if shutil.which(program, path=self._environment["PATH"]) is None:
                raise GpgMissing(program)
        self._run("gpg-agent", "--daemon", *_AGENT_OPTIONS, *self._stretch)
        listed = self._run("gpgconf", "--list-dirs", "agent-socket").decode().strip()
        self._socket = Path(os.fsdecode(unquote_to_bytes(listed)))
        with _Conversation(self._socket) as conversation:
            self._pid = int(conversation.ask("GETINFO pid"))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._send(signal.SIGTERM)
        deadline = time.monotonic() + _END_TIMEOUT
        while self._lives():
            if time.monotonic() > deadline:
                self._send(signal.SIGKILL)
            time.sleep(0.002)
        # Where /run/user exists the socket lies there and not in the home.
        self._run("gpgconf", "--remove-socketdir", check=False)

    def sign(self, keygrip: str, digest: bytes, passphrase: str | None) -> bytes:
        """Sign a SHA-512 digest with a secret key and return the raw signature values.

        The values are those of RSA PKCS#1 v1.5 (RFC 8017), EdDSA (RFC 8032) and deterministic
        DSA or ECDSA (RFC 6979), so that they depend on the key and the digest alone.

        Parameters
        ----------
        keygrip
            The key's name with the agent, 40 hexadecimal digits.
        digest
            64 bytes.
        passphrase
            What protects the key, or None.

        Raises
        ------
        WrongPassphrase
            The key is protected and the passphrase does not open it, or there is none.
        """
        with _Conversation(self._socket) as conversation:
            conversation.ask("OPTION pinentry-mode=loopback")
            conversation.ask(f"SIGKEY {keygrip}")
            conversation.ask(f"SETHASH --hash=sha512 {digest.hex()}")
            answer = conversation.ask("PKSIGN", passphrase)
        return _signature_values(answer)

    def _run(self, program: str, *arguments: str, check: bool = True) -> bytes:
        done = subprocess.run(
            [program, "--homedir", str(self._home), *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "gpgconf" else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT,
            check=False,
        )
        if check and done.returncode != 0:
            raise GpgFailed(program)
        return done.stdout or b""

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._pid, number)

    def _lives(self) -> bool:
        # In a container we may be process 1, which inherits the agent and has to reap it.
        with suppress(ChildProcessError):
            os.waitpid(self._pid, os.WNOHANG)
        try:
            os.kill(self._pid, 0)
            # Elsewhere process 1 may take its time: a zombie has ended.
            stat = Path(f"/proc/{self._pid}/stat").read_text()
        except ProcessLookupError:
            return False
        except OSError:
            return True
        return not stat.rpartition(")")[2].startswith(" Z")


class _Conversation:
    """One connection to the agent."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(_TIMEOUT)
            self._socket.connect(str(self._path))
            self._lines = self._socket.makefile("rb")
            self._answer(None)
        except BaseException:
            self._socket.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lines.close()
        self._socket.close()

    def ask(self, command: str, passphrase: str | None = None) -> bytes:
        """Send one command and return the data of its answer."""
        self._socket.sendall(command.encode() + b"\n")
        return self._answer(passphrase)

    def _answer(self, passphrase: str | None) -> bytes:
        data = b""
        while len(data) < _ANSWER_LIMIT:
            line = self._lines.readline(_LINE_LIMIT + 2).rstrip(b"\n")
            word, _, rest = line.partition(b" ")
            if word == b"OK":
                return data
            if word == b"D":
                data += unquote_to_bytes(rest)
            elif word == b"INQUIRE" and rest.startswith(b"PASSPHRASE") and passphrase:
                self._send_passphrase(passphrase)
            elif word == b"INQUIRE":
                self._socket.sendall(b"CAN\n")
                if rest.startswith(b"PASSPHRASE"):
                    raise WrongPassphrase.for_key(given=False)
            elif word == b"ERR":
                code = int(rest.split(b" ", 1)[0]) & 0xFFFF  # above them: which program said it
                if code in PASSPHRASE_CODES:
                    raise WrongPassphrase.for_key(given=passphrase is not None)
                raise GpgFailed("gpg-agent", f"error {code}")
            elif word not in {b"S", b"#"}:
                break
        raise GpgFailed("gpg-agent")

    def _send_passphrase(self, passphrase: str) -> None:
        escaped = "".join(f"%{byte:02X}" for byte in passphrase.encode())
        size = (_LINE_LIMIT - 2) // 3 * 3  # a line holds whole escapes only
        for start in range(0, len(escaped), size):
            self._socket.sendall(b"D " + escaped[start : start + size].encode() + b"\n")
        self._socket.sendall(b"END\n")


_ELEMENT = re.compile(rb"\(1:([rs])(\d{1,4}):")


def _signature_values(expression: bytes) -> bytes:
    """Return r and s of a signature, each named, measured and without leading zeros.

    Whether a number carries leading zero bytes differs between versions of the library; the
    number itself does not.
    """
    values = []
    position = expression.find(b"(1:")
    while found := _ELEMENT.match(expression, position):
        end = found.end() + int(found[2])
        value = expression[found.end() : end].lstrip(b"\0")
        values.append(b"%s%d:%s" % (found[1], len(value), value))
        position = end + 1
    if not values:
        raise GpgFailed("gpg-agent")
    return b"".join(sorted(values))
