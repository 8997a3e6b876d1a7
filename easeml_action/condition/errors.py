"""The one error of the language: the text, a caret under the place, what was expected there."""

from easeml_action.errors import GateError

_SHOWN = 100


class ConditionSyntaxError(GateError):
    """A text is no condition.

    ``str()`` shows the text with a caret under the place; ``problem`` and ``remedy`` are
    single lines.

    Parameters
    ----------
    line
        The text of the condition, on one line.
    position
        Where it went wrong, counted from 0.
    problem, remedy
        What is wrong there, and what to write.
    """

    def __init__(self, line: str, position: int, problem: str, remedy: str) -> None:
        super().__init__(
            f"The condition is wrong at character {position + 1}: {problem}.",
            f"{remedy}.",
            _point(line, position),
        )
        self.position = position


def _point(line: str, position: int) -> str:
    start = max(0, position - _SHOWN // 2)
    shown = "".join(sign if sign.isprintable() else "?" for sign in line[start : start + _SHOWN])
    left = "..." if start else ""
    right = "..." if len(line) > start + _SHOWN else ""
    caret = " " * (len(left) + position - start) + "^"
    return f"    {left}{shown}{right}\n    {caret}"
