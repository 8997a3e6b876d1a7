"""A proxy on loopback that stands before a real server and injects one fault at one request.

It reads each request whole, lets it through or not, and gives the server's answer or something in
its place: what a network, a load balancer and a server in distress do.
"""

import http.client
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, Self
from urllib.parse import urlsplit

from tests.integration.conftest import read_body

_PAGE = b"<html><body>Something went wrong at our end</body></html>"
_SECONDARY = json.dumps({"message": "You have exceeded a secondary rate limit."}).encode()
_HOP_BY_HOP = {"connection", "content-length", "host", "transfer-encoding"}


@dataclass(frozen=True)
class Fault:
    """What happens to a request.

    Parameters
    ----------
    end
        ``answer`` gives the answer below, ``close`` none, ``cut`` half of the server's own, and
        ``hang`` waits until whoever asked has had enough.
    arrives
        The request reaches the server first.
    """

    end: Literal["answer", "close", "cut", "hang"]
    arrives: bool = False
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


# Faults that pass: a run asks again, and goes on as if nothing had been.
PASSING = {
    "500": Fault("answer", status=500, body=_PAGE),
    "502": Fault("answer", status=502, body=_PAGE),
    "429 with Retry-After": Fault("answer", status=429, headers={"Retry-After": "1"}),
    "a web page": Fault("answer", body=_PAGE),
    "dropped": Fault("close"),
    "answer lost": Fault("close", arrives=True),
    "answer cut": Fault("cut", arrives=True),
}
# Only GitHub's API knows this one; a git server means by 403 that the token may not.
SECONDARY_LIMIT = Fault("answer", status=403, headers={"Retry-After": "1"}, body=_SECONDARY)
# GitHub asks for a minute's patience where it names no time, which is more than these runs have.
LONG_LIMIT = Fault("answer", status=403, body=_SECONDARY)
NOT_FOUND = Fault("answer", status=404, body=b'{"message": "Not Found"}')
UNPROCESSABLE = Fault("answer", status=422, body=b'{"message": "Validation Failed"}')
HANGING = Fault("hang")
HANGING_AFTERWARDS = Fault("hang", arrives=True)

Plan = Callable[[int, str], Fault | None]


def leave_alone(_: int, __: str) -> None:
    """Let every request through."""


class FaultProxy:
    """Stands before one server, which it leaves alone until it is armed.

    Parameters
    ----------
    upstream
        The address of the server.
    """

    def __init__(self, upstream: str) -> None:
        self.injected = 0
        self._count = 0
        self._upstream = urlsplit(upstream)
        self._plan: Plan = leave_alone
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The address to use in place of the server's."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def arm(self, plan: Plan) -> None:
        """Count requests from 0 on, and ask ``plan`` what happens to each, by number and name."""
        with self._lock:
            self._count, self._plan = 0, plan

    def next_fault(self, request: str) -> Fault | None:
        """Return what happens to a request."""
        with self._lock:
            fault = self._plan(self._count, request)
            self._count += 1
            self.injected += fault is not None
            return fault

    def forward(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Let the server answer."""
        place = self._upstream
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
        try:
            connection.request(method, place.path + path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


def _handler(proxy: FaultProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            self.close_connection = True
            body = read_body(self)
            name = f"{self.command} {self.path.partition('?')[0]}{_service(self.path)}"
            fault = proxy.next_fault(name)
            if fault is None or fault.arrives:
                headers = {
                    key: value
                    for key, value in self.headers.items()
                    if key.lower() not in _HOP_BY_HOP
                }
                status, answered, data = proxy.forward(self.command, self.path, headers, body)
                if fault is None or fault.end == "cut":
                    self._answer(status, answered, data, cut=fault is not None)
                    return
            if fault.end == "answer":
                self._answer(fault.status, list(fault.headers.items()), fault.body)
            elif fault.end == "hang":
                self.connection.settimeout(120)
                self.connection.recv(1)  # empty once the other end has had enough

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = _serve  # noqa: N815

        def _answer(
            self, status: int, headers: list[tuple[str, str]], data: bytes, *, cut: bool = False
        ) -> None:
            self.send_response(status)
            for key, value in headers:
                if key.lower() not in _HOP_BY_HOP | {"date", "server"}:
                    self.send_header(key, value)
            self.send_header("Connection", "close")
            if status != 204:
                self.send_header("Content-Length", str(len(data) + cut))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if cut else data)

        def log_message(self, *_: object) -> None:
            """Say nothing: the plan hears of every request."""

    return Handler


def _service(path: str) -> str:
    """Return which side of git a request is for, where only its query says so."""
    _, _, query = path.partition("?service=")
    return f" {query}" if query else ""
