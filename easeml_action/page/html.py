"""The page of the key holder."""

import base64
import hashlib
from collections.abc import Sequence

from easeml_action.measured import MeasuredTestSet
from easeml_action.page.charts import charts_of
from easeml_action.page.layout import lay_out
from easeml_action.page.templates import render
from easeml_action.page.words import commits, share, short, signed

_WIDE, _NARROW = 720, 348
_POLICY = "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def render_page(measured: MeasuredTestSet, others: Sequence[MeasuredTestSet] = ()) -> str:
    """Render what a test set measured as an HTML page that needs nothing but itself.

    Parameters
    ----------
    measured
        The test set.
    others
        The retired ones, which are listed at the end.
    """
    style = render("chart.css") + render("page.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    charts = charts_of(measured)
    return render(
        "page.html.j2",
        style=style,
        # Nothing is loaded, and of all styles only ours applies.
        policy=_POLICY.format(digest=digest),
        measured=measured,
        others=others,
        charts=[(chart, lay_out(chart, _WIDE), lay_out(chart, _NARROW)) for chart in charts],
        facts=_facts(measured),
        terms_vary=len({(step.condition, step.mode) for step in measured.steps}) > 1,
        signed=signed,
        share=share,
    )


def _facts(measured: MeasuredTestSet) -> dict[str, str]:
    """Return the facts at the top, by name."""
    passes, fails = measured.count("pass"), measured.count("fail")
    unfinished = measured.count("unfinished")
    left = measured.steps[-1].left if measured.steps else measured.steps_allowed
    verdicts = [f"{passes:,} pass", f"{fails:,} fail"]
    if unfinished:
        verdicts.append(f"{unfinished:,} unfinished")
    return {
        "condition": measured.steps[-1].condition if measured.steps else "not asked yet",
        "judged": f"{commits(len(measured.steps))} of {measured.steps_allowed:,}",
        "verdicts": ", ".join(verdicts),
        "left": "none: retired" if measured.retired else f"{left:,} at most",
        "rows": f"{measured.rows:,}",
        "reliability": f"{short(measured.reliability * 100)} %",
        "adaptivity": measured.adaptivity,
    }
