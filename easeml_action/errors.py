"""The one kind of error that a user sees: what is wrong, and what to do about it."""


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

    def __init__(self, problem: str, remedy: str, excerpt: str = "") -> None:
        super().__init__(f"{problem} {remedy}" + (f"\n{excerpt}" if excerpt else ""))
        self.problem = problem
        self.remedy = remedy
        self.excerpt = excerpt
