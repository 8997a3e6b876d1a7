"""``easeml reveal`` writes a page and pictures, for whoever may see them."""

GOOD = "int(row['number']) % 2"


def test_a_page_and_pictures_are_the_key_holders_until_the_test_set_retires(project) -> None:
    files = {kind: project.easeml.home / f"reveal.{kind}" for kind in ("html", "svg", "png")}
    options = [text for kind, path in files.items() for text in (f"--{kind}", path)]

    assert project("gate", project.model("a good model", GOOD), "--record").code == 0
    revealed = project("reveal", *options)
    assert revealed.code == 0, revealed.stderr
    assert all(f"Wrote {path}." in revealed.stderr for path in files.values())
    assert "For the key holder only" in files["html"].read_text()
    assert "a good model" in files["html"].read_text()
    assert {path.stat().st_mode & 0o777 for path in files.values()} == {0o600}

    assert project("gate", project.model("another one", GOOD + " + 0"), "--record").code == 0
    project("reveal", *options)
    assert "This test set has retired." in files["html"].read_text()
    assert {path.stat().st_mode & 0o777 for path in files.values()} == {0o644}
    assert files["svg"].read_text().startswith("<svg")
    assert files["png"].read_bytes().startswith(b"\x89PNG")


def test_nothing_of_a_test_set_in_use_is_written_into_a_repository(project) -> None:
    assert project("gate", project.model("a good model", GOOD), "--record").code == 0
    page = project.easeml.directory / "reveal.html"
    refused = project("reveal", "--html", page)
    assert refused.code == 1
    assert "is inside of a repository, and the test set is in use." in refused.stderr
    assert not page.exists()


def test_a_commit_that_is_not_here_has_no_message(project) -> None:
    assert project("gate", project.model("a good model", GOOD), "--record").code == 0
    git = project.easeml.git
    git("checkout", "-q", "main")
    git("branch", "-q", "-D", "a-good-model")
    git("reflog", "expire", "--expire=now", "--all")
    git("gc", "-q", "--prune=now")
    (step,) = project("reveal", "--json").json()["steps"]
    assert step["subject"] == ""
