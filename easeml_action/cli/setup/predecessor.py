"""A repository that was made for the paper's own implementation, as that one left it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import SecretStr

from easeml_action.cli.files import read_file

TEST_SET = "data_test/test.txt.enc"
RELEASED_ROWS = "data_test/test.txt.used"
PRIVATE_KEY_SECRET = "B64_EASEML_PRIV"  # noqa: S105  a name, not a secret
# Its key script puts every private key under this passphrase, which stands in its source and so
# protects nothing.
PASSPHRASE = SecretStr("easemlrocks")

_STATISTICS = "run_statistics.json"
_RUNNER = "easeml_cicd_runner"
_KEYS = Path(".easeml/keys/easeml_priv.asc")
_LARGEST = 1 << 20
# What a script of it does that needs labels, or the tool that is gone.
_OLD_CALLS = re.compile(r"eval_accuracy|libs[./]easeml|easeml_cicd|results\.txt")


@dataclass(frozen=True)
class Predecessor:
    """The traces of the older implementation in a work tree."""

    root: Path

    @property
    def usual_private_key(self) -> Path:
        """Where its users keep the private key."""
        return Path.home() / _KEYS

    @cached_property
    def steps_taken(self) -> int:
        """How many commits it has judged on the test set that is there, as it wrote them down."""
        path = self.root / _STATISTICS
        if not path.exists():
            return 0
        try:
            written = json.loads(read_file(path)[:_LARGEST])
        except ValueError:
            return 0
        steps = written.get("current") if isinstance(written, dict) else None
        return steps if isinstance(steps, int) else 0

    def workflows(self) -> list[str]:
        """Return the workflows that run it, which would go on publishing accuracies."""
        found = sorted((self.root / ".github/workflows").glob("*.y*ml"))
        return [
            path.relative_to(self.root).as_posix()
            for path in found
            if _RUNNER in read_file(path)[:_LARGEST].decode(errors="replace")
        ]

    def lines_to_change(self, script: str) -> list[tuple[int, str]]:
        """Return the script's lines, counted from 1, that speak of labels or of the old tool."""
        path = self.root / script
        if not path.exists():
            return []
        lines = read_file(path)[:_LARGEST].decode(errors="replace").splitlines()
        return [(at, line) for at, line in enumerate(lines, 1) if _OLD_CALLS.search(line)]


def with_keys(text: str, keys: Mapping[str, object]) -> str:
    """Return a configuration with keys added at its end, in the spelling that it has."""
    lines = [line for line in text.splitlines() if re.match(r"\s*(?:- +)?\w+ *:", line)]
    start = re.match(r"\s*(?:- +)?", lines[-1] if len(lines) > 1 else "  ")
    prefix = start[0] if start else "  "
    ends = text if text.endswith("\n") else f"{text}\n"
    return ends + "".join(f"{prefix}{key}: {value}\n" for key, value in keys.items())
