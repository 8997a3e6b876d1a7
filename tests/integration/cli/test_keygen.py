"""``easeml keygen`` with the real gpg."""

import stat
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from easeml_action.testset import encrypt_to, open_vault

BEGIN = "-----BEGIN PGP PRIVATE KEY BLOCK-----"


def test_the_private_key_is_written_outside_for_the_owner_only(easeml) -> None:
    result = easeml("keygen", "--json").json()
    private, public = Path(result["private_key"]), easeml.directory / result["public_key"]
    assert private == easeml.home / ".easeml" / "project.private.asc"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE(private.parent.stat().st_mode) == 0o700
    assert public == easeml.directory / ".easeml" / "public.asc"
    ciphertext = encrypt_to(public.read_text(), b"rows")
    with open_vault(SecretStr(private.read_text()), None) as vault:
        assert vault.decrypt(ciphertext) == b"rows"


def test_in_a_folder_of_a_repository_the_key_is_the_repositorys(easeml) -> None:
    easeml.git("init", "-q")
    inside = easeml.within("notebooks")
    result = inside("keygen", "--json").json()
    assert (inside.directory / result["public_key"]).samefile(
        easeml.directory / ".easeml/public.asc"
    )
    assert result["private_key"] == str(easeml.home / ".easeml/project.private.asc")


def test_the_commands_that_store_the_secret_are_said(easeml) -> None:
    done = easeml("keygen")
    assert done.code == 0
    private = easeml.home / ".easeml" / "project.private.asc"
    assert done.stdout == f"  gh secret set EASEML_PRIVATE_KEY < {private}\n"
    assert "Store the private key as a secret" in done.stderr


def test_a_passphrase_from_the_environment_protects_the_key(easeml) -> None:
    phrase = "correct horse battery"
    done = easeml("keygen", EASEML_PASSPHRASE=phrase)
    assert "gh secret set EASEML_PASSPHRASE" in done.stdout
    assert phrase not in done.stdout + done.stderr
    key = SecretStr((easeml.home / ".easeml" / "project.private.asc").read_text())
    public = (easeml.directory / ".easeml" / "public.asc").read_text()
    with open_vault(key, SecretStr(phrase)) as vault:
        assert vault.decrypt(encrypt_to(public, b"rows")) == b"rows"


def test_stdout_gets_the_private_key_and_nothing_else(easeml) -> None:
    done = easeml("keygen", "--stdout")
    assert done.code == 0
    assert done.stdout.startswith(BEGIN)
    assert done.stdout.rstrip().endswith("-----END PGP PRIVATE KEY BLOCK-----")
    assert BEGIN not in done.stderr
    assert not (easeml.home / ".easeml").exists()


def test_a_private_key_inside_a_work_tree_is_refused(easeml) -> None:
    easeml.git("init", "-q")
    done = easeml("keygen", "--private-key", "keys/new/private.asc")
    assert done.code == 2
    assert "inside the git work tree" in done.stderr
    assert "Name a file outside with --private-key.\n" in done.stderr
    assert [path.name for path in easeml.directory.iterdir()] == [".git"]


def test_a_home_that_is_a_work_tree_is_no_place_either(easeml) -> None:
    easeml.git("-C", str(easeml.home), "init", "-q")
    assert easeml("keygen").code == 2


@pytest.mark.parametrize("day", [date(2020, 1, 1), datetime.now(UTC).date()])
def test_a_day_that_has_passed_is_no_day_to_expire_on(easeml, day: date) -> None:
    done = easeml("keygen", "--expires", day.isoformat())
    assert (done.code, "Name a later day." in done.stderr) == (2, True), done.stderr
    assert not (easeml.home / ".easeml").exists()


@pytest.mark.parametrize("existing", ["private", "public"])
def test_an_existing_key_is_never_written_over(easeml, existing: str) -> None:
    path = {
        "private": easeml.home / "key.asc",
        "public": easeml.directory / ".easeml" / "public.asc",
    }[existing]
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    done = easeml("keygen", "--private-key", easeml.home / "key.asc")
    assert done.code == 1
    assert "exists, and is not written over" in done.stderr
    assert path.read_text() == "mine"
    assert not (easeml.directory / ".easeml" / "private.asc").exists()


def test_a_key_can_expire(easeml) -> None:
    assert easeml("keygen", "--expires", "2099-12-31").code == 0
    done = easeml("keygen", "--expires", "soon")
    assert done.code == 2
    assert "See `easeml keygen --help`." in done.stderr


def test_a_name_that_cannot_stand_in_a_key_is_wrong_use(easeml) -> None:
    done = easeml("keygen", "--email", "<a@example.com>")
    assert done.code == 2
    assert "--email" in done.stderr
