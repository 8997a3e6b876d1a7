"""Runs of the action that kill themselves at one of the stops on their way, as a program.

There is a stop before each thing that a run does to the world outside: before a program is
started, before a part of a request is sent and before it is answered, before a file of the runner
is opened for writing, and before the end. What comes before one comes after the one before it.

Each line of standard input is a run, as JSON: its ``environment`` and ``workspace``, its ``log``,
the file ``stops`` to which the name of each stop is appended as it is reached, and the number of
the ``last``. Each is answered with the exit code. A run is a process of its own, forked from this
one, in which the action has been imported already.
"""

import http.client
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from easeml_action.action import main


class Way:
    """The stops of one run.

    Parameters
    ----------
    stops
        Where their names go.
    last
        The number of the one at which the run is killed.
    files
        The runner's files.
    """

    def __init__(self, stops: str, last: int, files: set[str]) -> None:
        self._stops = os.open(stops, os.O_WRONLY | os.O_APPEND)
        self._last = last
        self._files = files
        self._reached = 0

    def watch(self) -> None:
        """Stop from now on before everything that reaches the world outside."""
        receive = http.client.HTTPConnection.getresponse

        def stop_and_receive(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
            self.stop("the answer to a request")
            return receive(connection)

        http.client.HTTPConnection.getresponse = stop_and_receive  # type: ignore[method-assign]
        sys.addaudithook(self._hear)

    def stop(self, name: str) -> None:
        """Come to a stop, and go no further than the last."""
        os.write(self._stops, f"{name}\n".encode())
        if self._reached == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
        self._reached += 1

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "subprocess.Popen":
            program, *words = arguments[1]
            name = Path(program).name
            self.stop(f"git {words[0]}" if name == "git" else name)
        elif event == "http.client.send":
            self.stop("a part of a request")
        elif event == "open" and arguments[0] in self._files and arguments[2] & os.O_WRONLY:
            self.stop(f"a line of {Path(arguments[0]).name}")


def run(given: Mapping[str, Any]) -> int:
    """Run the action in this process."""
    log = os.open(given["log"], os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log, stream.fileno())
    os.environ.clear()
    os.environ.update(given["environment"])
    os.chdir(given["workspace"])
    files = {os.environ["GITHUB_OUTPUT"], os.environ["GITHUB_STEP_SUMMARY"]}
    way = Way(given["stops"], given["last"], files)
    way.watch()
    code = main()
    sys.stdout.flush()
    way.stop("the end")
    return code


def serve() -> None:
    """Run what is asked for, one run after the other."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(run(json.loads(line)))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
