"""What people read: the job summary, the issue and the mail, rendered from frozen views. Pure."""

from collections.abc import Sequence

from easeml_action.github.markdown import Markdown, render_markdown, render_text
from easeml_action.github.report import (
    MEANINGS,
    SIGNS,
    PastVerdict,
    Report,
    Terms,
    left_text,
    percent,
)
from easeml_action.measured import MeasuredTestSet
from easeml_action.statistics import Interval, Remaining

# How many verdicts stand in a line; a table has them all.
_SHOWN = 12


def render_summary(report: Report) -> str:
    """Render the job summary."""
    return render_markdown("summary.md.j2", report=report, shown=_SHOWN)


def issue_title(test_set: str, remaining: Remaining) -> str:
    """Return the title of the issue about a test set that is used up, or in its last period."""
    state = "in its last period" if remaining.most else "used up"
    return f"The test set {test_set[:12]} is {state}"


def render_issue(
    terms: Terms,
    *,
    repository: str,
    test_set: str,
    path: str,
    history: Sequence[PastVerdict],
    rows_required: int,
    default_branch: str,
    sample: str | None = None,
    mark: str = "",
    periods: int = 1,
    remaining: Remaining | None = None,
) -> str:
    """Render the issue that asks the key holder for a new test set.

    Parameters
    ----------
    repository
        ``owner/name``; `easeml init` names the private key after it.
    path
        Where the encrypted test set is in the repository.
    rows_required
        Rows that the next test set needs under the same configuration.
    sample
        Where the public sample is, or None where there is none.
    mark
        Names the newest record of the ledger.
    periods
        How many periods the test set serves.
    remaining
        What is left of the last one; None where that is nothing.
    """
    return render_markdown(
        "issue.md.j2",
        terms=terms,
        repository=repository,
        reliability=percent(terms.reliability),
        test_set=test_set,
        path=path,
        history=history,
        rows_required=rows_required,
        default_branch=default_branch,
        sample=sample,
        shown=_SHOWN,
        mark=mark,
        periods=periods,
        left=left_text(remaining) if remaining and remaining.most else "",
    )


def render_closing(measured: MeasuredTestSet) -> str:
    """Render the comment that closes the issue, with what the retired test set had measured."""
    names = measured.names
    rows = [
        (step, [_estimate(step.estimates.get(name), step.intervals.get(name)) for name in names])
        for step in measured.steps
    ]
    return render_markdown(
        "closing.md.j2",
        measured=measured,
        rows=rows,
        signs=SIGNS,
        reliability=percent(measured.reliability),
    )


def _estimate(estimate: float | None, interval: Interval | None) -> Markdown:
    """Write an estimate and its interval, which no line breaks."""
    if estimate is None:
        return Markdown("")
    if interval is None:
        return Markdown(f"{estimate:.4f}")
    low, high = interval
    return Markdown(f"{estimate:.4f} ({low:.4f}&nbsp;to&nbsp;{high:.4f})")


def render_mail(report: Report, *, repository: str, passed: bool) -> tuple[str, str]:
    """Render the mail to the key holder under adaptivity none.

    Returns
    -------
    subject, text
    """
    word = "pass" if passed else "fail"
    subject = f"[{repository}] ease.ml/ci: {word} for commit {report.commit[:12]}"
    meaning = MEANINGS[word, report.terms.mode] if report.terms else ""
    text = render_text(
        "mail.txt.j2", report=report, repository=repository, word=word, meaning=meaning
    )
    return subject, text
