"""Every byte that a test leaves is searched for the secrets that tests have registered.

A test says what must not show with :meth:`Watch.make_up`, :meth:`Watch.secret`, :meth:`Watch.key`
and :meth:`Watch.label`, on the one :data:`WATCH` of its process. At its end, what it printed and
its temporary folder are searched, with every object of every git repository there; at the
session's end all temporary folders, what lies under our names in ``/tmp`` and in shared memory,
and the tests themselves. What is gone by then (a runner's own folder, a mail, a request) is handed
over by whoever ends it.
"""

import base64
import os
import re
import secrets
import string
import subprocess
import tempfile
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from stat import S_ISREG
from typing import Any, Final
from urllib.parse import quote_from_bytes

import pytest
from ahocorasick_rs import BytesAhoCorasick

from easeml_action.testset import KeyPair

# A shorter text is found by chance, in a digest or in a sentence.
SHORTEST: Final = 12

# Pieces of a key: the lines of the armored one, and windows into the binary one, so that 32 secret
# bytes anywhere in it hold a whole window.
_LINE, _WINDOW, _STEP = 48, 24, 8
# So many bytes of a piece are secret: two beside its owner's name are in another key of the same
# owner, by chance. Public is what stands in the public key, by so many bytes at once.
_SECRET_BYTES, _SHARED = 16, 6

# How much of a file is searched at a time, and how much of that again with what follows.
_PIECE, _OVERLAP = 1 << 24, 1 << 12

_MASK: Final = re.compile(r"^::add-mask::.*\n?", re.MULTILINE)


class Leaked(AssertionError):
    """A secret is where it must not be. The text names it and does not show it."""


