import html
import re
from dataclasses import replace
from typing import Any

import pytest
from markdown_it import MarkdownIt

from easeml_action.github import (
    PastVerdict,
    Report,
    issue_title,
    render_closing,
    render_mail,
    render_summary,
    status_description,
    status_state,
)
from easeml_action.github.report import percent
from easeml_action.measured import MeasuredClause
from easeml_action.statistics import Remaining
from tests.reports import (
    COMMIT,
    CONDITION,
    HISTORY,
    PASS,
    RUN,
    SET,
    TERMS,
    issue,
    measured,
    revealed_step,
)

PARSER = MarkdownIt("commonmark").enable("table")


def _read(markdown: str) -> str:
    """Return what a reader sees, without the marks."""
    text = re.sub(r"<[^>]*>", " ", PARSER.render(markdown))
    return " ".join(html.unescape(text).replace("\u200b", "").split())


def test_a_summary_begins_with_the_verdict_and_what_it_means() -> None:
    lines = [line for line in render_summary(PASS).splitlines() if line]

    assert lines[0] == "## ✅ Pass"
    assert lines[1].startswith(
        "**The test set shows that the new model meets the condition.** This change can be merged"
    )


def test_a_summary_tells_the_facts() -> None:
    summary = render_summary(PASS)

    assert f"- **Condition:** `{CONDITION}`\n" in summary
    assert "- **Step:** 2 of 32, 29 left\n" in summary

    assert "- Rows: 7,000 (6,543 required)\n" in summary
    assert f"- Test set: `{SET}`\n" in summary
    assert f"- Commit: `{COMMIT}`\n" in summary


def test_a_summary_tells_the_verdicts_so_far() -> None:
    text = _read(render_summary(PASS))

    assert "Verdicts so far: 1 ❌, 2 ✅, 3 ⏳" in text
    assert "1 aaaaaaaaaaaa ❌ fail 2 bbbbbbbbbbbb ✅ pass 3 cccccccccccc ⏳ unfinished" in text


def test_a_line_of_verdicts_ends_with_the_newest_ones_and_a_table_has_them_all() -> None:
    history = tuple(PastVerdict(step, f"{step:040x}", "fail") for step in range(1, 31))
    text = _read(render_summary(replace(PASS, history=history)))

    assert "Verdicts so far: …, 19 ❌, 20 ❌, " in text
    assert " 1 000000000000 ❌ fail 2 0" in text


def test_a_summary_links_to_the_run() -> None:
    assert f'<a href="{RUN}">' in PARSER.render(render_summary(PASS))


@pytest.mark.parametrize(
    ("terms", "promise"),
    [
        (
            {},
            "With probability at least 99.9 %, none of the 32 commits judged on this test set gets "
            "a pass that it does not deserve.",
        ),
        (
            {"mode": "fn-free", "reliability": 0.9999, "steps": 1000},
            "With probability at least 99.99 %, none of the 1,000 commits judged on this test set "
            "gets a fail that it does not deserve.",
        ),
        (
            {"steps": 1},
            "With probability at least 99.9 %, the one commit judged on this test set does not get "
            "a pass that it does not deserve.",
        ),
    ],
)
def test_the_promise_is_one_sentence(terms: dict[str, Any], promise: str) -> None:
    changed = replace(TERMS, **terms)

    assert changed.promise == promise
    assert promise in _read(render_summary(replace(PASS, terms=changed)))


