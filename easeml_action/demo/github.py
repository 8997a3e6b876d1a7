"""A local server that speaks the part of GitHub's REST API that the action uses.

For the demonstration and the tests: real HTTP on the loopback interface, state in memory. Start it
in a process of its own with ``python -m easeml_action.demo.github --help``.
"""

import argparse
import json
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from easeml_action.demo.github_repository import (
    Repository,
    Request,
    Response,
    message,
)
from easeml_action.demo.github_settings import Json, Settings

DEFAULT_REPOSITORY = "octo/model"
DEFAULT_TOKEN = "ghs_demo"  # noqa: S105  it opens nothing but this server
_HOURLY_LIMIT = 1_000


@dataclass
class _Fault:
    """An answer given in the API's place, to the next requests that fit."""

    times: int
    method: str
    path: str
    status: int
    headers: dict[str, str]
    body: str
    after: bool

    def fits(self, request: Request) -> bool:
        return self.times > 0 and self.method in {"", request.method} and self.path in request.path


class RequestRefused(Exception):
    """A request that the API's description does not allow."""


class GitHubServer:
    """The server, one repository, and what a test wants to know of them.

    Parameters
    ----------
    repository
        ``owner/name``; any other is answered with 404.
    token
        The only one accepted.
    port
        0 takes a free one.
    prefix
        Path of the API, such as ``/api/v3`` on GitHub Enterprise.
    state_file
        Where to write the state after each request, for other processes.
    check
        Called with each request and None before it is answered, and again with the API's answer.
        What it raises is raised again when the server is closed.
    """

    def __init__(
        self,
        repository: str = DEFAULT_REPOSITORY,
        token: str = DEFAULT_TOKEN,
        *,
        port: int = 0,
        prefix: str = "",
        state_file: Path | None = None,
        check: Callable[[Request, Response | None], None] | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self._token = token
        self._prefix = prefix
        self._state_file = state_file
        self._check = check
        self._refused: list[Exception] = []
        self._faults: list[_Fault] = []
        self._lock = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._repository = Repository(repository, self.url)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if self._refused and error is None:
            raise RequestRefused(str(self._refused[0])) from self._refused[0]

    @property
    def url(self) -> str:
        """The value for GITHUB_API_URL."""
        return f"http://127.0.0.1:{self._server.server_port}{self._prefix}"

    @property
    def issues(self) -> list[Json]:
        """All issues, by number."""
        with self._lock:
            return [dict(issue) for issue in self._repository.issues]

    @property
    def pulls(self) -> list[Json]:
        """All pull requests, in the order in which they were opened."""
        with self._lock:
            return [dict(pull) for pull in self._repository.pulls]

    @property
    def settings(self) -> Settings:
        """What the repository's owner has set; a test may change it."""
        return self._repository.settings

    def statuses(self, commit: str) -> list[Json]:
        """Return a commit's statuses, the newest first."""
        with self._lock:
            return [dict(status) for status in reversed(self._repository.statuses.get(commit, []))]

    def comments(self, number: int) -> list[Json]:
        """Return an issue's comments, the oldest first."""
        with self._lock:
            return [dict(comment) for comment in self._repository.comments.get(number, [])]

    def fail_next(
        self,
        times: int = 1,
        *,
        status: int,
        body: str = "",
        headers: dict[str, str] | None = None,
        method: str = "",
        path: str = "",
        after: bool = False,
    ) -> None:
        """Answer the next requests with a fault.

        Parameters
        ----------
        times
            How many.
        method, path
            Only requests with this method, or with this text in their path.
        after
            The request takes effect, and only its answer is lost.
        """
        with self._lock:
            self._faults.append(_Fault(times, method, path, status, headers or {}, body, after))

    def forgive(self) -> None:
        """Give no more faults."""
        with self._lock:
            self._faults.clear()

    def date_status(self, commit: str, created_at: str) -> None:
        """Put a commit's newest status into another time."""
        with self._lock:
            self._repository.statuses[commit][-1]["created_at"] = created_at

    def go_on_from(self, other: "GitHubServer") -> None:
        """Show all that another server shows, which is none the wiser."""
        with other._lock, self._lock:
            self._repository = other._repository.moved_to(self.url)

    def forget_statuses(self) -> None:
        """Lose every status, as if they were of commits that nobody comes across."""
        with self._lock:
            self._repository.statuses.clear()

    def answer(self, request: Request, token: str) -> Response:
        """Answer one request."""
        with self._lock:
            self.requests.append(request)
            allowed = self._examine(request, None)
            fault = next((fault for fault in self._faults if fault.fits(request)), None)
            if fault is not None:
                fault.times -= 1
                response = Response(fault.status, fault.body, fault.headers)
                if fault.after:
                    self._route(request)
            elif token not in {f"token {self._token}", f"Bearer {self._token}"}:
                response = message(401, "Bad credentials")
            elif not allowed:
                response = message(422, "Validation Failed")
            else:
                response = self._route(request)
                self._examine(request, response)
            self._save()
            # Turned into text under the lock: the next request may change what the body shows.
            body = response.body
            text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
            return Response(response.status, text, self._limits() | response.headers)

    def _examine(self, request: Request, response: Response | None) -> bool:
        """Say whether the check lets a request and its answer pass; remember it where not."""
        if self._check is None:
            return True
        try:
            self._check(request, response)
        except Exception as error:
            self._refused.append(error)
            return False
        return True

    def _route(self, request: Request) -> Response:
        path = request.path.removeprefix(f"{self._prefix}/repos/{self._repository.name}")
        if path == request.path:
            return message(404, "Not Found")
        return self._repository.answer(request, path)

    def _limits(self) -> dict[str, str]:
        used = len(self.requests)
        return {
            "X-RateLimit-Limit": str(_HOURLY_LIMIT),
            "X-RateLimit-Remaining": str(max(1, _HOURLY_LIMIT - used)),
            "X-RateLimit-Used": str(used),
            "X-RateLimit-Reset": str(int(datetime.now(UTC).timestamp()) + 3600),
            "X-RateLimit-Resource": "core",
        }

    def _save(self) -> None:
        if self._state_file is None:
            return
        state = {
            "statuses": self._repository.statuses,
            "issues": self._repository.issues,
            "comments": self._repository.comments,
            "requests": [asdict(request) for request in self.requests],
        }
        _write(self._state_file, json.dumps(state, indent=1))


def _handler(server: GitHubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            address = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            data = self.rfile.read(length)
            if len(data) < length:  # whoever asked has died in the midst of it
                self.close_connection = True
                return
            query = {name: values[-1] for name, values in parse_qs(address.query).items()}
            try:
                body = json.loads(data) if data else None
            except ValueError:
                self._send(Response(400, '{"message": "Problems parsing JSON"}'))
                return
            request = Request(self.command, address.path, query, body)
            with suppress(ConnectionError):  # or before the answer
                self._send(server.answer(request, self.headers.get("Authorization", "")))

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _serve  # noqa: N815

        def _send(self, response: Response) -> None:
            data = response.body.encode()
            kind = "text/html" if data.startswith(b"<") else "application/json; charset=utf-8"
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            if response.status != 204:
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing: the requests are in the server's list."""

    return Handler


def _write(path: Path, text: str) -> None:
    """Replace a file in one step, so that a reader never sees half of it."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text)
    part.replace(path)


def main() -> None:
    """Serve until a signal ends the process."""
    parser = argparse.ArgumentParser(
        prog="python -m easeml_action.demo.github", description=__doc__
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--port-file", type=Path, help="where to write the port once it listens")
    parser.add_argument("--state-file", type=Path, help="where to write the state, as JSON")
    parser.add_argument("--repository", default=DEFAULT_REPOSITORY, help="owner/name")
    parser.add_argument("--prefix", default="", help="path of the API, such as /api/v3")
    options = parser.parse_args()
    token = os.environ.get("GITHUB_TOKEN", DEFAULT_TOKEN)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with GitHubServer(
        options.repository,
        token,
        port=options.port,
        prefix=options.prefix,
        state_file=options.state_file,
    ) as server:
        if options.port_file:
            _write(options.port_file, str(urlsplit(server.url).port))
        print(server.url, flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
