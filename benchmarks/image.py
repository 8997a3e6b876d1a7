"""How large the image is and how long a container of it takes to start.

``python -m benchmarks.image`` measures with the engine named by DOCKER_HOST and DOCKER, as
``scripts/engine use`` sets them.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.table import console, show

ROOT = Path(__file__).parents[1]
TAG = "easeml-action-measured"
REPEATS = 5


@dataclass(frozen=True)
class Image:
    """The image.

    Parameters
    ----------
    megabytes
        Its size, unpacked.
    start
        Seconds to start a container that runs Python and does nothing, and to see it end.
    """

    megabytes: float
    start: float


def measure() -> Image | None:
    """Build and measure the image in an engine; None where none can be had."""
    done = subprocess.run(
        [str(ROOT / "scripts/engine"), "use", sys.executable, "-m", "benchmarks.image"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        console().print(f"The image was not measured: {said[-1] if said else 'no reason given'}\n")
        return None
    return Image(**json.loads(done.stdout.splitlines()[-1]))


def _measure_here() -> Image:
    docker = os.environ["DOCKER"]
    subprocess.run([ROOT / "scripts/build-image", TAG], stdout=sys.stderr, check=True)
    size = subprocess.run(
        [docker, "image", "inspect", "--format", "{{.Size}}", TAG],
        capture_output=True,
        text=True,
        check=True,
    )
    start = ["run", "--rm", "--network", "none", "--entrypoint", "/app/.venv/bin/python", TAG]
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        subprocess.run([docker, *start, "-c", "pass"], check=True)
        times.append(time.perf_counter() - began)
    return Image(int(size.stdout) / 1e6, min(times))


def report() -> None:
    """Print the table."""
    measured = measure()
    if measured is not None:
        show(
            "Image",
            ["size", "container start"],
            [[f"{measured.megabytes:.0f} MB", f"{measured.start:.2f} s"]],
            words=0,
        )


if __name__ == "__main__":
    print(json.dumps(asdict(_measure_here())))
