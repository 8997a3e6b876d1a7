import os
from pathlib import Path

import pytest

from easeml_action.model.predictions import (
    MAX_LINE,
    NoPredictions,
    Predictions,
    UnreadablePredictions,
    WrongNumberOfPredictions,
    read_predictions,
)


def read(folder: Path, content: bytes | str, rows: int) -> Predictions:
    data = content.encode() if isinstance(content, str) else content
    (folder / "p").write_bytes(data)
    return read_predictions(folder, "p", rows, os.getuid())


@pytest.mark.parametrize(
    ("content", "values"),
    [
        ("a\nb\nc\n", ["a", "b", "c"]),
        ("a\nb\nc", ["a", "b", "c"]),
        ("a\r\nb\r\nc\r\n", ["a", "b", "c"]),
        ("\ufeffa\nb\nc\n", ["a", "b", "c"]),
        ("  a\t\nb \n c\n", ["a", "b", "c"]),
        ("1,5\n2,5\n3,5\n", ["1,5", "2,5", "3,5"]),
        ('"a"\nb c\nü\n', ['"a"', "b c", "ü"]),
        ("a\u2028x\nb\x0bx\nc\x85x\n", ["a\u2028x", "b\x0bx", "c\x85x"]),
        ("id,prediction\n1,a\n2,b\n3,c\n", ["a", "b", "c"]),
        ("id,prediction\r\n3,c\r\n1,a\r\n2,b\r\n", ["a", "b", "c"]),
        (
            ' ID , Prediction\n 2 ,"b, or so"\n1,"a ""quoted"""\n003,c',
            ['a "quoted"', "b, or so", "c"],
        ),
    ],
)
def test_both_forms_are_read(tmp_path: Path, content: str, values: list[str]) -> None:
    assert read(tmp_path, content, 3) == Predictions(values)


@pytest.mark.parametrize(
    ("content", "values", "written"),
    [
        ("", [None, None, None], 0),
        ("a\n", ["a", None, None], 1),
        ("a\n\n", ["a", None, None], 2),
        ("a\nb\nc\nd\n", [None, None, None], 4),
        ("a\nb\nc\n\n", [None, None, None], 4),
        ("\n" * 100_000, [None, None, None], 100_000),
        ("id,prediction\n", [None, None, None], 0),
        ("id,prediction\n3,c\n", [None, None, "c"], 1),
    ],
)
def test_a_wrong_number_is_told_and_what_is_missing_is_wrong(
    tmp_path: Path, content: str, values: list[str | None], written: int
) -> None:
    predictions = read(tmp_path, content[:60_000], 3)
    assert predictions.values == values
    assert isinstance(predictions.complaint, WrongNumberOfPredictions)
    expected = min(written, 60_000)
    assert f"wrote {expected:,} predictions for 3 rows" in predictions.complaint.problem


@pytest.mark.parametrize(
    ("content", "values", "words"),
    [
        ("a\n\nc\n", ["a", None, "c"], "1 of 3 are empty"),
        ("id,prediction\n1,a\n2,\n3,c\n", ["a", None, "c"], "1 of 3 are empty"),
        (b"a\nb\0\nc\n", [None] * 3, "binary"),
        (b"a\n\xff\nc\n", [None] * 3, "UTF-8"),
        ("a\nb\n".encode("utf-16"), [None] * 3, "binary"),
        (f"a\n{'b' * (MAX_LINE + 1)}\nc\n", [None] * 3, "longer than"),
        ("id,prediction\n0,a\n2,b\n3,c\n", [None] * 3, "not an id from 1 to 3"),
        ("id,prediction\n1,a\n2,b\n4,c\n", [None] * 3, "not an id from 1 to 3"),
        ("id,prediction\n-1,a\n2,b\n3,c\n", [None] * 3, "not an id from 1 to 3"),
        ("id,prediction\n1.0,a\n2,b\n3,c\n", [None] * 3, "not an id from 1 to 3"),
        ("id,prediction\n²,a\n2,b\n3,c\n", [None] * 3, "not an id from 1 to 3"),
        (f"id,prediction\n{'9' * 4000},a\n", [None] * 3, "not an id from 1 to 3"),
        ("id,prediction\n1\n2,b\n3,c\n", [None] * 3, "not an id from 1 to 3"),
        ("id,prediction\n1,a,x\n2,b\n3,c\n", [None] * 3, "not an id from 1 to 3"),
        ("id,prediction\n1,a\n1,b\n3,c\n", [None] * 3, "the id 1 comes twice"),
        ('id,prediction\n1,"a\n2,b\n3,c\n', [None] * 3, "not CSV"),
        ('id,prediction\n1,"a"b\n2,b\n3,c\n', [None] * 3, "not CSV"),
        (b"a" * 70_000, [None] * 3, "take more than"),
    ],
)
def test_what_cannot_be_read_is_told_and_is_wrong(
    tmp_path: Path, content: bytes | str, values: list[str | None], words: str
) -> None:
    predictions = read(tmp_path, content, 3)
    assert predictions.values == values
    assert isinstance(predictions.complaint, UnreadablePredictions)
    assert words in predictions.complaint.problem


def test_no_file_and_no_folder_are_no_predictions(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        predictions = read_predictions(folder, "p", 2, None)
        assert predictions.values == [None, None]
        assert isinstance(predictions.complaint, NoPredictions)


@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "folder", "hard link", "socket"])
def test_nothing_but_a_file_of_the_models_own_is_opened(tmp_path: Path, kind: str) -> None:
    other = tmp_path / "other"
    other.write_text("a\n")
    path = tmp_path / "out" / "p"
    path.parent.mkdir()
    match kind:
        case "link":
            path.symlink_to(other)
        case "dangling":
            path.symlink_to("nowhere")
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "hard link":
            path.hardlink_to(other)
        case "socket":
            os.mknod(path, 0o140600)
    before = len(list(Path("/proc/self/fd").iterdir()))
    predictions = read_predictions(path.parent, "p", 1, os.getuid())
    assert predictions.values == [None]
    assert isinstance(predictions.complaint, UnreadablePredictions)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/p").write_text("a\n")
    (tmp_path / "out").symlink_to(tmp_path / "real")
    assert read_predictions(tmp_path / "out", "p", 1, None).values == [None]


def test_a_file_of_another_user_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("a\n")
    assert read_predictions(tmp_path, "p", 1, os.getuid() + 1).values == [None]
    assert read_predictions(tmp_path, "p", 1, os.getuid()).values == ["a"]


def test_no_complaint_quotes_a_prediction(tmp_path: Path) -> None:
    for content in ("id,prediction\nsecret,a\n", "secret\0", "secret\n" * 5, b"secret\xff"):
        complaint = read(tmp_path, content, 3).complaint
        assert complaint is not None
        assert "secret" not in str(complaint)


def test_zero_rows_want_an_empty_file(tmp_path: Path) -> None:
    assert read(tmp_path, "", 0) == Predictions([])
