"""``easeml demo`` shows scenes; that the real ones go as planned is tested from end to end."""

import sys
import tempfile
from pathlib import Path

from easeml_action.cli import main
from easeml_action.demo.runner import Run
from easeml_action.demo.story import Scene, Story
from tests.measured import make_test_set


def scene(verdict: str, expected: str = "pass") -> Scene:
    run = Run(int(verdict != "pass"), "the log of the run", {"verdict": verdict}, "## Summary")
    issues = ((7, "open", "The test set [b]0123[/b] is used up"),)
    return Scene("A pull request", expected, run, ("success", "Pass"), issues, ("**Done**",))


def run(monkeypatch, *arguments: str, verdicts: tuple[str, ...] = ("pass",)) -> int:
    monkeypatch.setattr(Story, "play", lambda _: iter([scene(verdict) for verdict in verdicts]))
    monkeypatch.setattr(Story, "reveal", lambda _: make_test_set(retired=True))
    monkeypatch.setattr(sys, "argv", ["easeml", "demo", *arguments])
    return main()


def test_a_scene_shows_what_github_shows(monkeypatch, capsys) -> None:
    assert run(monkeypatch) == 0
    shown = capsys.readouterr().out
    for text in ("1. A pull request", "success: Pass", "succeeded after", "Summary", "Done"):
        assert text in shown
    assert "open: The test set [b]0123[/b] is used up" in shown
    assert "the log of the run" not in shown


def test_brief_leaves_the_long_texts_out(monkeypatch, capsys) -> None:
    assert run(monkeypatch, "--brief") == 0
    shown = capsys.readouterr().out
    assert "success: Pass" in shown
    assert "Summary" not in shown


def test_a_run_that_goes_otherwise_is_a_failure_with_its_log(monkeypatch, capsys) -> None:
    assert run(monkeypatch, verdicts=("pass", "error", "fail")) == 1
    said = capsys.readouterr().err
    assert said.count("the log of the run") == 2
    assert "2 of the runs did not go as planned" in said


def test_at_the_end_the_key_holders_page_is_somewhere_and_named(
    monkeypatch, capsys, tmp_path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert run(monkeypatch) == 0
    named = Path(capsys.readouterr().err.strip().rpartition(" ")[2])
    assert named.parent == tmp_path
    assert "This test set has retired." in named.read_text()


def test_the_page_and_its_pictures_go_where_they_are_wanted(monkeypatch, capsys, tmp_path) -> None:
    page, picture = tmp_path / "page.html", tmp_path / "picture.svg"
    assert run(monkeypatch, "--html", str(page), "--svg", str(picture)) == 0
    assert capsys.readouterr().err.strip().endswith(f": {page}")
    assert picture.read_text().startswith("<svg")


def test_a_folder_to_play_in_is_empty(monkeypatch, capsys, tmp_path) -> None:
    (tmp_path / "mine").write_text("keep")
    assert run(monkeypatch, "--folder", str(tmp_path)) == 2
    assert "is not empty" in capsys.readouterr().err
    assert run(monkeypatch, "--folder", str(tmp_path / "new")) == 0


def test_without_the_demos_packages_it_says_what_to_do(monkeypatch, capsys) -> None:
    monkeypatch.delitem(sys.modules, "easeml_action.demo.story")
    monkeypatch.delitem(sys.modules, "easeml_action.demo.digits")
    monkeypatch.setitem(sys.modules, "joblib", None)
    monkeypatch.setattr(sys, "argv", ["easeml", "demo"])
    assert main() == 1
    assert "needs the package joblib" in capsys.readouterr().err