@pytest.mark.parametrize(
    ("terms", "retirement"),
    [
        ({}, "The test set retires after step 32."),
        ({"passes": 32}, "The test set retires after step 32."),
        ({"passes": 3}, "The test set retires at pass number 3, at the latest after step 32."),
        ({"passes": 1}, "The test set retires at the first pass, at the latest after step 32."),
        (
            {"adaptivity": "firstChange"},
            "The test set retires at the first pass, at the latest after step 32.",
        ),
        (
            {"adaptivity": "none"},
            "The verdicts go to the key holder only; the test set retires after step 32.",
        ),
        (
            {"adaptivity": "metered"},
            "The test set retires when its rows no longer carry the tolerance, at the latest after "
            "step 32.",
        ),
    ],
)
def test_the_end_of_the_test_set_is_told(terms: dict[str, Any], retirement: str) -> None:
    assert replace(TERMS, **terms).retirement == retirement


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.999, "99.9 %"),
        (0.99, "99 %"),
        (0.9999, "99.99 %"),
        (0.5, "50 %"),
        (0.998, "99.8 %"),
        (1e-6, "0.0001 %"),
    ],
)
def test_a_percentage_keeps_the_digits_that_were_given(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("verdict", "mode", "meaning"),
    [
        ("pass", "fp-free", "shows that the new model meets"),
        ("fail", "fp-free", "does not show that the new model meets"),
        ("pass", "fn-free", "does not show that the new model misses"),
        ("fail", "fn-free", "shows that the new model misses"),
    ],
)
def test_what_a_verdict_means_depends_on_the_mode(verdict: Any, mode: Any, meaning: str) -> None:
    report = replace(PASS, verdict=verdict, terms=replace(TERMS, mode=mode))

    assert meaning in _read(render_summary(report))


@pytest.mark.parametrize(
    ("changes", "state", "description"),
    [
        ({}, "success", "Pass: step 2 of 32, 29 left"),
        ({"verdict": "fail"}, "failure", "Fail: step 2 of 32, 29 left"),
        (
            {"verdict": "fail", "retired": True, "remaining": Remaining(0, 0), "issue": 5},
            "failure",
            "Fail: step 2 of 32, the test set is used up (#5)",
        ),
        ({"verdict": "recorded"}, "success", "Recorded for the key holder: step 2 of 32, 29 left"),
        (
            {"remaining": Remaining(if_all_fail=9, if_all_pass=4)},
            "success",
            "Pass: step 2 of 32, 9 more commits if they all fail, 4 if they all pass",
        ),
        (
            {"verdict": "active-once-merged", "step": None},
            "success",
            "Active once merged: the default branch has no gate yet",
        ),
        ({"verdict": "unchanged"}, "success", "Nothing to judge: the model is unchanged"),
        (
            {"verdict": "first-model"},
            "success",
            "Nothing to compare with yet: this is the first model",
        ),
        ({"verdict": "recorded", "terms": None}, "success", "Recorded for the key holder"),
        ({"verdict": "error", "problem": "No key."}, "error", "No key."),
    ],
)
def test_the_status_says_the_verdict_in_a_line(
    changes: dict[str, Any], state: str, description: str
) -> None:
    report = replace(PASS, **changes)

    assert status_state(report) == state
    assert status_description(report) == description


def test_a_long_problem_is_cut_for_the_status_and_whole_in_the_summary() -> None:
    problem = "The test set has too few rows, " + "and so on " * 40 + "to the end."
    report = Report("error", COMMIT, RUN, problem=problem, remedy="Add rows.")

    assert len(status_description(report)) <= 140
    assert "to the end." in _read(render_summary(report))


def test_an_error_comes_with_its_remedy_and_what_it_cost() -> None:
    report = Report("error", COMMIT, RUN, problem="The key is wrong.", remedy="Use the right one.")
    text = _read(render_summary(report))

    assert report.advice == "Use the right one."
    assert "The key is wrong. Use the right one. No step was used." in text
    assert COMMIT in text


def test_an_error_after_the_reservation_says_that_the_step_waits() -> None:
    report = replace(PASS, verdict="error", problem="x", remedy="y", cost="reserved")

    assert "Step 2 stays reserved for this commit" in _read(render_summary(report))


def test_an_error_shows_the_place_in_the_users_own_text() -> None:
    excerpt = "    n - p > 0.1\n        ^"
    report = Report("error", COMMIT, RUN, problem="It is no condition.", excerpt=excerpt)

    assert f"**It is no condition.**\n\n```text\n{excerpt}\n```" in render_summary(report)


def test_a_verdict_on_record_says_that_it_cost_nothing() -> None:
    assert "asking again cost nothing" in _read(render_summary(replace(PASS, cost="nothing")))


def test_a_verdict_that_took_a_step_says_nothing_of_a_price() -> None:
    assert PASS.price == ""


def test_the_last_step_sends_to_the_key_holder_and_the_issue() -> None:
    text = _read(render_summary(replace(PASS, retired=True, remaining=Remaining(0, 0), issue=12)))

    assert "Ask the key holder for a new test set" in text
    assert "see #12." in text


