"""The suite's own watch: a secret is found in whatever form and place a test has left it."""

import base64
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from easeml_action.git import Git
from easeml_action.mail import send_mail
from easeml_action.testset import KeyPair, generate_key
from tests.integration.action.stage import MARKER
from tests.leaks import WATCH, Leaked, Watch, without_masks
from tests.smtp import SmtpServer

ROOT = Path(__file__).parents[3]
SECRET = "pa/ss phrase+of:this=test"

FORMS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda secret: secret,
    "inside a line": lambda secret: b"password=" + secret + b";",
    "hexadecimal": lambda secret: secret.hex().encode(),
    "hexadecimal in capitals": lambda secret: secret.hex().upper().encode(),
    "quoted for a URL": lambda secret: quote(secret, safe="").encode(),
    "base64": base64.b64encode,
    "base64 for a URL": base64.urlsafe_b64encode,
    "base64 after a user": lambda secret: base64.b64encode(b"x-access-token:" + secret),
    "base64 in lines": lambda secret: base64.encodebytes(b"x" * 40 + secret),
    "base64 after one sign": lambda secret: base64.b64encode(b":" + secret + b"\n"),
    "base64 after two signs": lambda secret: base64.b64encode(b"::" + secret + b"::"),
}


@pytest.fixture(scope="module")
def pair() -> KeyPair:
    return generate_key("Owner", "owner@example.com", None)


@pytest.fixture
def watch(pair: KeyPair) -> Watch:
    made = Watch()
    made.secret(SECRET, "the passphrase")
    made.key(pair, "the key")
    made.label(MARKER)
    return made


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_found_in_every_form(watch: Watch, form: str) -> None:
    assert watch.found(b"before " + FORMS[form](SECRET.encode()) + b" after") == {"the passphrase"}


def test_the_secret_lines_of_an_armored_key_are_found_and_nothing_of_its_public_half(
    watch: Watch, pair: KeyPair
) -> None:
    armored = pair.private_key.get_secret_value()
    found = [line for line in armored.splitlines() if watch.found(line.encode())]
    assert len(found) >= 2  # the lines with the two secret numbers
    assert watch.found(base64.b64encode(armored.encode())) == {"the key"}
    assert watch.found(pair.public_key.encode()) == set()
    assert watch.found(b"-----BEGIN PGP PRIVATE KEY BLOCK-----") == set()


def test_the_name_of_its_owner_beside_a_checksum_is_no_key(watch: Watch, pair: KeyPair) -> None:
    """Another key of the same owner has both, once in 65,536 pairs."""
    armored = pair.private_key.get_secret_value()
    lines = re.findall(r"^[A-Za-z0-9+/]+={0,2}$", armored, re.MULTILINE)
    body = base64.b64decode("".join(lines))
    name = body.index(b"Owner <owner@example.com>")
    checksum_and_header = 4
    begin, end = name - checksum_and_header, body.index(b"\x9c", name)  # of the secret subkey

    assert watch.found(body[begin:end]) == set()
    assert watch.found(body[:begin]) == watch.found(body[end:]) == {"the key"}
    for line in lines:
        inside = base64.b64decode(line)
        assert watch.found(line.encode()) == set() or inside not in body[begin:end]


def test_a_key_is_found_in_the_files_of_gpg_itself(
    watch: Watch, pair: KeyPair, tmp_path: Path
) -> None:
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    private = pair.private_key.get_secret_value().encode()
    for command, given in (
        (["gpg", "--batch", "--quiet", "--import"], private),
        (["gpgconf", "--kill", "gpg-agent"], b""),
    ):
        environment = {"PATH": os.environ["PATH"], "GNUPGHOME": str(home)}
        subprocess.run(command, input=given, env=environment, check=True, capture_output=True)

    keys = list(home.glob("private-keys-v1.d/*.key"))
    assert len(keys) == 2
    assert [watch.found(key.read_bytes()) for key in keys] == [{"the key"}, {"the key"}]
    subprocess.run(["rm", "-rf", home], check=True)


def test_a_label_is_looked_for_in_what_a_run_shows_and_not_in_a_repository(watch: Watch) -> None:
    said = f"the answer is {MARKER}-odd".encode()

    assert watch.found(said, public=True) == {f"the label {MARKER}"}
    assert watch.found(said) == set()


def test_what_has_leaked_is_named_and_not_shown(watch: Watch) -> None:
    with pytest.raises(Leaked) as leaked:
        watch.insist(f"here: {SECRET}", "the log")

    assert str(leaked.value) == "In the log: the passphrase."


