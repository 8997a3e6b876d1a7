"""A repository with a model, and 400 rows outside of it."""

import pytest

from tests.integration.cli.conftest import MODEL, Easeml, table

TERMS = (
    *("--condition", "n > 0.5 +/- 0.2"),
    *("--label", "label"),
    *("--steps", "2"),
    *("--reliability", "0.9"),
)


@pytest.fixture
def newcomer(easeml) -> Easeml:
    git = easeml.git
    git("init", "-q", "-b", "main")
    model = easeml.directory / "evaluate_model.py"
    model.write_text(MODEL.format(answer="0"))
    model.chmod(0o755)
    git("add", ".")
    git("commit", "-q", "-m", "Add a model")
    (easeml.home / "test.csv").write_text(table(400))
    return easeml
