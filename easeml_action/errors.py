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
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy
