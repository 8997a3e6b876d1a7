"""What the tests have tried and found in all, and tables of it, in the suite's last lines.

A test says it through the fixture ``tally``. It travels with the test's report, so that it adds
up in the one process that prints, however many processes run the tests.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import pytest

# In the order in which they are printed. The last three are what an audit of a ledger found.
FIGURES: Final = (
    "runs",
    "kills",
    "faults injected",
    "tamperings tried",
    "attacks tried",
    "attacks won",
    "steps lost",
    "steps double-charged",
    "budget exceeded",
)

_PROPERTY: Final = "tally"


class Tally:
    """What one test adds to the suite's last lines.

    Parameters
    ----------
    item
        The test.
    """

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def add(self, figure: str, count: int = 1) -> None:
        """Add to one of the :data:`FIGURES`; adding 0 says that it was looked for."""
        if figure not in FIGURES:
            raise ValueError(f"figure must be one of {', '.join(FIGURES)}, not {figure!r}")
        self._item.user_properties.append((_PROPERTY, {"figure": figure, "count": count}))

    def row(self, table: str, **cells: str) -> None:
        """Add a row to a table that is printed, whose columns are the names of the cells.

        Rows that begin with the same cell are one row: each of two tests may fill in its own
        cells, and leave those of the other empty.
        """
        self._item.user_properties.append((_PROPERTY, {"table": table, "cells": cells}))


class Totals:
    """What all tests have added, in the process that prints."""

    def __init__(self) -> None:
        self._figures: dict[str, int] = {}
        self._tables: dict[str, dict[str, dict[str, str]]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what one test has added; the report of its end holds all of it."""
        if report.when != "teardown":
            return
        for name, said in report.user_properties:
            if name == _PROPERTY and "figure" in said:
                figure = said["figure"]
                self._figures[figure] = self._figures.get(figure, 0) + said["count"]
            elif name == _PROPERTY:
                rows, cells = self._tables.setdefault(said["table"], {}), said["cells"]
                row = rows.setdefault(next(iter(cells.values())), dict(cells))
                row.update({column: text for column, text in cells.items() if text})

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the tables, and the figures that some test has looked for."""
        for title in sorted(self._tables):
            terminalreporter.section(title)
            rows = [row for _, row in sorted(self._tables[title].items())]
            columns = list(rows[0])
            for line in _aligned([columns, *([row[name] for name in columns] for row in rows)]):
                terminalreporter.line(line)
        if self._figures:
            said = [f"{name} {self._figures[name]:,}" for name in FIGURES if name in self._figures]
            terminalreporter.section("tried and found in all")
            terminalreporter.line(", ".join(said))


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        yield "  ".join(cells).rstrip()


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Say what this test has tried and found, for the suite's last lines."""
    return Tally(request.node)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Totals())
