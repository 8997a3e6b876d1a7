"""Files are written once and whole, or not at all."""

import stat

import pytest

from easeml_action.cli.errors import FileExists, FileUnreadable, FileUnwritable
from easeml_action.cli.files import PRIVATE, read_file, replace, write_new


def test_a_private_file_is_private_from_its_first_moment(tmp_path) -> None:
    path = tmp_path / "keys" / "key.asc"
    write_new(path, b"secret", PRIVATE)
    assert path.read_bytes() == b"secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_is_not_written_over(tmp_path) -> None:
    (tmp_path / "key.asc").write_text("mine")
    with pytest.raises(FileExists, match=r"key\.asc exists"):
        write_new(tmp_path / "key.asc", b"other")
    assert (tmp_path / "key.asc").read_text() == "mine"


def test_a_link_is_not_followed_to_a_file(tmp_path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(FileExists):
        write_new(tmp_path / "link", b"secret", PRIVATE)
    assert not (tmp_path / "target").exists()


def test_a_place_that_is_no_folder_is_named(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileUnwritable, match="cannot be written"):
        write_new(tmp_path / "file" / "key.asc", b"")


def test_a_replaced_file_leaves_no_draft(tmp_path) -> None:
    path = tmp_path / "test.csv.gpg"
    replace(path, b"first")
    replace(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_replaced_leaves_no_draft(tmp_path) -> None:
    path = tmp_path / "test.csv.gpg"
    path.mkdir()
    with pytest.raises(FileUnwritable):
        replace(path, b"new")
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_no_file(tmp_path) -> None:
    with pytest.raises(FileUnreadable, match="is a directory"):
        read_file(tmp_path)
