"""What a run says in public, as values: terms, verdicts, reports, and their sentences.

Pure. A view holds nothing that depends on a secret row or a label except pass or fail.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from easeml_action.statistics import Adaptivity, Mode, Remaining

VerdictWord = Literal[
    "pass", "fail", "error", "recorded", "unchanged", "first-model", "active-once-merged"
]
PastWord = Literal["pass", "fail", "recorded", "unfinished"]
Cost = Literal["step", "nothing", "reserved"]


@dataclass(frozen=True)
class Terms:
    """What was agreed for the life of a test set; all of it is public.

    Parameters
    ----------
    condition
        Its canonical text.
    reliability
        The promise ``1 - delta``, in (0, 1).
    steps
        ``H``, the commits that the test set may judge.
    passes
        The number of passes that retires the test set, or None.
    """

    condition: str
    reliability: float
    mode: Mode
    adaptivity: Adaptivity
    steps: int
    passes: int | None = None

    @property
    def promise(self) -> str:
        """The guarantee, in a sentence."""
        wrong = "pass" if self.mode == "fp-free" else "fail"
        judged = (
            "the one commit judged on this test set does not get"
            if self.steps == 1
            else f"none of the {self.steps:,} commits judged on this test set gets"
        )
        return (
            f"With probability at least {percent(self.reliability)}, {judged} "
            f"a {wrong} that it does not deserve."
        )

    @property
    def retirement(self) -> str:
        """What ends the test set's life, in a sentence."""
        last = f"after step {self.steps:,}"
        if self.adaptivity == "metered":
            return (
                "The test set retires when its rows no longer carry the tolerance, "
                f"at the latest {last}."
            )
        if self.adaptivity == "none":
            return f"The verdicts go to the key holder only; the test set retires {last}."
        passes = 1 if self.adaptivity == "firstChange" else self.passes
        if passes is None or passes >= self.steps:
            return f"The test set retires {last}."
        nth = "the first pass" if passes == 1 else f"pass number {passes:,}"
        return f"The test set retires at {nth}, at the latest {last}."


@dataclass(frozen=True)
class PastVerdict:
    """One step of the test set's life, as the public may know it."""

    step: int
    commit: str
    verdict: PastWord

    @property
    def sign(self) -> str:
        """The verdict as a sign, in a line of them."""
        return SIGNS[self.verdict]


@dataclass(frozen=True)
class Report:
    """Everything that a run says in public.

    Parameters
    ----------
    verdict
        The last three stand for a success without a verdict. ``unchanged``: the change leaves the
        model as it is. ``first-model``: the condition compares with an old model, and there is
        none yet. ``active-once-merged``: the trusted branch has no gate yet, nothing was decrypted.
    commit
        Id of the commit under test.
    run_url
        Page of this run.
    terms
        None where the configuration could not be read.
    problem, remedy, excerpt
        Of the error: one sentence each, and the place in the user's own text; empty without one.
    more
        Where the documents tell the error's cause and cure; empty without one.
    cost
        ``step``: this run used one. ``nothing``: an error before the step was reserved, or a
        verdict already on record. ``reserved``: an error after; the same commit resumes the step.
    step
        The step of the verdict (or of the reservation), or None.
    remaining
        Steps left, or None where that is not known.
    rows, rows_required
        Rows of the test set, and rows that the configuration asks for.
    test_set
        Identity of the test set.
    history
        The test set's steps so far, in order.
    period, periods
        Which period of the test set judges, and how many there are.
    retired
        No step is left in any period.
    period_over
        No step is left in this period, and there is another.
    issue
        Number of the issue about the retired test set, or None.
    closed_issues
        Issues that this run closed, since their test set has been replaced.
    left_undone
        What kept the run from going on once its outcome was known; empty where nothing did.
    mark
        Names the newest record of the ledger, so that a ledger put back shows; empty without one.
    """

    verdict: VerdictWord
    commit: str
    run_url: str
    terms: Terms | None = None
    problem: str = ""
    remedy: str = ""
    excerpt: str = ""
    more: str = ""
    cost: Cost = "nothing"
    step: int | None = None
    remaining: Remaining | None = None
    rows: int | None = None
    rows_required: int | None = None
    test_set: str | None = None
    history: tuple[PastVerdict, ...] = ()
    period: int | None = None
    periods: int | None = None
    retired: bool = False
    period_over: bool = False
    issue: int | None = None
    closed_issues: tuple[int, ...] = ()
    left_undone: str = ""
    mark: str = ""

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the action, by their names in action.yml; empty where not known."""
        facts = {
            "verdict": self.verdict,
            "step": self.step,
            "steps": None if self.terms is None else self.terms.steps,
            "remaining": None if self.remaining is None else self.remaining.most,
            "rows": self.rows,
            "rows-required": self.rows_required,
            "test-set": self.test_set,
            "period": self.period,
            "periods": self.periods,
            "issue-number": self.issue,
        }
        return {name: "" if fact is None else str(fact) for name, fact in facts.items()}

    @property
    def headline(self) -> str:
        """The verdict, in the words of the summary's title."""
        return _HEADLINES[self.verdict]

    @property
    def meaning(self) -> str:
        """What the verdict means, in a sentence."""
        if self.verdict in {"pass", "fail"} and self.terms is not None:
            return MEANINGS[self.verdict, self.terms.mode]
        return _OTHER_MEANINGS.get(self.verdict, "")

    @property
    def price(self) -> str:
        """What this run cost the test set, in a sentence."""
        if self.cost == "reserved":
            return PERHAPS_RESERVED if self.step is None else RESERVED.format(step=self.step)
        if self.cost == "step":
            return ""
        return REPEATED if self.verdict in {"pass", "fail", "recorded"} else NOT_CHARGED

    @property
    def left(self) -> str:
        """What is left of the test set's life, in a few words; empty where it is not known."""
        return "" if self.remaining is None else left_text(self.remaining)

    @property
    def place(self) -> str:
        """Which of several periods this is, in a few words; empty where there is one."""
        if self.periods is None or self.periods == 1:
            return ""
        return f"period {self.period:,} of {self.periods:,}"

    @property
    def advice(self) -> str:
        """What to do next, in a sentence."""
        if self.verdict == "error":
            return self.remedy
        if self.retired:
            # What passed can be merged all the same; only a next model has to wait.
            return f"{_ADVICE['pass']} {NEXT_RETIRED}" if self.verdict == "pass" else NEXT_RETIRED
        if self.period_over:
            return f"{_ADVICE[self.verdict]} {NEXT_PERIOD}"
        return _ADVICE[self.verdict]


