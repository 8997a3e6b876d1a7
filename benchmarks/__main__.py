"""``python -m benchmarks [rows] [commits] [speed] [overhead] [image]``: all of them by default."""

import argparse
from collections.abc import Callable

from benchmarks import commits, image, overhead, rows, speed
from benchmarks.table import show

OVERHEAD_ROWS = (10_000, 1_000_000)


def report_overhead() -> None:
    """Print what the action costs beside the model, next to its floor."""
    measured = [overhead.measure(count) for count in OVERHEAD_ROWS]
    show(
        "The action without the model, next to gpg --decrypt and a start of Python with scipy",
        [
            "rows",
            "test set",
            "first run",
            "later run",
            "model",
            "decrypt",
            "python",
            "ratio, first",
            "ratio, later",
            "peak memory",
        ],
        [
            [
                f"{each.rows:,}",
                f"{each.megabytes:.1f} MB",
                f"{each.first:.2f} s",
                f"{each.later:.2f} s",
                f"{each.model:.2f} s",
                f"{each.decrypt:.2f} s",
                f"{each.python:.2f} s",
                f"{each.ratio(each.first):.1f}",
                f"{each.ratio(each.later):.1f}",
                f"{each.peak:,.0f} MB",
            ]
            for each in measured
        ],
        "Aim: a ratio of at most 2 at a million rows.",
        words=0,
    )


REPORTS: dict[str, Callable[[], None]] = {
    "rows": rows.report,
    "commits": commits.report,
    "speed": speed.report,
    "overhead": report_overhead,
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
