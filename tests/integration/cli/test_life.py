"""A test set's life from a terminal: gate, status, reveal, rotate."""

import pytest

GOOD = "int(row['number']) % 2"
BAD = "1 - int(row['number']) % 2"


def test_a_rehearsal_judges_and_charges_nothing(project) -> None:
    commit = project.model("a good model", GOOD)
    done = project("gate", commit, "--json")
    assert done.code == 0, done.stderr
    result = done.json()
    assert (result["verdict"], result["recorded"], result["step"]) == ("pass", False, "1")
    assert "keep the verdict" in done.stderr
    assert project("status", "--json").json() == {"verified": True, "test_sets": []}
    refs = project.easeml.git("for-each-ref", "--format=%(refname)")
    assert "easeml" not in refs
    assert "easeml" not in project.easeml.git("ls-remote", "origin")


def test_a_test_set_lives_and_is_replaced(project) -> None:
    bad = project.model("a bad model", BAD)
    good = project.model("a good model", GOOD)
    failed = project("gate", bad, "--record", "--json")
    assert failed.code == 1, failed.stderr
    again = project("gate", bad, "--record")
    assert (again.code, "This verdict was on record" in again.stdout) == (1, True)
    passed = project("gate", good, "--record")
    assert passed.code == 0, passed.stderr
    assert "Pass" in passed.stdout
    assert "is used up: `easeml rotate` replaces it" in passed.stderr

    status = project("status", "--json").json()
    (test_set,) = status["test_sets"]
    assert status["verified"] is True
    assert (test_set["step"], test_set["steps"], test_set["remaining"]) == (2, 2, 0)
    assert test_set["retired"] is True
    assert [(each["commit"], each["verdict"]) for each in test_set["history"]] == [
        (bad, "fail"),
        (good, "pass"),
    ]
    shown = project("status").stdout
    assert "2 of 2 (retired)" in shown
    assert bad[:12] in shown

    unsealed = project.easeml("status", "--json")
    assert "Without the private key" in unsealed.stderr
    assert unsealed.json() == status | {"verified": False}

    revealed = project("reveal", "--json").json()
    assert [each["verdict"] for each in revealed["steps"]] == ["fail", "pass"]
    assert [each["estimates"] for each in revealed["steps"]] == [{"n": 0.0}, {"n": 1.0}]
    (clause,) = revealed["steps"][1]["clauses"]
    assert clause["clause"] == "n > 0.5 +/- 0.2"
    assert 0.9 < clause["interval"][0] < clause["interval"][1] == 1
    assert "1.0000" in project("reveal", test_set["test_set"][:4]).stdout

    git = project.easeml.git
    git("checkout", "-q", "main")
    for rows, options, said in [
        (project.secret_rows(), ("--sample-rows", "0"), "which has been in use before"),
        (project.rows(400, first=150), (), "rows are also in the old test set"),
        (project.rows(30, first=1_000), (), "the data has 20 beside the sample"),
    ]:
        refused = project("rotate", rows, *options)
        assert (refused.code, said in refused.stderr) == (1, True), refused.stderr
    assert git("status", "--porcelain") == ""
    new = project("rotate", project.rows(300, first=1_000), "--json").json()
    assert new["identity"] != test_set["test_set"]
    git("add", "data_test/test.csv.gpg", "data_test/test.sample.csv")
    git("commit", "-q", "-m", "Use a new test set")
    git("push", "-q", "origin", "main")
    better = project("gate", project.model("a model", GOOD + " + 0"), "--record", "--json").json()
    assert (better["verdict"], better["step"], better["rows"]) == ("pass", "1", "290")
    assert len(project("status", "--json").json()["test_sets"]) == 2
    newest = project("reveal")
    assert "This test set is in use" in newest.stderr
    page = project.easeml.home / "reveal.html"
    project("reveal", "--html", page)
    assert f"<summary><code>{test_set['test_set'][:12]}</code>" in page.read_text()


def test_a_gate_without_a_key_says_how_a_terminal_gets_one(project) -> None:
    for more in ((), ("--record",), ("--json",)):
        done = project.easeml("gate", *more)
        assert (done.code, done.stdout) == (2, "")
        assert "Name its file with --private-key, or set EASEML_PRIVATE_KEY" in done.stderr


def test_a_quiet_gate_shows_the_log_that_its_error_speaks_of(project) -> None:
    key = ("--private-key", project.private_key)
    commit = project.model("a broken model", "missing")
    done = project.easeml("--quiet", "gate", commit, *key)
    assert (done.code, "Read its own words in the log" in done.stderr) == (1, True)
    assert "  | NameError: name 'missing' is not defined" in done.stderr
    assert "Smoke run" not in done.stderr


