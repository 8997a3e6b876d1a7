"""``easeml encrypt`` with the real gpg and git."""

import json
import re
import shutil

import pytest
from pydantic import SecretStr

from easeml_action.testset import open_vault

HEADER = "number,noise,label\n"


@pytest.fixture
def keys(easeml):
    easeml("keygen", "--private-key", easeml.home / "key.asc")
    return easeml


def lines(rows: int) -> list[str]:
    return [f"{number},{number % 7},{number % 2}\n" for number in range(rows)]


def write(path, rows: int):
    path.write_text(HEADER + "".join(lines(rows)))
    return path


def decrypted(easeml, path: str = "data_test/test.csv.gpg") -> str:
    key = SecretStr((easeml.home / "key.asc").read_text())
    with open_vault(key, None) as vault:
        return vault.decrypt((easeml.directory / path).read_bytes()).decode()


def test_no_row_is_lost_and_none_is_in_both_files(keys) -> None:
    data = write(keys.home / "rows.csv", 100)
    result = keys("encrypt", data, "--label", "label", "--json").json()
    secret = decrypted(keys).splitlines(keepends=True)
    public = (keys.directory / "data_test/test.sample.csv").read_text().splitlines(keepends=True)
    assert secret[0] == public[0] == HEADER
    assert (len(secret) - 1, len(public) - 1) == (90, 10) == (result["rows"], result["sample_rows"])
    assert sorted(secret[1:] + public[1:]) == sorted(lines(100))
    assert result["identity"] is None
    assert result["commands"][0] == "git add data_test/test.csv.gpg data_test/test.sample.csv"


def test_the_identity_is_shown_to_whoever_has_the_key(keys) -> None:
    data = write(keys.home / "rows.csv", 50)
    key = keys.home / "key.asc"
    options = ("--label", "label", "--sample-rows", "0", "--private-key", key, "--json")
    first = keys("encrypt", data, "--output", "first.csv.gpg", *options).json()
    again = keys("encrypt", data, "--output", "again.csv.gpg", *options).json()
    assert first["identity"] == again["identity"]
    assert len(first["identity"]) == 16
    assert first["sample"] is None


def test_a_passphrase_encrypts_where_there_is_no_key(easeml) -> None:
    data = write(easeml.home / "rows.csv", 20)
    options = ("--label", "3", "--no-header", "--symmetric")
    done = easeml("encrypt", data, *options, EASEML_PASSPHRASE="open sesame")
    assert done.code == 0, done.stderr
    ciphertext = (easeml.directory / "data_test/test.csv.gpg").read_bytes()
    with open_vault(None, SecretStr("open sesame")) as vault:
        # without a header the first line is a row like the others, and may be in the sample
        assert len(vault.decrypt(ciphertext).splitlines()) == 11


def test_a_symmetric_encryption_without_a_passphrase_is_wrong_use(easeml) -> None:
    data = write(easeml.home / "rows.csv", 20)
    done = easeml("encrypt", data, "--label", "label", "--symmetric")
    assert done.code == 2
    assert "EASEML_PASSPHRASE" in done.stderr


def test_other_formats_keep_their_names(keys) -> None:
    data = keys.home / "rows.jsonl"
    data.write_text("".join(json.dumps({"x": n, "y": n % 2}) + "\n" for n in range(30)))
    result = keys("encrypt", data, "--label", "y", "--json").json()
    assert result["test_set"] == "data_test/test.jsonl.gpg"
    assert result["sample"] == "data_test/test.sample.jsonl"


def test_a_name_that_tells_another_format_is_refused(keys) -> None:
    data = write(keys.home / "rows.csv", 20)
    done = keys("encrypt", data, "--label", "label", "--output", "test.tsv.gpg")
    assert done.code == 2
    assert "would be read as tsv. Convert the rows to tsv" in done.stderr
    assert "such as test.csv.gpg" in done.stderr


def test_a_label_by_position_may_have_a_header(keys) -> None:
    data = write(keys.home / "rows.csv", 100)
    assert keys("encrypt", data, "--label", "3", "--header", "--json").json()["rows"] == 90
    assert decrypted(keys).startswith(HEADER)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "--label NAME"),
        (("--label", "lable"), 1, "Did you mean 'label'?"),
        (("--label", "label", "--format", "xlsx"), 2, "Use csv, tsv or jsonl"),
        (("--label", "label", "--sample-rows", "500"), 1, "cannot be set aside"),
        (("--label", "label", "--sample-rows", "-1"), 2, "--sample-rows"),
        (("--label", "lable"), 1, "in the file's first line (--label, or label in the config"),
        (("--label", "3"), 1, "The first line looks like column names"),
        (("--label", "3"), 1, "--header or --no-header"),
        (
            ("--label", "label", "--public-key", "nowhere.asc"),
            1,
            "Make a pair with `easeml keygen`",
        ),
        (("--label", "label", "--config", "nowhere.yml"), 1, "nowhere.yml cannot be read"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_written(keys, arguments, code, said) -> None:
    data = write(keys.home / "rows.csv", 20)
    done = keys("encrypt", data, *arguments)
    assert (done.code, said in done.stderr) == (code, True), done.stderr
    assert not (keys.directory / "data_test").exists()


def test_a_private_key_is_no_public_key(keys) -> None:
    data = write(keys.home / "rows.csv", 20)
    done = keys("encrypt", data, "--label", "label", "--public-key", keys.home / "key.asc")
    assert done.code == 1
    assert "it is a private key" in done.stderr


def test_a_table_that_git_has_is_no_secret(keys) -> None:
    keys.git("init", "-q")
    write(keys.directory / "rows.csv", 20)
    keys.git("add", "rows.csv")
    done = keys("encrypt", "rows.csv", "--label", "label")
    assert done.code == 1
    assert "tracked by git" in done.stderr
    assert not (keys.directory / "data_test").exists()


def test_a_table_in_the_work_tree_is_remarked_on(keys) -> None:
    keys.git("init", "-q")
    write(keys.directory / "rows.csv", 20)
    assert "lies in the work tree" in keys("encrypt", "rows.csv", "--label", "label").stderr


def test_an_ignored_table_is_fine(keys) -> None:
    keys.git("init", "-q")
    (keys.directory / ".gitignore").write_text("*.csv\n")
    write(keys.directory / "rows.csv", 20)
    assert "work tree" not in keys("encrypt", "rows.csv", "--label", "label").stderr


def test_a_test_set_is_not_written_over(keys) -> None:
    data = write(keys.home / "rows.csv", 20)
    assert keys("encrypt", data, "--label", "label").code == 0
    before = (keys.directory / "data_test/test.csv.gpg").read_bytes()
    done = keys("encrypt", data, "--label", "label")
    assert done.code == 1
    assert "is not written over" in done.stderr
    assert (keys.directory / "data_test/test.csv.gpg").read_bytes() == before


def test_a_test_set_too_small_for_the_configuration_is_refused(project) -> None:
    shutil.rmtree(project.easeml.directory / "data_test")
    done = project("encrypt", project.rows(30))
    assert done.code == 1
    assert "takes 22 rows, and the data has 20 beside the sample" in done.stderr
    offered = re.search(r"Write in the configuration `(.*?)`.*, or add 2 more rows", done.stderr)
    assert offered is not None, done.stderr
    config = project.easeml.directory / ".easeml.yml"
    key = offered[1].partition(":")[0]
    config.write_text(re.sub(f"{key}: .*", offered[1], config.read_text()))
    assert not (project.easeml.directory / "data_test").exists()
    assert project("encrypt", project.rows(30)).code == 0
