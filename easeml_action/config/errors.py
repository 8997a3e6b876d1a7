"""What can be wrong with a configuration, and what to write instead."""

from easeml_action.errors import GateError


class ConfigMissing(GateError):
    """There is no configuration where one is looked for."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is no configuration {name}.",
            f"Commit {name} to the default branch, or name another file in the input 'config'.",
        )


class ConfigInvalid(GateError):
    """The configuration cannot be used as it stands.

    Parameters
    ----------
    name
        The file's name.
    problem, remedy
        What is wrong with it, and what to write.
    excerpt
        Lines that show the place, or nothing.
    """

    def __init__(self, name: str, problem: str, remedy: str, excerpt: str = "") -> None:
        super().__init__(f"{name}: {problem}.", f"{remedy}.", excerpt)


class ConditionImpossible(GateError):
    """Every model would pass, or none could.

    Parameters
    ----------
    reason
        Why, as the statistics have it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The condition cannot be tested: {reason}.",
            "Change a threshold or a tolerance, or max_disagreement where it is assumed.",
        )


class NoTestSetNamed(GateError):
    """The configuration says nothing of the encrypted test set."""

    def __init__(self) -> None:
        super().__init__(
            "The configuration does not say where the encrypted test set is.",
            "Add its path, for example test_set: data_test/test.csv.gpg.",
        )


class NoLabelNamed(GateError):
    """The configuration does not say which column holds the labels."""

    def __init__(self) -> None:
        super().__init__(
            "The configuration does not say which column of the test set is the label.",
            "Add its name, for example label: label, or its position counted from 1.",
        )
