import subprocess
from itertools import product

import pytest

from easeml_action.git import is_ref

PARTS = ("a", "é", ".", "/", "-", "@", "{", "~", " ", "\\", "[", ".lock", "\n")
NAMES = sorted("".join(parts) for length in (1, 2) for parts in product(PARTS, repeat=length))
LONGER = ("a/b/c", "refs/pull/1/head", "a/.b", "a.lock/b", "a.lock", "a..b", "a@{b", "a//b", "a./b")


@pytest.mark.parametrize("name", [*NAMES, *LONGER])
def test_a_name_is_what_git_takes_and_no_option(name: str) -> None:
    asked = ["git", "check-ref-format", f"refs/heads/{name}"]
    taken = subprocess.run(asked, check=False).returncode == 0
    assert is_ref(name) == (taken and not name.startswith("-"))


def test_a_name_has_a_length() -> None:
    assert not is_ref("")
    assert is_ref("a" * 1024)
    assert not is_ref("a" * 1025)