def test_what_was_left_undone_is_told_below_the_verdict() -> None:
    text = _read(render_summary(replace(PASS, left_undone="This outcome stands: A problem.")))

    assert text.index("✅ Pass") < text.index("This outcome stands: A problem.")


def test_a_closed_issue_is_told() -> None:
    assert "#12 is closed" in _read(render_summary(replace(PASS, closed_issues=(12,))))


def test_a_recorded_verdict_shows_in_public_neither_pass_nor_fail() -> None:
    history = tuple(replace(past, verdict="recorded") for past in HISTORY)
    terms = replace(TERMS, adaptivity="none")
    report = replace(PASS, verdict="recorded", terms=terms, history=history)
    said = _read(render_summary(report)).replace(terms.promise, "")

    assert not re.search(r"\bpass|\bfail|✅|❌", said, re.IGNORECASE)


def test_a_change_that_brings_the_gate_is_shown_its_plan() -> None:
    report = Report("active-once-merged", COMMIT, RUN, TERMS, rows_required=6543)
    summary = render_summary(report)

    assert "Merge this change to switch the gate on." in _read(summary)
    assert "- Rows: 6,543 required\n" in summary
    assert "Steps: 32" in _read(summary)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "[x](http://evil)", "a | b", "`", "@octocat", "# x"]
)
def test_untrusted_text_acts_nowhere(text: str) -> None:
    terms = replace(TERMS, condition=text)
    reports = [
        replace(PASS, terms=terms, test_set=text),
        replace(PASS, verdict="error", problem=text, remedy=text, terms=terms),
        replace(PASS, verdict="error", problem=f"{text}\n{text}", remedy=text, terms=terms),
    ]
    texts = [render_summary(report) for report in reports]
    texts.append(issue(terms=terms, path=text, default_branch=text))
    clause = MeasuredClause(text, text, ">", 0.0, 0.1, "unknown", 0.5, (0.4, 0.6))
    texts.append(
        render_closing(measured(revealed_step(1, "pass", {}, condition=text, clauses=(clause,))))
    )
    allowed = {RUN}
    for each in texts:
        rendered = PARSER.render(each)
        assert "<script" not in rendered
        assert set(re.findall(r'href="([^"]*)"', rendered)) <= allowed
        widths = {
            len(re.findall(r"<t[dh]", row))
            for row in re.findall(r"<tr>(.*?)</tr>", rendered, re.DOTALL)
        }
        assert widths <= {2, 3, 4}
        # GitHub makes no mention of what stands in code.
        assert "@octocat" not in re.sub(r"<code.*?</code>", "", rendered, flags=re.DOTALL)


def test_the_issue_says_how_to_replace_the_test_set() -> None:
    body = issue(sample="data_test/test.sample.csv")

    assert "6,543 new rows" in body
    assert "easeml rotate ~/new.csv --private-key ~/.easeml/model.private.asc\n" in body
    assert "git switch -c new-test-set origin/main" in body
    assert "git add data_test/test.csv.gpg data_test/test.sample.csv\n" in body
    assert "- **Steps used:** 3 of 32\n" in body
    assert "- **Verdicts:** 1 ❌, 2 ✅, 3 ⏳\n" in body


def test_the_commands_of_the_issue_survive_odd_names() -> None:
    body = issue(path="data dir/it's.gpg", default_branch="a;b")

    assert "git add 'data dir/it'\\''s.gpg'\n" in body
    assert "'a;b'" in body
    assert PARSER.render(body).count("<pre>") == 1


def test_the_issue_about_a_last_period_says_how_much_is_left() -> None:
    body = issue(periods=3, remaining=Remaining(9, 1))
    assert "is in the last of its 3 periods." in body
    assert "- **Commits:** 9 more commits if they all fail, 1 if they all pass" in body
    assert "new rows for each period" in body
    assert "Steps used" not in body


def test_a_period_shows_where_it_stands_and_what_comes_next() -> None:
    one = replace(PASS, period=2, periods=3, remaining=Remaining(4, 4))
    over = replace(one, remaining=Remaining(0, 0), period_over=True)
    last = replace(over, period=3, period_over=False, retired=True)
    assert status_description(one) == "Pass: step 2 of 32 in period 2 of 3, 4 left"
    assert status_description(over) == "Pass: step 2 of 32 in period 2 of 3, which is used up"
    assert "period 3 of 3, the test set is used up" in status_description(last)
    assert "- **Period:** 2 of 3, on rows of its own" in render_summary(one)
    assert "judged on the next period" in render_summary(over)
    assert "judged on the next period" not in render_summary(last)
    assert (over.outputs["period"], over.outputs["periods"]) == ("2", "3")
    assert "Period" not in render_summary(replace(PASS, period=1, periods=1))


