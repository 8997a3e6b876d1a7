"""The terms that tests of plans and promises begin with."""

from easeml_action.config import Terms


def terms(condition: str, **changes: object) -> Terms:
    """What ``easeml init`` suggests, for a condition, with changes."""
    suggested = {
        "reliability": 0.999,
        "mode": "fp-free",
        "adaptivity": "full",
        "steps": 32,
    }
    return Terms.read({"condition": condition} | suggested | changes, "Here")