class Watch:
    """What must not show, and where it was looked for already."""

    def __init__(self) -> None:
        self._names: dict[bytes, str] = {}
        self._labels: set[str] = set()
        self._searcher: tuple[BytesAhoCorasick, list[bytes]] | None = None
        self._seen: set[tuple[int, int, int, int]] = set()
        self._own: set[Path] = set()

    def make_up(self, name: str) -> str:
        """Return a secret text that stands in no source, and register it."""
        text = f"{re.sub(r'[^a-z]+', '-', name)}-{secrets.token_hex(8)}"
        self.secret(text, name)
        return text

    def secret(self, text: str, name: str) -> None:
        """Register a secret text; of several lines, each that is long enough."""
        data = text.strip().encode()
        pieces = [line.strip() for line in data.splitlines()]
        self._add(chain.from_iterable(map(forms, pieces)), name)

    def key(self, pair: KeyPair, name: str) -> None:
        """Register a private key: its text, and what it holds beside the public key."""
        body = _dearmored(pair.private_key.get_secret_value().encode())
        known = _dearmored(pair.public_key.encode())
        lines = map(base64.b64encode, _secret_pieces(body, known, _LINE, _LINE))
        self._add(chain.from_iterable(map(forms, lines)), name)
        for window in _secret_pieces(body, known, _WINDOW, _STEP):
            self._add((window, *_hexadecimal(window)), name)

    def label(self, marker: str) -> None:
        """Register what every label holds.

        Models print labels, and samples have them, so that they may be in a repository: only what
        a run itself makes public is searched for them.
        """
        self._labels.add(f"the label {marker}")
        self._add([marker.encode()], f"the label {marker}")

    def own(self, path: Path) -> Path:
        """Name a file that is the secret on purpose, as a key holder's own copy."""
        self._own.add(path)
        return path

    def found(self, data: bytes, *, public: bool = False) -> set[str]:
        """Return the names of the secrets in some bytes."""
        if not self._names:
            return set()
        if self._searcher is None:
            needles = list(self._names)
            self._searcher = BytesAhoCorasick(needles), needles
        search, needles = self._searcher
        # Once more without white space: long texts are broken into lines at any place.
        names = {
            self._names[needles[which]]
            for text in (data, data.translate(None, string.whitespace.encode()))
            for which, _, _ in search.find_matches_as_indexes(text, overlapping=True)
        }
        return names if public else names - self._labels

    def insist(self, data: bytes | str, where: str, *, public: bool = False) -> None:
        """Insist that no secret is in some bytes.

        Parameters
        ----------
        where
            What they are, for the error.
        public
            Whether they are what a run shows, in which no label may be.

        Raises
        ------
        Leaked
        """
        __tracebackhide__ = True  # it would show what was found
        data = data.encode(errors="replace") if isinstance(data, str) else data
        if names := self.found(data, public=public):
            raise Leaked(f"In {where}: {', '.join(sorted(names))}.")

    def insist_on_folder(self, folder: Path) -> None:
        """Insist that no secret is in any file of a folder, or in the objects of a repository.

        Raises
        ------
        Leaked
        """
        __tracebackhide__ = True
        for path in _files(folder):
            with suppress(FileNotFoundError, PermissionError):  # another test's, on its way out
                status = path.lstat()
                mark = (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
                if not S_ISREG(status.st_mode) or path in self._own or mark in self._seen:
                    continue
                for piece in _pieces(path):
                    self.insist(piece, str(path))
                self._seen.add(mark)

    def _add(self, needles: Iterable[bytes], name: str) -> None:
        # What was searched before is not searched again: a secret is registered when it is made.
        added = {needle: name for needle in needles if needle not in self._names}
        if added:
            self._names |= added
            self._searcher = None


WATCH: Final = Watch()


def forms(text: bytes) -> Iterator[bytes]:
    """Yield every form in which a text could stand somewhere; none of one that is too short."""
    if len(text) < SHORTEST:
        return
    yield text
    yield from _hexadecimal(text)
    yield quote_from_bytes(text, safe="").encode()
    for shift in range(3):
        # What comes before it moves it by so many bytes; signs that hold others' bits are left out.
        encoded = base64.b64encode(bytes(shift) + text)
        inner = encoded[-(-shift * 8 // 6) : (shift + len(text)) * 8 // 6]
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))


def without_masks(log: str) -> str:
    """Take out of a step's output the lines by which the runner learns what to hide.

    They are an agreement between the action and the runner, who shows them to nobody.
    """
    return _MASK.sub("", log)


def _hexadecimal(data: bytes) -> tuple[bytes, bytes]:
    text = data.hex().encode()
    return text, text.upper()


def _dearmored(armored: bytes) -> bytes:
    text = armored.partition(b"\n\n")[2]
    return base64.b64decode(b"".join(re.findall(rb"^[A-Za-z0-9+/]+={0,2}$", text, re.MULTILINE)))


def _secret_pieces(body: bytes, known: bytes, size: int, step: int) -> Iterator[bytes]:
    """Yield the pieces of a private key that hold more than what is in the public one."""
    is_public = bytearray(len(body))
    for i in range(len(body) - _SHARED + 1):
        if body[i : i + _SHARED] in known:
            is_public[i : i + _SHARED] = b"\1" * _SHARED
    for i in range(0, len(body), step):
        if is_public[i : i + size].count(0) >= _SECRET_BYTES:
            yield body[i : i + size]


def _files(folder: Path) -> Iterator[Path]:
    """Yield a place itself, and everything below it that is no folder."""
    yield folder
    left = [str(folder)]
    # Not by os.walk, which calls itself: hostile models make folders deeper than that can go.
    while left:
        with suppress(OSError), os.scandir(left.pop()) as entries:
            for entry in entries:
                if not entry.is_dir():
                    yield Path(entry.path)
                elif not entry.is_symlink():
                    left.append(entry.path)


def _pieces(path: Path) -> Iterator[bytes]:
    """Yield what a file holds, and of one that belongs to git what is packed in it."""
    if path.suffix == ".pack":
        everything = ["cat-file", "--batch", "--batch-all-objects", "--unordered"]
        command = ["git", "--git-dir", str(path.parents[2]), *everything]
        yield subprocess.run(command, capture_output=True, check=False).stdout
    elif path.parent.parent.name == "objects":
        with suppress(zlib.error):  # a test of damaged repositories
            yield zlib.decompress(path.read_bytes())
    with path.open("rb") as file, suppress(OSError):  # there is no more data
        start = 0
        while True:
            start = os.lseek(file.fileno(), start, os.SEEK_DATA)  # a hole may be without end
            yield os.pread(file.fileno(), _PIECE, start)
            start += _PIECE - _OVERLAP


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Search what a test has printed and what is in its folder, when all of it has ended."""
    report = yield
    if report.when == "teardown" and report.passed:
        try:
            for title, text in report.sections:
                WATCH.insist(text, title, public=True)
            folder: Any = getattr(item, "funcargs", {}).get("tmp_path")
            if folder is not None:
                WATCH.insist_on_folder(folder)
        except Leaked as leaked:
            report.outcome = "failed"
            report.longrepr = f"A secret has leaked. {leaked}"
    return report


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Search what no single test has in its hands, after the last one."""
    yield
    # A secret in a source would be found in a copy of the checkout, if these tests come after.
    for folder in (tmp_path_factory.getbasetemp(), Path(__file__).parent):
        WATCH.insist_on_folder(folder)
    for place in (tempfile.gettempdir(), "/dev/shm"):
        for left in Path(place).glob("easeml-*"):
            WATCH.insist_on_folder(left)
