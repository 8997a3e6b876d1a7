"""The one kind of error that a user sees: what is wrong, and what to do about it."""

import re
from typing import ClassVar, Final

from easeml_action import __version__

# As of this version, whose texts the page quotes.
ERRORS_PAGE: Final = f"https://github.com/easeml/ci-action/blob/v{__version__}/docs/errors.md"

_BEFORE_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


class GateError(Exception):
    """Something a user can mend.

    Every room raises its own subclasses, named by the situation. The texts are shown in public
    (log, status, summary), so they never hold a secret, a row's content or a model's result.

    Parameters
    ----------
    problem
        One sentence that says what is wrong.
    remedy
        One sentence that says what to do.
    excerpt
        Lines that show the place in the user's own text, or nothing.
    """

    code: ClassVar[str]
    """What docs/errors.md calls the situation: ``wrong-key`` for the class WrongKey."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.code = code_of(cls.__name__)

    def __init__(self, problem: str, remedy: str, excerpt: str = "") -> None:
        super().__init__(f"{problem} {remedy}" + (f"\n{excerpt}" if excerpt else ""))
        self.problem = problem
        self.remedy = remedy
        self.excerpt = excerpt

    @property
    def more(self) -> str:
        """Where the documents tell the cause and the cure."""
        return f"{ERRORS_PAGE}#{self.code}"

    @property
    def told(self) -> str:
        """The whole text, as a terminal or a log shows it."""
        return f"{self}\nMore: {self.more}"


def code_of(class_name: str) -> str:
    """Return what the documents call an error.

    >>> code_of("WrongKey")
    'wrong-key'
    """
    return _BEFORE_CAPITAL.sub("-", class_name).lower()