SIGNS: dict[PastWord, str] = {"pass": "✅", "fail": "❌", "recorded": "📋", "unfinished": "⏳"}

_HEADLINES = {
    "pass": f"{SIGNS['pass']} Pass",
    "fail": f"{SIGNS['fail']} Fail",
    "error": "⚠️ Error: no verdict",
    "recorded": f"{SIGNS['recorded']} Recorded",
    "unchanged": "✅ Nothing to judge: the model is unchanged",
    "first-model": "🌱 Nothing to compare with: the first model",
    "active-once-merged": "🌱 Active once merged",
}

MEANINGS = {
    # shown when the condition was shown to hold
    ("pass", "fp-free"): "The test set shows that the new model meets the condition.",
    # shown when it was not, which does not say that it fails
    ("fail", "fp-free"): "The test set does not show that the new model meets the condition.",
    # shown when the condition was not shown to fail
    ("pass", "fn-free"): "The test set does not show that the new model misses the condition.",
    # shown when it was
    ("fail", "fn-free"): "The test set shows that the new model misses the condition.",
}

_OTHER_MEANINGS = {
    # shown when adaptivity is none
    "recorded": "The verdict is on record for the key holder; nobody else gets to know it.",
    # shown when the files of the model are those of the commit that the change would replace
    "unchanged": "This change leaves the files of the model as they are.",
    # shown when the condition speaks of the old model and there is none yet
    "first-model": "The condition compares with an old model, and the repository has none yet.",
    # shown when the trusted branch holds no configuration yet
    "active-once-merged": (
        "The default branch has no gate yet. It judges from the merge of this change on; "
        "nothing was decrypted."
    ),
}

_ADVICE = {
    # shown when there are steps left
    "pass": "This change can be merged as far as its model goes.",
    "fail": "Improve the model and push: each new model uses one step.",
    "recorded": "Go on: merging does not wait for the verdict.",
    "unchanged": "It can be merged as far as its model goes.",
    "first-model": "Once merged, it is what the next model is compared with.",
    "active-once-merged": "Merge this change to switch the gate on.",
}

# shown when the last step or the last pass has been used
NEXT_RETIRED = "Ask the key holder for a new test set: this one is used up."
# shown when the last step or the last pass of a period has been used, and another follows
NEXT_PERIOD = "The next model is judged on the next period, by rows that have judged none yet."
# shown when a run failed after its step was reserved
RESERVED = "Step {step} stays reserved for this commit: run the job again to finish it."
# shown when a run failed while it reserved its step
PERHAPS_RESERVED = "If a step was reserved, it is this commit's: run the job again to finish it."
# shown when something went wrong after the outcome was known
LEFT_UNDONE = "This outcome stands, and the next run does what was to follow it: {problem}"
# shown when the same model was judged before
REPEATED = "This verdict was on record: asking again cost nothing."
# shown when a run ended before a step was reserved
NOT_CHARGED = "No step was used."
# shown when a pull request from a fork starts a run: GitHub gives it no secrets
FORK_PROBLEM = "A pull request from a fork gets no secrets, so the test set cannot be opened."
FORK_REMEDY = "A maintainer can push the same commits to a branch of this repository to judge them."
# shown when Dependabot starts a run: GitHub gives it no secrets either
DEPENDABOT_PROBLEM = "A run started by Dependabot gets no secrets, so the test set stays closed."
DEPENDABOT_REMEDY = "Run the job again as yourself, or store the key as a Dependabot secret, too."


def percent(share: float) -> str:
    """Write a share as a percentage with every digit it was given with.

    >>> percent(0.999)
    '99.9 %'
    """
    exact = Decimal(str(share)) * 100
    return f"{exact.normalize():f} %"


def left_text(remaining: Remaining) -> str:
    """Say what is left, by verdicts where it depends on them.

    >>> left_text(Remaining(if_all_fail=3, if_all_pass=3))
    '3 left'
    >>> left_text(Remaining(if_all_fail=9, if_all_pass=1))
    '9 more commits if they all fail, 1 if they all pass'
    """
    fails, passes = remaining.if_all_fail, remaining.if_all_pass
    if fails == passes:
        return f"{fails:,} left"
    commits = "commit" if fails == 1 else "commits"
    return f"{fails:,} more {commits} if they all fail, {passes:,} if they all pass"