def test_rows_that_have_served_are_refused_before_they_are_encrypted(project) -> None:
    assert project("gate", project.model("a model", GOOD), "--record").code == 0
    (used,) = project("status", "--json").json()["test_sets"]
    git = project.easeml.git
    git("checkout", "-q", "main")
    secret = project.secret_rows().read_text().splitlines()
    rows = project.rows(300, first=1_000)
    rows.write_text(rows.read_text() + "\n".join(f"{row}.0" for row in secret[1:8]) + "\n")
    git("rm", "-q", "data_test/test.csv.gpg", "data_test/test.sample.csv")  # only the ledger knows

    said = f"7 of the 307 rows are also in the test set {used['test_set']}"
    for command in ("rotate", "encrypt"):
        refused = project(command, rows, "--sample-rows", "0")
        assert (refused.code, said in refused.stderr) == (1, True), refused.stderr
    config = project.easeml.directory / ".easeml.yml"
    config.write_text(config.read_text() + "  allow_overlap: 7\n  periods: auto\n")
    done = project("rotate", rows, "--sample-rows", "0")
    assert done.code == 0, done.stderr
    assert "The rows serve" in done.stderr


def test_periods_show_in_status_and_are_named_by_their_test_set(project) -> None:
    git = project.easeml.git
    config = project.easeml.directory / ".easeml.yml"
    git("checkout", "-q", "main")
    config.write_text(config.read_text().replace("steps: 2", "steps: 1") + "  periods: 3\n")
    git("commit", "-q", "-a", "-m", "Share the rows out")
    git("push", "-q", "origin", "main")
    for number, answer in enumerate((BAD, BAD + " + 0")):
        done = project("gate", project.model(f"model {number}", answer), "--record")
        assert done.code == 1, done.stderr
    first, second = project("status", "--json").json()["test_sets"]
    assert (first["period"], first["periods"], first["rows"], first["retired"]) == (1, 3, 67, True)
    assert (second["period"], second["test_set"][-2:]) == (2, ".2")
    assert "2 of 3" in project("status").stdout
    whole = first["test_set"].partition(".")[0]
    for name, shown in ((whole, second), (first["test_set"], first)):
        assert project("reveal", name, "--json").json()["test_set"] == shown["test_set"]
    assert "is the last period" in done.stderr


def test_in_a_folder_of_the_repository_a_test_set_is_replaced_where_it_lies(project) -> None:
    inside = project.easeml.within("notebooks")
    key = ("--private-key", project.private_key)
    result = inside("rotate", project.rows(300, first=1_000), *key, "--json").json()
    assert result["rows"] == 290
    for command in result["commands"][:2]:
        inside.type(command)
    changed = project.easeml.git("show", "--format=", "--name-only").splitlines()
    assert changed == ["data_test/test.csv.gpg", "data_test/test.sample.csv"]
    assert project.easeml.git("status", "--porcelain") == ""


def test_rows_of_the_public_sample_are_not_new(project) -> None:
    sample = (project.easeml.directory / "data_test/test.sample.csv").read_text().splitlines()
    rows = project.rows(300, first=1_000)
    rows.write_text(rows.read_text() + "\n".join(sample[1:]) + "\n")
    refused = project("rotate", rows, "--sample-rows", "0")
    assert refused.code == 1
    assert "10 of the 310 rows are also in the public sample" in refused.stderr


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("reveal",), "This needs the private key."),
        (("rotate", "rows.csv"), "This needs the private key."),
    ],
)
def test_the_key_holders_commands_ask_for_the_key(project, command, said) -> None:
    (project.easeml.directory / "rows.csv").write_text(project.data.read_text())
    done = project.easeml(*command)
    assert (done.code, said in done.stderr) == (2, True), done.stderr
    assert "EASEML_PRIVATE_KEY" in done.stderr


def test_there_is_nothing_to_reveal_before_the_first_step(project) -> None:
    done = project("reveal")
    assert done.code == 2
    assert "knows no test set yet" in done.stderr


def test_where_no_step_is_on_record_the_branch_is_named(project) -> None:
    for more, branch in (((), "easeml-ledger"), (("--ledger-branch", "nope"), "nope")):
        done = project("status", *more)
        assert done.code == 0
        assert f"No step is on record on the branch {branch} of origin." in done.stderr


def test_another_key_does_not_verify_the_ledger(project) -> None:
    assert project("gate", project.model("a model", GOOD), "--record").code == 0
    other = project.easeml.home / "other.asc"
    project.easeml("keygen", "--private-key", other, "--public-key", project.easeml.home / "p.asc")
    done = project.easeml("status", "--private-key", other)
    assert done.code == 1
    assert "key" in done.stderr


def test_a_test_set_is_named_by_the_beginning_of_its_identity(project) -> None:
    assert project("gate", project.model("a model", GOOD), "--record").code == 0
    done = project("reveal", "zzzz")
    assert done.code == 2
    assert "No test set begins with 'zzzz'. Name one of these: " in done.stderr


def test_a_gate_needs_a_repository_with_an_origin(easeml) -> None:
    outside = easeml("gate")
    assert (outside.code, "no commit of the repository" in outside.stderr) == (2, True)
    easeml.git("init", "-q")
    easeml.git("commit", "-q", "--allow-empty", "-m", "Begin")
    alone = easeml("gate")
    assert (alone.code, "--branch" in alone.stderr) == (2, True)


def test_a_broken_model_is_an_error_without_a_step(project) -> None:
    done = project("gate", project.model("a broken model", "missing"), "--record", "--json")
    assert done.code == 1
    assert '"verdict": "error"' in done.stdout
    assert project("status", "--json").json()["test_sets"][0]["step"] == 0
