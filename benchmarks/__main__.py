"""``python -m benchmarks [WHAT ...]``: rows, commits, speed, growth, contention, overhead, image.

All of them by default.
"""

import argparse
from collections.abc import Callable

from benchmarks import commits, contention, growth, image, overhead, rows, speed

REPORTS: dict[str, Callable[[], None]] = {
    "rows": rows.report,
    "commits": commits.report,
    "speed": speed.report,
    "growth": growth.report,
    "contention": contention.report,
    "overhead": overhead.report,
    "image": image.report,
}


def main() -> None:
    """Print the measurements asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="*", help=f"some of: {', '.join(REPORTS)}")
    asked = parser.parse_args().what
    unknown = [name for name in asked if name not in REPORTS]
    if unknown:
        parser.error(f"there is no {unknown[0]!r}; there are {', '.join(REPORTS)}")
    for name in asked or REPORTS:
        REPORTS[name]()


if __name__ == "__main__":
    main()
