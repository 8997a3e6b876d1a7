"""Numbers as a reader sees them."""

MINUS = "−"


def signed(value: float) -> str:
    """Write an estimate with four decimals.

    >>> signed(-0.01)
    '−0.0100'
    """
    return f"{value:.4f}".replace("-", MINUS)


def short(value: float) -> str:
    """Write a number with no more digits than it needs.

    >>> short(-0.02)
    '−0.02'
    """
    return f"{value:.10g}".replace("-", MINUS)


def share(value: float) -> str:
    """Write a share as a percentage with one decimal.

    >>> share(0.9312)
    '93.1 %'
    """
    return f"{value:.1%}".replace("%", " %")


def commits(count: int) -> str:
    """Count commits.

    >>> commits(1)
    '1 commit'
    """
    return f"{count:,} commit{'' if count == 1 else 's'}"