def test_the_issue_has_a_title_that_names_the_test_set() -> None:
    assert issue_title(SET, Remaining(0, 0)) == "The test set 3f3f3f3f3f3f is used up"
    assert issue_title(SET, Remaining(3, 1)) == "The test set 3f3f3f3f3f3f is in its last period"


def test_the_closing_comment_is_a_table_of_estimates() -> None:
    clause = MeasuredClause(
        "n - o > 0 +/- 0.1", "n - o", ">", 0.0, 0.1, "unknown", -0.01, (-0.03, 0.012)
    )
    comment = render_closing(
        measured(
            revealed_step(1, "fail", {"n": 0.93}, commit="a" * 40, clauses=(clause,)),
            revealed_step(2, "unfinished", {}),
            revealed_step(3, "pass", {"n": 0.95, "d": 0.08}, commit="c" * 40),
        )
    )
    rows = [
        [_read(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", PARSER.render(comment), re.DOTALL)
    ]

    assert rows == [
        ["Step", "Commit", "Verdict", "n", "d", "n - o"],
        ["1", "a" * 12, "❌ fail", "0.9300", "", "-0.0100 (-0.0300 to 0.0120)"],
        ["2", "b" * 12, "⏳ unfinished", "", "", ""],
        ["3", "c" * 12, "✅ pass", "0.9500", "0.0800", ""],
    ]
    assert CONDITION in _read(comment)
    assert "With probability at least 99.9 % the true values of all commits lie above" in _read(
        comment
    )


def test_a_closing_comment_that_shows_the_last_steps_says_so() -> None:
    comment = render_closing(measured(revealed_step(7, "pass", {"n": 0.95})))

    assert "The first 6 steps are left out here" in comment


def test_a_closing_comment_without_estimates_is_a_table_all_the_same() -> None:
    comment = render_closing(measured(revealed_step(1, "pass", {})))

    assert PARSER.render(comment).count("<td") == 3


@pytest.mark.parametrize("passed", [True, False])
def test_the_mail_tells_the_key_holder_the_verdict(passed: bool) -> None:
    report = replace(PASS, verdict="recorded", terms=replace(TERMS, adaptivity="none"))
    subject, text = render_mail(report, repository="octo/model", passed=passed)

    word = "pass" if passed else "fail"
    assert subject == f"[octo/model] ease.ml/ci: {word} for commit bbbbbbbbbbbb"
    assert f"Verdict:    {word}\n" in text
    assert f"Condition:  {CONDITION}\n" in text
    assert "Step:       2 of 32, 29 left\n" in text
    assert "Keep this verdict to yourself" in text
    assert RUN in text
    assert "used up" not in text


def test_the_mail_at_the_end_asks_for_a_new_test_set() -> None:
    report = replace(PASS, verdict="recorded", retired=True, remaining=Remaining(0, 0))
    _, text = render_mail(report, repository="octo/model", passed=True)

    assert "The test set is used up." in text


def test_no_text_ends_up_with_two_blank_lines_or_spaces_at_a_line_end() -> None:
    report = replace(PASS, verdict="recorded", retired=True, issue=3, closed_issues=(1, 2))
    texts = [
        render_summary(PASS),
        render_summary(report),
        render_summary(Report("error", COMMIT, RUN, problem="x", remedy="y")),
        issue(),
        issue(history=()),
        render_closing(measured(revealed_step(1, "pass", {"n": 0.5}))),
        render_mail(report, repository="octo/model", passed=True)[1],
    ]
    for text in texts:
        assert not re.search(r"\n\n\n|[ \t]\n|\A\n", text), text


def test_the_outputs_are_one_line_each() -> None:
    outputs = PASS.outputs

    assert outputs["verdict"] == "pass"
    assert outputs["rows-required"] == "6543"
    assert outputs["issue-number"] == ""
    assert not any("\n" in value for value in outputs.values())
