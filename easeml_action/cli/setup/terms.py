# ruff: noqa: PLC0415  a command imports its rooms when it runs
"""What the gate is to promise: from options, answers and suggestions to a configuration."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from easeml_action.cli.encryption import TooFewRowsHere, column_of
from easeml_action.cli.errors import WrongUse, read_as_options
from easeml_action.cli.setup.questions import ask, can_ask
from easeml_action.cli.terminal import show_note

if TYPE_CHECKING:
    from easeml_action.config import Config

Settings = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """One key of the configuration, as a person is asked for it."""

    key: str
    text: str
    suggestion: str | None = None


LABEL = Question(
    "label",
    "Which column is the label (its name, or, without a header, its position from 1)?",
    "label",
)
_CONDITION = Question(
    "condition",
    "What must a new model hold? n is its accuracy, o that of the old one, d the share of "
    "predictions that differ, as in: n > 0.8 +/- 0.05\nCondition",
)
_DISAGREEMENT = Question(
    "max_disagreement",
    "Share of predictions that you expect two models to differ in, at most (1 assumes nothing)",
    "1",
)
_PASS_RATE = Question("pass_rate", "Share of commits that you expect to pass", "0.2")
_OTHERS = (
    Question(
        "mode",
        "Which mistake must not happen: a bad model passes (fp-free), or a good one fails "
        "(fn-free)?",
        "fp-free",
    ),
    Question(
        "adaptivity",
        "What do developers see: full (every verdict), firstChange (the same, up to the first "
        "pass), none, metered?",
        "full",
    ),
    Question("steps", "How many commits shall the test set serve?", "32"),
    Question("reliability", "How sure must all verdicts together be?", "0.999"),
    Question("script", "Which program is the model?", "./evaluate_model.py"),
)

_NUMBERS = frozenset({"steps", "reliability", "pass_rate", "max_disagreement"})
_ASKED_AGAIN = _NUMBERS | {"condition", "mode", "adaptivity"}


def insist_on_options(settings: Mapping[str, Any], test_set: object) -> None:
    """Where nobody can be asked, insist on what cannot be suggested.

    Parameters
    ----------
    settings
        What is said.
    test_set
        The plain test set, or an encrypted one that is there already; None for neither.

    Raises
    ------
    WrongUse
        It is not said; all that is missing is named.
    """
    said = {"TEST_SET": test_set, "--label": settings.get("label")}
    said["--condition"] = settings.get("condition")
    missing = [name for name, value in said.items() if value is None]
    if missing and not can_ask():
        raise WrongUse(
            f"A new gate needs {', '.join(missing)}.",
            "Add what is missing, or run `easeml init` on a terminal, where it asks.",
        )


def complete(settings: Settings, rows: int | None) -> Settings:
    """Return all that the gate promises, with what is not said asked for, or else suggested.

    Parameters
    ----------
    settings
        What is said already, ``test_set`` among it.
    rows
        How many secret rows there will be; None where only the key holder could count them.

    Raises
    ------
    WrongUse, ConditionImpossible
        An option cannot be used.
    TooFewRowsHere
        The rows are too few, and nobody is there to choose another promise.
    TooFewRows
        They are too few for so many periods.
    """
    from easeml_action.cli.promise import explain
    from easeml_action.config import Config
    from easeml_action.gate import require_rows

    while True:
        known = _with_answers(settings)
        with read_as_options():
            config = Config.read(known, "Among the options")
        plan = config.plan()
        takes = f"{config.condition} takes {plan.rows:,} rows ({plan.labels:,} labels)"
        show_note(f"{takes}." if rows is None else f"{takes}; the test set has {rows:,}.")
        show_note(explain(config, plan))
        if rows is None:
            return known
        periods = config.periods_for(rows, plan.rows)
        if periods > 1:
            require_rows(rows // periods, plan.rows, periods)
        if plan.rows <= rows:
            _tell_of_periods(config, rows, plan.rows)
            return known
        settings = _choose_less(known, config, rows, plan.rows)


def _tell_of_periods(config: "Config", rows: int, required: int) -> None:
    each = f"one after the other, of {config.steps:,} commits each"
    periods = config.periods_for(rows, required)
    possible = config.model_copy(update={"periods": "auto"}).periods_for(rows, required)
    if periods > 1:
        show_note(f"The rows serve {periods:,} periods, {each}.")
    elif possible > 1:
        show_note(
            f"With --periods auto they would serve {possible:,} periods, {each}; or put "
            "`periods: auto` into .easeml.yml before you commit."
        )


def _with_answers(settings: Settings) -> Settings:
    known = dict(settings)
    for question in (LABEL, _CONDITION, *_OTHERS):
        _answer(question, known)
    if known["adaptivity"] == "metered":
        _answer(_PASS_RATE, known)
    if can_ask() and _speaks_of_disagreement(known):
        _answer(_DISAGREEMENT, known)
    return known


def _answer(question: Question, known: Settings) -> None:
    """Put the answer to a question among what is known, if it is not there."""
    if question.key in known:
        return

    def read(text: str) -> object:
        value = _value_of(question.key, text)
        check_settings(known | {question.key: value}, "The answer")
        return value

    if can_ask():
        known[question.key] = ask(question.text, read, question.suggestion)
    elif question.suggestion is not None:
        known[question.key] = read(question.suggestion)


def _value_of(key: str, text: str) -> object:
    """Read an answer as YAML would, as far as the key has a use for that."""
    if key == "label":
        return column_of(text)
    for kind in (int, float) if key in _NUMBERS else ():
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def check_settings(known: Settings, name: str) -> None:
    """Read what is known so far, with examples in the place of what is not.

    Parameters
    ----------
    name
        What errors call the place where it was said.

    Raises
    ------
    WrongUse, ConditionImpossible
        Something cannot be used.
    """
    from easeml_action.config import Config

    fields = Config.model_fields.items()
    examples = {key: field.examples for key, field in fields if field.is_required()}
    filled = {key: yaml.safe_load(each[0]) for key, each in examples.items() if each} | known
    if filled["adaptivity"] == "metered":
        filled.setdefault("pass_rate", 0.2)
    with read_as_options():
        config = Config.read(filled, name)
    if "condition" in known:
        config.plan()


def _speaks_of_disagreement(known: Settings) -> bool:
    """Say whether the rows hang on how often two models differ, and nothing bounds that yet."""
    from easeml_action.condition import parse

    clauses = parse(str(known["condition"])).clauses
    compares = any(clause.n and clause.o for clause in clauses)
    return compares and not any(clause.d and not clause.n and not clause.o for clause in clauses)


def _choose_less(known: Settings, config: "Config", rows: int, required: int) -> Settings:
    """Return settings that ask for less, as somebody chooses; else refuse."""
    from easeml_action.cli.setup.fit import nearest, options

    changes = nearest(config, rows)
    if not can_ask():
        raise TooFewRowsHere(rows, required, "Use", map(options, changes))
    offers = [(_offer(known | each, options(each)), known | each) for each in changes]
    kept = {key: value for key, value in known.items() if key not in _ASKED_AGAIN}
    offers.append(("other terms: ask me again", kept))
    fits = "With the rows that there are:" if changes else "No wider tolerance would be of use."
    show_note(f"That is too few. {fits}")
    for number, (text, _) in enumerate(offers, 1):
        show_note(f"  {number}. {text}")

    def read(answer: str) -> Settings:
        if not answer.isdecimal() or not 1 <= int(answer) <= len(offers):
            raise WrongUse(f"{answer!r} is none of them.", f"Answer 1 to {len(offers)}.")
        return offers[int(answer) - 1][1]

    # Each is another promise, which nobody should make by an empty line.
    return ask("Which", read)


def _offer(settings: Settings, text: str) -> str:
    """Add to an offer what it takes to pass."""
    from easeml_action.cli.promise import sure_pass
    from easeml_action.config import Config

    sure = sure_pass(Config.read(settings, "The offer"))
    return text if sure is None else f"{text}: for models whose {sure}"
