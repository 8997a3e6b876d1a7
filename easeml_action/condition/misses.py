"""What people write by mistake, and the sentence that puts them right."""

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass

from easeml_action.condition.expression import VARIABLES

EXAMPLE = "n - o > 0.02 +/- 0.01 /\\ d < 0.1 +/- 0.01"

# How each terminal of the grammar is called in an error.
_TERMINALS = {
    "NUMBER": "a number",
    "NAME": "n, o or d",
    "LPAR": "(",
    "RPAR": ")",
    "TIMES": "*",
    "PLUS": "+",
    "MINUS": "-",
    "COMPARISON": "> or <",
    "_PLUS_MINUS": "+/-",
    "_AND": "/\\",
    "$END": "the end",
}

_MEANINGS = ", ".join(f"{name} ({meaning})" for name, meaning in VARIABLES.items())

# Longer words that people use for a variable.
_WORDS = {
    "n": ("n", "new", "new_accuracy", "accuracy", "candidate"),
    "o": ("o", "old", "old_accuracy", "baseline", "base"),
    "d": ("d", "diff", "different", "difference", "disagreement"),
}


@dataclass(frozen=True)
class Miss:
    """A text at the place of the error, what is wrong with it, and what to write.

    Parameters
    ----------
    pattern
        What stands at the place of the error.
    wanted
        The terminal that must have been possible there, or None for any.
    """

    pattern: str
    wanted: str | None
    problem: str
    remedy: str

    def fits(self, rest: str, expected: Collection[str]) -> bool:
        """Say whether this is the mistake at the start of ``rest``."""
        possible = self.wanted is None or self.wanted in expected
        return possible and re.match(self.pattern, rest, re.IGNORECASE) is not None


_STRICT = "Write > or <: with a tolerance around the threshold, equality has no say"
_JOIN = "Join clauses by /\\ (or the word and); each must hold"

MISSES = (
    Miss(r">=|=>|<=|=<|[≥≤]", None, "only > and < can be tested", _STRICT),
    Miss(r"==?|!=|<>|≠", None, "equality cannot be tested", _STRICT),
    Miss(r"%", None, "a percent sign is not read", "Write a share as a decimal: 0.05 for 5%"),
    Miss(r",\s*[0-9]", None, "a number has a comma", "Write numbers with a point: 0.05"),
    Miss(r"\|\|?|\\/|or\b|∨", None, "a condition has no 'or'", _JOIN),
    Miss(r"[−–—]", None, "this dash is not a minus", "Write the minus as -"),
    Miss(r"[×·⋅]", None, "this is not the sign of a product", "Write a product as *"),
    Miss(r"\*|\^", None, "powers are not linear", "Multiply a variable by a number only"),
    Miss(r"\+\s*/?\s*-|-\s*/?\s*\+", "_PLUS_MINUS", "the tolerance has no +/-", "Write +/-"),
    Miss(
        r"/",
        "_AND",
        "the backslash of /\\ is missing",
        "Write /\\ or and; YAML takes the backslash away between double quotes, so use none",
    ),
    Miss(r"/(?!\\)", None, "a division is not read", "Write a decimal coefficient: 0.5*n for n/2"),
    Miss(r"[&∧,;]", "_AND", "clauses are not joined this way", _JOIN),
    Miss(
        r"[^\W\d]|\(",
        "SIGN",
        "only a number stands on the right of > or <",
        "Bring every variable to the left, as in n - o > 0.02 +/- 0.01",
    ),
    Miss(
        r"[^\W\d]|\(",
        "TIMES",
        "an operator is missing",
        "Write a product with its sign, as in 2*n or 2*(n - o)",
    ),
    Miss(
        r"",
        "_PLUS_MINUS",
        "expected +/- and the tolerance",
        "Say how fine the test is, as in n > 0.8 +/- 0.05",
    ),
)


def explain(rest: str, expected: Collection[str]) -> tuple[str, str]:
    """Return what is wrong at the start of ``rest``, and what to write.

    Parameters
    ----------
    rest
        The text from the place of the error on; empty at the end.
    expected
        The terminals of the grammar that could have stood there.
    """
    for miss in MISSES:
        if miss.fits(rest, expected):
            return miss.problem, miss.remedy
    found = f"found {rest.split(maxsplit=1)[0][:20]!r}" if rest else "the text ends"
    wanted = [text for name, text in _TERMINALS.items() if name in expected]
    return f"{found}, expected {_either(wanted)}", f"Write a condition like {EXAMPLE}"


def explain_name(name: str) -> tuple[str, str]:
    """Return what to say of a name that is no variable."""
    words = {word: variable for variable, words in _WORDS.items() for word in words}
    near = difflib.get_close_matches(name.lower(), words, n=1)
    guess = f"Did you mean {words[near[0]]}? " if near else ""
    return f"{name[:20]!r} is not a variable", f"{guess}The variables are {_MEANINGS}"


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
