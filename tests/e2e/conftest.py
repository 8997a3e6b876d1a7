"""The engine, the image and a git server, for tests that run the action as GitHub does."""

import base64
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
TAG = "easeml-action-tested"
SHOW_AND_WAIT = 'printf "%s\\n%s\\n" "$DOCKER_HOST" "$DOCKER"; exec cat'

Docker = Callable[..., "subprocess.CompletedProcess[str]"]
ServeGit = Callable[[Path, str], AbstractContextManager[str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # One engine, one runner: these tests share a worker.
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.xdist_group("engine"))


@pytest.fixture(scope="session")
def engine() -> Iterator[dict[str, str]]:
    """An engine that lives as long as the session: DOCKER_HOST and DOCKER, its client."""
    holder = subprocess.Popen(
        [ROOT / "scripts/engine", "use", "sh", "-c", SHOW_AND_WAIT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        host, client = holder.stdout.readline().strip(), holder.stdout.readline().strip()
        assert host, "scripts/engine found no engine and could start none: see its message above"
        yield {"DOCKER_HOST": host, "DOCKER": client}
        holder.stdin.close()
    assert holder.returncode == 0


@pytest.fixture(scope="session")
def docker(engine: dict[str, str]) -> Docker:
    """Run the Docker client; its exit code is the caller's to judge."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [engine["DOCKER"], *arguments],
            env=os.environ | engine,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def image(engine: dict[str, str]) -> str:
    """The image, built from the Dockerfile as it stands."""
    done = subprocess.run(
        [ROOT / "scripts/build-image", TAG],
        env=os.environ | engine,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return TAG


@pytest.fixture(scope="session")
def serve_git() -> ServeGit:
    """Serve the bare repositories of a folder over HTTP to whoever holds the token."""
    return _serve_git


@contextmanager
def _serve_git(folder: Path, token: str) -> Iterator[str]:
    credentials = base64.b64encode(f"x-access-token:{token}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self) -> None:
            body = self._read_body()
            if self.headers.get_all("Authorization") != [f"Basic {credentials}"]:
                self._send(HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": "Basic"}, b"")
                return
            head, _, content = self._ask_git(body).partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            status = HTTPStatus(int(headers.pop("Status", "200").split()[0]))
            self._send(status, headers, content)

        def _read_body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", "0")))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _ask_git(self, body: bytes) -> bytes:
            url = urlsplit(self.path)
            environment = {
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "REMOTE_USER": "x-access-token",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": url.path,
                "QUERY_STRING": url.query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            }
            return subprocess.run(
                ["git", "http-backend"],
                env=environment,
                input=body,
                stdout=subprocess.PIPE,
                check=True,
            ).stdout

        def _send(self, status: HTTPStatus, headers: dict[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