def test_a_mask_is_no_leak_and_what_follows_it_is_searched(watch: Watch) -> None:
    masked = f"::add-mask::{SECRET}\n::notice::all is well\n"

    assert watch.found(without_masks(masked).encode()) == set()
    assert watch.found(without_masks(f"{masked}{SECRET}\n").encode()) == {"the passphrase"}


@pytest.mark.parametrize("packed", [False, True])
def test_a_secret_is_found_in_the_objects_of_a_repository(
    watch: Watch, tmp_path: Path, packed: bool
) -> None:
    git = Git(tmp_path)
    git.run("init", "-q", "--bare")
    blob = git.run("hash-object", "-w", "--stdin", stdin=SECRET.encode()).decode().strip()
    git.run("update-ref", "refs/tags/it", blob)
    if packed:
        git.run("repack", "-adq")
        assert list(tmp_path.glob("objects/pack/*.pack"))

    with pytest.raises(Leaked, match="the passphrase"):
        watch.insist_on_folder(tmp_path)
    subprocess.run(["rm", "-rf", tmp_path], check=True)


@pytest.mark.parametrize("before", [2**24 - 7, 2**40])
def test_a_secret_is_found_deep_in_a_large_file_and_behind_a_hole(
    watch: Watch, tmp_path: Path, before: int
) -> None:
    file = tmp_path / "large"
    with file.open("wb") as opened:
        if before < 2**32:
            opened.write(b"." * before)
        opened.seek(before)
        opened.write(SECRET.encode())

    with pytest.raises(Leaked, match="the passphrase"):
        watch.insist_on_folder(tmp_path)
    file.unlink()


def test_a_file_is_searched_again_when_it_has_changed_and_its_owner_s_copy_never(
    watch: Watch, tmp_path: Path
) -> None:
    log, copy = tmp_path / "log", watch.own(tmp_path / "key.txt")
    log.write_text("nothing")
    copy.write_text(SECRET)
    watch.insist_on_folder(tmp_path)

    log.write_text(f"nothing but {SECRET}")

    with pytest.raises(Leaked, match="/log: the passphrase"):
        watch.insist_on_folder(tmp_path)


def test_a_secret_that_is_made_up_is_another_each_time_and_is_watched(watch: Watch) -> None:
    first, second = watch.make_up("somebody's password"), watch.make_up("somebody's password")

    assert first != second
    assert watch.found(first.encode()) == watch.found(second.encode()) == {"somebody's password"}


def test_a_mail_with_a_secret_is_found_when_the_server_ends() -> None:
    secret = f"a secret of {__name__}"
    WATCH.secret(secret, "the mailed secret")

    def send() -> None:
        with SmtpServer() as server:
            to = SecretStr(f"smtp://127.0.0.1:{server.port}")
            send_mail(to, to="owner@example.com", subject="It", text=secret)

    with pytest.raises(Leaked, match="In a mail: the mailed secret"):
        send()


PLANTS = {
    "its output": "print(SECRET)",
    "its log": "import logging; logging.getLogger().warning(SECRET)",
    "its folder": "(tmp_path / 'deep' ).mkdir(); (tmp_path / 'deep/file').write_text(SECRET)",
    "a folder of others": "tmp_path_factory.mktemp('other').joinpath('x').write_text(SECRET)",
    "the temporary folder": "open(tempfile.mkdtemp(prefix='easeml-') + '/x', 'w').write(SECRET)",
}


def run_tests(folder: Path, source: str, workers: str = "0") -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text())
    (folder / "test_it.py").write_text(f"import tempfile\nfrom tests.leaks import WATCH\n{source}")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir", folder, "-n", workers, "."],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("place", "workers"), [*((place, "0") for place in PLANTS), ("the temporary folder", "1")]
)
def test_a_test_that_leaves_a_secret_fails(place: str, workers: str, tmp_path: Path) -> None:
    source = (
        "SECRET = WATCH.make_up('the planted secret')\n"
        f"def test_it(tmp_path, tmp_path_factory):\n    {PLANTS[place]}\n"
    )
    done = run_tests(tmp_path, source, workers)

    assert done.returncode == 1, done.stdout
    assert "the planted secret" in done.stdout


def test_a_secret_that_stands_in_a_source_of_the_tests_fails(tmp_path: Path) -> None:
    written = "a secret that stands in this very source"
    source = f"def test_it():\n    WATCH.secret({written!r}, 'the written secret')\n"
    done = run_tests(tmp_path, source)

    assert done.returncode == 1, done.stdout
    assert re.search(r"test_leaks\.\S+: the written secret\.", done.stdout), done.stdout
