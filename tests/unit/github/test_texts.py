"""What GitHub shows, word for word. ``pytest --snapshot-update`` writes the texts anew."""

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from easeml_action.github import Report, render_closing, render_summary
from easeml_action.statistics import Remaining
from tests.measured import make_long_life
from tests.reports import LONG_HISTORY, REPORTS, SET, issue


class MarkdownFile(SingleFileSnapshotExtension):
    """Keeps each text in a file of its own, as it is read."""

    _write_mode = WriteMode.TEXT
    file_extension = "md"


@pytest.fixture
def text(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(MarkdownFile)


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_a_summary_is_written_like_this(report: Report, text: SnapshotAssertion) -> None:
    assert render_summary(report) == text


def test_the_issue_is_written_like_this(text: SnapshotAssertion) -> None:
    assert issue(sample="data_test/test.sample.csv", history=LONG_HISTORY) == text


def test_the_issue_about_a_last_period_is_written_like_this(text: SnapshotAssertion) -> None:
    assert issue(test_set=f"{SET}.3", periods=3, remaining=Remaining(32, 32)) == text


def test_the_closing_comment_is_written_like_this(text: SnapshotAssertion) -> None:
    assert render_closing(make_long_life()) == text
