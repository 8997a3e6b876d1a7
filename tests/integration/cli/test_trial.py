"""``easeml try``: a developer's own smoke run, without a key and at no charge."""

import json

import pytest

from tests.integration.cli.conftest import MODEL

GOOD = "int(row['number']) % 2"


@pytest.fixture
def developer(project):
    """The project's clone, in which origin's default branch is known."""
    project.easeml.git("fetch", "-q", "origin")
    project.easeml.git("remote", "set-head", "origin", "main")
    return project


def test_a_good_model_keeps_the_contract(developer) -> None:
    commit = developer.model("a good model", GOOD)
    done = developer.easeml("try", "--json")
    assert done.code == 0, done.stderr
    trusted = developer.easeml.git("rev-parse", "main")
    assert done.json() == {
        "holds": True,
        "commit": commit,
        "gate": trusted,
        "rows": 10,
        "right": 10,
    }
    shown = developer.easeml("try", "main").stdout
    assert "The model keeps the contract" in shown
    assert "which is no verdict" in shown


def test_what_is_not_committed_is_tried_as_it_is_and_nothing_changes(developer) -> None:
    developer.model("a bad model", f"1 - {GOOD}")
    git = developer.easeml.git
    developer.write({"evaluate_model.py": MODEL.format(answer="answer(row)")})
    text = (developer.easeml.directory / "evaluate_model.py").read_text()
    text = text.replace("import csv, sys", "import csv, sys\nfrom helper import answer")
    developer.write({"evaluate_model.py": text, "helper.py": f"def answer(row): return {GOOD}\n"})
    before = (git("status", "--porcelain"), git("count-objects", "-v"), git("for-each-ref"))
    tried = developer.easeml("try", "--worktree", "--json").json()
    assert (tried["rows"], tried["right"]) == (10, 10)
    assert developer.easeml("try", "--json").json()["right"] == 0
    assert (git("status", "--porcelain"), git("count-objects", "-v"), git("for-each-ref")) == before


@pytest.mark.parametrize(
    ("answer", "said", "shown"),
    [
        ("missing", "ended with exit code 1 on the public sample", "NameError"),
        (r"'0\n0'", "wrote 20 predictions for 10 rows", "Smoke run"),
    ],
)
def test_a_broken_model_is_told_with_its_own_words(developer, answer, said, shown) -> None:
    developer.model("a broken model", answer)
    done = developer.easeml("try", "--json")
    assert done.code == 1
    answered = json.loads(done.stdout)
    assert (answered["holds"], said in answered["problem"]) == (False, True), answered
    plain = developer.easeml("try")
    assert (plain.code, plain.stdout, said in plain.stderr) == (1, "", True)
    assert shown in plain.stderr


def test_the_words_that_an_error_speaks_of_are_shown_where_notes_are_not(developer) -> None:
    developer.model("a broken model", "missing")
    quiet = developer.easeml("--quiet", "try")
    assert (quiet.code, quiet.stdout) == (1, "")
    assert "  | NameError: name 'missing' is not defined" in quiet.stderr
    assert "Smoke run" not in quiet.stderr
    developer.model("a good model", f"print('chatter') or {GOOD}")
    assert developer.easeml("--quiet", "try").stderr == ""


def test_a_missing_module_is_told_where_it_belongs(developer) -> None:
    hint = "A missing module belongs in the commit's requirements.txt"
    developer.model("an import", "__import__('no_such_module')")
    assert hint in developer.easeml("try").stderr
    developer.model("another fault", "missing")
    assert hint not in developer.easeml("try").stderr


def test_predictions_that_are_no_labels_are_told(developer) -> None:
    developer.model("words", f"['even', 'odd'][{GOOD}]")
    told = "No prediction is spelled like a label of the sample (0, 1)."
    plain = developer.easeml("try")
    assert (plain.code, told in plain.stdout) == (0, True)
    as_json = developer.easeml("try", "--json")
    assert (as_json.json()["right"], told in as_json.stderr) == (0, True)
    developer.model("another spelling of numbers", f"'0{{}}.0'.format({GOOD})")
    assert developer.easeml("try", "--json").json()["right"] == 10
    developer.model("all wrong", f"1 - {GOOD}")
    assert "spelled" not in developer.easeml("try").stdout


def test_the_bar_is_the_default_branchs_and_not_the_changes(developer) -> None:
    model = MODEL.format(answer=GOOD)
    config = (developer.easeml.directory / ".easeml.yml").read_text()
    developer.commit(
        "another script",
        {"other.py": model, ".easeml.yml": config.replace("evaluate_model", "other")},
    )
    assert developer.easeml("try", "--json").json()["right"] < 10
    developer.easeml.git("remote", "remove", "origin")
    assert developer.easeml("try", "--json").json()["right"] == 10


def test_a_clone_that_was_never_told_the_default_branch_asks_origin(project) -> None:
    easeml, model = project.easeml, MODEL.format(answer=GOOD)
    config = (easeml.directory / ".easeml.yml").read_text()
    changed = config.replace("evaluate_model", "other")
    trusted = easeml.git("rev-parse", "main")
    commit = project.commit("another script", {"other.py": model, ".easeml.yml": changed})
    known = easeml("try", "--json")
    assert (known.json()["gate"], "default one" in known.stderr) == (trusted, False)

    easeml.git("update-ref", "-d", "refs/remotes/origin/main")
    unfetched = easeml("try", "--json")
    assert unfetched.json()["gate"] == commit
    assert "Run: git fetch origin" in unfetched.stderr

    easeml.git("remote", "set-url", "origin", str(easeml.home / "nowhere.git"))
    unknown = easeml("try", "--json")
    assert unknown.json()["gate"] == commit
    assert "Run: git remote set-head origin --auto" in unknown.stderr


def test_without_a_sample_it_says_who_has_one(developer) -> None:
    developer.easeml.git("rm", "-q", "data_test/test.sample.csv")
    developer.easeml.git("commit", "-q", "-m", "Take the sample away")
    developer.easeml.git("push", "-q", "origin", "main")
    done = developer.easeml("try")
    assert done.code == 1
    assert "There is no public sample data_test/test.sample.csv" in done.stderr


def test_wrong_use_is_told(developer, easeml) -> None:
    done = developer.easeml("try", "no-such-commit")
    assert (done.code, "is no commit" in done.stderr) == (2, True)


def test_an_ordinary_user_can_try_and_is_told_which_layers_are_missing(
    developer, place, as_ordinary_user
) -> None:
    developer.model("a good model", GOOD)
    clone = place / "clone"
    developer.easeml.git("clone", "-q", str(developer.easeml.directory), str(clone))
    answer = as_ordinary_user(
        f"""
        import os, sys, tempfile
        with tempfile.TemporaryDirectory() as home:
            os.environ.update(HOME=home, XDG_CACHE_HOME=home)
            os.chdir({str(clone)!r})
            sys.argv = ["easeml", "try", "origin/a-good-model", "--json"]
            sys.stderr = sys.stdout
            from easeml_action.cli import main
            print(main())
        """
    )
    assert "NOT in force" in answer
    assert '"right": 10' in answer
    assert answer.splitlines()[-1] == "0"
