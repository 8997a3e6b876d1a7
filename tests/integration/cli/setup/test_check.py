"""``easeml init --check``: what is missing, from the key to the settings on GitHub."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from easeml_action.demo.github import DEFAULT_REPOSITORY, DEFAULT_TOKEN, GitHubServer
from tests.integration.cli.conftest import CONFIG, Easeml, Ran
from tests.integration.cli.setup.conftest import TERMS
from tests.openapi import check

WORKFLOW = ".github/workflows/easeml.yml"
EXAMPLES = sorted((Path(__file__).parents[4] / "examples").glob("*.yml"))


@pytest.fixture
def github() -> Iterator[GitHubServer]:
    with GitHubServer(check=check) as server:
        yield server


@pytest.fixture
def gated(newcomer, tmp_path: Path) -> Easeml:
    """A repository with a whole gate, pushed to its origin."""
    git = newcomer.git
    git("init", "-q", "--bare", "-b", "main", str(tmp_path / "origin.git"))
    git("remote", "add", "origin", (tmp_path / "origin.git").as_uri())
    assert newcomer("init", newcomer.home / "test.csv", *TERMS).code == 0
    git("add", ".")
    git("commit", "-q", "-m", "Add the gate")
    git("push", "-q", "origin", "main")
    return newcomer


def states(ran: Ran) -> dict[str, str]:
    """The state of each piece; of several findings the one that matters most."""
    order = ("ok", "unknown", "advised", "missing")
    found: dict[str, str] = {}
    for each in json.loads(ran.stdout)["findings"]:
        before = found.get(each["piece"], "ok")
        found[each["piece"]] = max(before, each["state"], key=order.index)
    return found


def looked(easeml: Easeml, github: GitHubServer) -> Ran:
    return easeml(
        "init",
        "--check",
        "--json",
        GITHUB_API_URL=github.url,
        GITHUB_REPOSITORY=DEFAULT_REPOSITORY,
        GH_TOKEN=DEFAULT_TOKEN,
    )


def test_a_whole_gate_is_complete_and_what_cannot_be_seen_is_said(gated) -> None:
    done = gated("init", "--check", "--json")
    assert done.code == 0, done.stdout
    found = states(done)
    assert found.pop("on GitHub") == "unknown"
    assert set(found.values()) == {"ok"}
    assert {"private key", "test set", "sample", "script", "workflow", "ledger"} <= set(found)
    shown = gated("init", "--check")
    assert "390 rows, 22 are required" in " ".join(shown.stdout.split())


def test_an_empty_repository_misses_everything_and_is_told_what_to_run(easeml) -> None:
    easeml.git("init", "-q")
    done = easeml("init", "--check", "--json")
    assert done.code == 1
    found = states(done)
    assert [found[piece] for piece in ("configuration", "public key", "workflow")] == [
        "missing"
    ] * 3
    (easeml.directory / ".easeml.yml").write_text(CONFIG)
    again = easeml("init", "--check", "--json").stdout
    assert "there is no commit yet" in again
    cures = [each["cure"] for each in json.loads(done.stdout)["findings"]]
    assert any("easeml init" in cure for cure in cures)


@pytest.mark.parametrize(
    ("origin", "fact", "cure"),
    [
        (None, "there is no remote origin", "git remote add origin"),
        ("empty", "origin is empty", "git push -u origin HEAD"),
        ("nowhere", "origin does not answer", "git remote -v"),
        ("other", "not got the branch that is its default", "Push that branch"),
    ],
)
def test_why_origin_has_no_default_branch_is_said(
    newcomer, tmp_path: Path, origin: str | None, fact: str, cure: str
) -> None:
    if origin is not None:
        newcomer.git("remote", "add", "origin", str(tmp_path / origin))
    if origin in {"empty", "other"}:
        newcomer.git("init", "-q", "--bare", "-b", "trunk", str(tmp_path / origin))
    if origin == "other":
        newcomer.git("push", "-q", "origin", "main")
    findings = json.loads(newcomer("init", "--check", "--json").stdout)["findings"]
    [found] = [each for each in findings if each["piece"] == "default branch"]
    assert found["state"] == "missing"
    assert fact in found["fact"]
    assert cure in found["cure"]


def test_what_github_knows_is_looked_at(gated, github) -> None:
    first = looked(gated, github)
    assert first.code == 1
    found = states(first)
    assert (found["secret"], found["required status"]) == ("missing", "advised")
    assert (found["Actions"], found["ledger's branch"]) == ("ok", "advised")
    github.settings.secrets.add("EASEML_PRIVATE_KEY")
    github.settings.required["main"] = ["easeml/ci"]
    github.settings.kept.add("easeml-ledger")
    second = looked(gated, github)
    assert second.code == 0, second.stdout
    assert set(states(second).values()) == {"ok"}
    github.settings.permission, github.settings.actions = "write", False
    assert states(looked(gated, github))["Actions"] == "missing"


def test_what_the_token_may_not_see_is_unknown_and_not_missing(gated, github) -> None:
    for path in ("/actions/", "/rules/", "/branches/"):
        github.fail_next(100, status=403, path=path)
    done = looked(gated, github)
    assert done.code == 0, done.stdout
    found = states(done)
    assert [found[piece] for piece in ("secret", "Actions", "required status")] == ["unknown"] * 3


@pytest.mark.parametrize(
    ("repository", "token", "said"),
    [
        ("octo/other", DEFAULT_TOKEN, "sees no repository octo/other"),
        (DEFAULT_REPOSITORY, "another", "GitHub does not accept the token"),
    ],
)
def test_a_token_of_somebody_else_is_said_once_and_nothing_is_missing(
    gated, github, repository: str, token: str, said: str
) -> None:
    done = gated(
        "init",
        "--check",
        "--json",
        GITHUB_API_URL=github.url,
        GITHUB_REPOSITORY=repository,
        GH_TOKEN=token,
    )
    assert done.code == 0, done.stdout
    assert [state for state in states(done).values() if state != "ok"] == ["unknown"]
    assert said in done.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_with_each_example_the_gate_is_complete(gated, github, example: Path) -> None:
    (gated.directory / WORKFLOW).write_text(example.read_text())
    gated.git("commit", "-q", "--all", "--allow-empty", "-m", "Use an example")
    gated.git("push", "-q", "origin", "main")
    if "environment: easeml" in example.read_text():
        github.settings.environments["easeml"] = {"required_reviewers"}
        github.settings.environment_secrets["easeml"] = {"EASEML_PRIVATE_KEY"}
    else:
        github.settings.secrets = {"EASEML_PRIVATE_KEY"}
    github.settings.required["main"] = ["easeml/ci"]
    github.settings.kept.add("easeml-ledger")

    done = looked(gated, github)

    assert (done.code, set(states(done).values())) == (0, {"ok"}), done.stdout


def advice(ran: Ran, piece: str) -> list[tuple[str, str]]:
    """What is to be done about a piece, by how it stands."""
    findings = json.loads(ran.stdout)["findings"]
    return [(each["state"], each["cure"]) for each in findings if each["piece"] == piece]


@pytest.fixture
def guarded(gated) -> Easeml:
    """A gate whose key an environment is to keep."""
    replace(WORKFLOW, "    runs-on:", "    environment: {name: easeml}\n    runs-on:")(gated)
    return gated


def test_a_key_that_an_environment_is_to_keep_is_never_sent_to_the_repository(
    guarded, github
) -> None:
    key = guarded.home / ".easeml/project.private.asc"
    store = f"Run: gh secret set EASEML_PRIVATE_KEY --env easeml < {key}."
    assert advice(looked(guarded, github), "secret") == [("missing", store)]
    github.settings.environment_secrets["easeml"] = {"EASEML_PRIVATE_KEY"}
    assert advice(looked(guarded, github), "secret") == [("ok", "")]
    github.settings.secrets.add("EASEML_PRIVATE_KEY")
    take_away = ("advised", "Run: gh secret delete EASEML_PRIVATE_KEY.")
    assert advice(looked(guarded, github), "secret") == [("ok", ""), take_away]
    github.settings.secrets.clear()
    github.settings.shared_secrets.add("EASEML_PRIVATE_KEY")
    [_, (state, cure)] = advice(looked(guarded, github), "secret")
    assert (state, "organization" in cure) == ("advised", True)


def test_an_environment_that_every_run_gets_into_is_told_of(guarded, github) -> None:
    [(absent, _)] = advice(looked(guarded, github), "environment")
    github.settings.environments["easeml"] = set()
    [(open_to_all, cure)] = advice(looked(guarded, github), "environment")
    assert (absent, open_to_all) == ("advised", "advised")
    assert "Settings, Environments, easeml" in cure
    for rule in ("required_reviewers", "branch_policy"):
        github.settings.environments["easeml"] = {rule}
        assert advice(looked(guarded, github), "environment") == [("ok", "")]


def test_what_an_environment_keeps_is_unknown_where_the_token_may_not_see_it(
    guarded, github
) -> None:
    github.settings.secrets.add("EASEML_PRIVATE_KEY")
    github.fail_next(100, status=403, path="/environments/")
    done = looked(guarded, github)
    assert states(done)["environment"] == "unknown"
    assert [state for state, _ in advice(done, "secret")] == ["unknown", "advised"]


def test_an_environment_that_only_a_run_knows_is_not_asked_for(gated, github) -> None:
    replace(WORKFLOW, "    runs-on:", "    environment: ${{ vars.GATE }}\n    runs-on:")(gated)
    done = looked(gated, github)
    assert states(done)["environment"] == "unknown"
    assert advice(done, "secret") == []
    assert not any("environments" in request.path for request in github.requests)


def test_verdicts_that_nobody_would_hear_of_are_told_of(gated, github) -> None:
    replace(".easeml.yml", "adaptivity: full", "adaptivity: none -> me@example.com")(gated)
    github.settings.secrets.add("EASEML_PRIVATE_KEY")
    [(state, cure)] = advice(looked(gated, github), "mail")
    assert (state, "smtp-url: ${{ secrets.EASEML_SMTP_URL }}" in cure) == ("advised", True)
    given = "          smtp-url: ${{ secrets.EASEML_SMTP_URL }}\n          private-key:"
    replace(WORKFLOW, "          private-key:", given)(gated)
    there = looked(gated, github)
    assert advice(there, "mail") == [("ok", "")]
    not_stored = ("advised", "Run: gh secret set EASEML_SMTP_URL.")
    assert advice(there, "secret") == [("ok", ""), not_stored]


def test_a_secret_of_the_organization_is_one(gated, github) -> None:
    github.settings.shared_secrets.add("EASEML_PRIVATE_KEY")
    assert advice(looked(gated, github), "secret") == [("ok", "")]


def test_a_step_that_makes_a_token_is_not_taken_for_the_gate(gated) -> None:
    step = (
        "      - uses: actions/create-github-app-token@v2\n"
        "        with: {app-id: 1, private-key: '${{ secrets.LEDGER_APP_KEY }}'}\n"
    )
    replace(WORKFLOW, "      - uses: easeml/", step + "      - uses: easeml/")(gated)
    done = gated("init", "--check", "--json")
    assert len(advice(done, "workflow")) == len(advice(done, "permissions")) == 1


@pytest.mark.parametrize(
    "uses", ["./", "me/mine@v1", "me/ci-action@v1", "docker://ghcr.io/easeml/ci-action:v1"]
)
def test_the_gate_is_known_by_whatever_name_it_is_used(gated, uses: str) -> None:
    path = gated.directory / WORKFLOW
    path.write_text(re.sub(r"uses: easeml/\S+", f"uses: {uses}", path.read_text()))
    assert states(gated("init", "--check", "--json"))["workflow"] == "ok"


def replace(name: str, old: str, new: str) -> Callable[[Easeml], None]:
    def change(easeml: Easeml) -> None:
        path = easeml.directory / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    return change


def write(name: str, text: str) -> Callable[[Easeml], None]:
    def change(easeml: Easeml) -> None:
        (easeml.directory / name).write_text(text)

    return change


def remove(name: str) -> Callable[[Easeml], None]:
    return lambda easeml: (easeml.directory / name).unlink()


def lose_the_script(easeml: Easeml) -> None:
    easeml.git("rm", "-q", "evaluate_model.py")
    easeml.git("commit", "-q", "-m", "Take the model away")


def take_another_key(easeml: Easeml) -> None:
    private = easeml.home / ".easeml/project.private.asc"
    private.unlink()
    easeml("keygen", "--private-key", private, "--public-key", easeml.home / "other.asc")


def commit_the_key(easeml: Easeml) -> None:
    private = (easeml.home / ".easeml/project.private.asc").read_text()
    (easeml.directory / "key.txt").write_text(private)
    easeml.git("add", "key.txt")
    easeml.git("commit", "-q", "-m", "Add a note")


@pytest.mark.parametrize(
    ("spoil", "piece"),
    [
        (remove(".easeml.yml"), "configuration"),
        (replace(".easeml.yml", "steps: 2", "steps: two"), "configuration"),
        (remove(".easeml/public.asc"), "public key"),
        (take_another_key, "private key"),
        (commit_the_key, "history"),
        (remove("data_test/test.csv.gpg"), "test set"),
        (write("data_test/test.csv.gpg", "number,label\n1,0\n"), "test set"),
        (replace(".easeml.yml", "0.5 +/- 0.2", "0.5 +/- 0.02"), "test set"),
        (write("data_test/test.sample.csv", "other,columns\n1,0\n"), "sample"),
        (write("data_test/test.csv", "number,label\n1,0\n"), "plain rows"),
        (lose_the_script, "script"),
        (remove(WORKFLOW), "workflow"),
        (replace(WORKFLOW, "statuses: write", "statuses: read"), "permissions"),
        (replace(WORKFLOW, "fetch-depth: 0", "fetch-depth: 1"), "checkout"),
        (replace(WORKFLOW, "  pull_request:\n", ""), "events"),
        (replace(WORKFLOW, "${{ secrets.EASEML_PRIVATE_KEY }}", "here"), "secret"),
        (replace(WORKFLOW, "runs-on: ubuntu-24.04", "runs-on: ubuntu-22.04"), "default branch"),
    ],
)
def test_each_piece_that_is_spoilt_is_missing_with_a_cure(gated, spoil, piece: str) -> None:
    spoil(gated)
    done = gated("init", "--check", "--json")
    assert (done.code, states(done)[piece]) == (1, "missing"), done.stdout
    findings = json.loads(done.stdout)["findings"]
    assert all(each["cure"] for each in findings if each["state"] == "missing")
    assert "PRIVATE KEY BLOCK" not in done.stdout + done.stderr


def test_a_key_without_its_passphrase_opens_nothing_and_that_is_said(newcomer) -> None:
    newcomer("init", newcomer.home / "test.csv", *TERMS, EASEML_PASSPHRASE="correct horse battery")
    assert states(newcomer("init", "--check", "--json"))["test set"] == "unknown"
    with_it = newcomer("init", "--check", "--json", EASEML_PASSPHRASE="correct horse battery")
    assert states(with_it)["test set"] == "ok"


def test_without_the_private_key_its_rows_are_not_counted_and_that_is_said(gated) -> None:
    (gated.home / ".easeml/project.private.asc").unlink()
    done = gated("init", "--check", "--json")
    assert done.code == 0, done.stdout
    found = states(done)
    assert (found["private key"], found["test set"]) == ("unknown", "unknown")
