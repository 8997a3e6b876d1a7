"""The demo goes as planned, and the picture in the README is the one that it makes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

COMMITTED = Path(__file__).parents[3] / "docs" / "reveal.svg"


def test_the_demo_goes_as_planned_and_draws_the_picture_of_the_readme(tmp_path: Path) -> None:
    page, picture = tmp_path / "page.html", tmp_path / "picture.svg"
    command = [sys.executable, "-m", "easeml_action", "demo", "--brief"]
    done = subprocess.run(
        [*command, "--html", page, "--svg", picture],
        env=os.environ | {"HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.strip().endswith(str(page))
    assert "This test set has retired." in page.read_text()
    assert "Use a support vector machine" in page.read_text()

    # Another processor may round the last digit of a place in the picture otherwise.
    (drawn, words), (committed, old_words) = map(_parts, (picture, COMMITTED))
    assert words == old_words, "easeml demo --svg docs/reveal.svg draws it anew"
    assert drawn == pytest.approx(committed, abs=0.5)


def _parts(picture: Path) -> tuple[list[float], list[str]]:
    """Return the numbers in a picture, and everything between them."""
    number = r"-?\d+(?:\.\d+)?"
    text = picture.read_text()
    return [float(each) for each in re.findall(number, text)], re.split(number, text)
