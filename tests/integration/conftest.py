"""What several rooms meet: a git host on loopback, and a machine with other users on it."""

import base64
import gzip
import os
import secrets
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from easeml_action.model.interpreter import find_interpreter
from easeml_action.sandbox import remove
from tests.audit import Audit, audit
from tests.leaks import WATCH
from tests.tally import Tally


class GitServer:
    """Bare repositories over smart HTTP, for whoever brings the token, and only once.

    As GitHub does, it refuses a request with two Authorization headers, and answers a push
    without the right to write with 403 (``forbid_pushes``).
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.token = "ghs_" + secrets.token_hex(18)
        WATCH.secret(self.token, "the token of the git host")
        self.forbid_pushes = False
        self.disk_is_full = False
        self.requests: list[tuple[str, int]] = []  # "METHOD path?query", status
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        """The address below which the repositories are."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def create(self, name: str) -> str:
        """Make an empty bare repository (``owner/name.git``) and return its address."""
        command = ["git", "init", "--quiet", "--bare", "-b", "main", str(self.root / name)]
        subprocess.run(command, check=True)
        return f"{self.url}/{name}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def admits(self, headers: list[str]) -> int:
        """Return the status with which a request that has these headers begins."""
        expected = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        if len(headers) > 1:
            return 400
        return 200 if headers == [f"Basic {expected}"] else 401


def read_body(request: BaseHTTPRequestHandler) -> bytes:
    """Read the whole body of a request, also where it comes in chunks."""
    if request.headers.get("Transfer-Encoding") != "chunked":
        return request.rfile.read(int(request.headers.get("Content-Length") or 0))
    body = b""
    while size := int(request.rfile.readline(), 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
    return body


def _handler(host: GitServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve(b"")

        def do_POST(self) -> None:
            self._serve(self._body())

        def log_message(self, *arguments: object) -> None:
            pass

        def _serve(self, body: bytes) -> None:
            self.close_connection = True
            status = host.admits(self.headers.get_all("Authorization", []))
            if status == 200 and host.forbid_pushes and "git-receive-pack" in self.path:
                status = 403
            if status == 200:
                status, headers, answer = self._run_backend(body)
            else:
                headers = [("WWW-Authenticate", 'Basic realm="git"')] if status == 401 else []
                answer = b"Permission to the repository denied.\n" if status == 403 else b""
                headers.append(("Content-Type", "text/plain"))
            host.requests.append((f"{self.command} {self.path}", status))
            self.send_response(status)
            for name, value in [*headers, ("Connection", "close")]:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _body(self) -> bytes:
            body = read_body(self)
            packed = self.headers.get("Content-Encoding") == "gzip"
            return gzip.decompress(body) if packed else body

        def _run_backend(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            path, _, query = self.path.partition("?")
            environment = {
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(host.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "REMOTE_USER": "x-access-token",
                "REMOTE_ADDR": "127.0.0.1",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
            }
            # As on a full disk, nothing can be written to a file.
            full = ["sh", "-c", 'trap "" XFSZ; ulimit -f 0; exec "$@"', "sh"]
            done = subprocess.run(
                [*(full if host.disk_is_full else []), "git", "-c", "gc.auto=0", "http-backend"],
                env=environment,
                input=body,
                capture_output=True,
                check=False,
            )
            head, _, answer = done.stdout.partition(b"\r\n\r\n")
            fields = [line.split(": ", 1) for line in head.decode().split("\r\n")]
            status = next((int(value[:3]) for name, value in fields if name == "Status"), 200)
            return status, [(name, value) for name, value in fields if name != "Status"], answer

    return Handler


@pytest.fixture
def git_server(tmp_path: Path) -> Iterator[GitServer]:
    """A running git host of one's own, with its repositories under ``root``."""
    root = tmp_path / "git-host"
    root.mkdir()
    server = GitServer(root)
    yield server
    server.close()


@pytest.fixture
def audited(tally: Tally) -> Callable[..., Audit]:
    """Audit the ledger of a bare repository; it must have no flaw, and the suite counts that."""

    def insist(*arguments: Any, **options: Any) -> Audit:
        found = audit(*arguments, **options)
        tally.add("steps lost", found.lost)
        tally.add("steps double-charged", found.double)
        tally.add("budget exceeded", found.exceeded)
        assert found.flaws == []
        return found

    return insist


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can enter; pytest's own are closed to all but us."""
    folder = Path(tempfile.mkdtemp(prefix="easeml-test-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    remove(folder)


@pytest.fixture
def as_ordinary_user(place: Path) -> Callable[[str], str]:
    """Run Python code in a process that is not root, and return what it printed."""
    root = os.geteuid() == 0
    python = find_interpreter(for_others=True).path if root else Path(sys.executable)
    number = 61183 if root else None  # not one that runs draw from

    def run(code: str) -> str:
        script = place / "ordinary.py"
        script.write_text(textwrap.dedent(code))
        script.chmod(0o644)
        done = subprocess.run(
            [python, script],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            cwd="/",
            user=number,
            group=number,
            extra_groups=[] if root else None,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    return run
