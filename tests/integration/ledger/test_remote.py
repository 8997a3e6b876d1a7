"""The remote as it behaves: it asks for a token, refuses, hangs up, forbids, or is not there."""

import base64
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from easeml_action.errors import GateError
from easeml_action.git import Git
from easeml_action.ledger import (
    AccessDenied,
    Branch,
    BranchProtected,
    Contract,
    Ledger,
    LedgerBusy,
    NoOrigin,
    OpenedTestSet,
    PushRefused,
    Question,
    RemoteUnreachable,
    Reservation,
)
from easeml_action.patience import Patience

FULL = Contract(0.999, 3, "full")
SEALED = "-----BEGIN PGP MESSAGE-----\n\nhQEMA+abc=\n-----END PGP MESSAGE-----\n"
TRIES = 4


def brief() -> Patience:
    """Return little patience, for one ledger."""
    return Patience(tries=TRIES, seconds=60.0, first_pause=0.01, longest_pause=0.05)


def live(ledger: Ledger) -> None:
    """Open a test set, charge a step and record its verdict."""
    ledger.open_test_set("rows-a", "a" * 64, 1000, FULL)
    question = Question("rows-a", "n > 0.8 +/- 0.05", "fp-free", "m1")
    reserved = ledger.reserve(question, commit="c" * 40)
    assert isinstance(reserved, Reservation)
    ledger.record(reserved, True, SEALED)


def install_hook(origin: Path, name: str, script: str) -> None:
    hook = origin / "hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\n" + script)
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def remote_ledger(git_server: Any, clone: Callable[..., Path]) -> Callable[..., Ledger]:
    """Make a ledger on a repository of the git host, with the host's token or another."""
    url = git_server.create("team/model.git")
    checkout = clone("remote-checkout", url)

    def make(token: str | None = git_server.token) -> Ledger:
        secret = None if token is None else SecretStr(token)
        return Ledger(Branch(Git(checkout, secret)), bytes(32), patience=brief())

    return make


def test_the_token_opens_the_remote_over_http(
    remote_ledger: Callable[..., Ledger], git_server: Any
) -> None:
    live(remote_ledger())
    assert remote_ledger().read().test_sets[0].passes == 1
    assert any("git-receive-pack" in request for request, _ in git_server.requests)
    assert {status for _, status in git_server.requests} == {200}


def test_a_header_that_the_checkout_left_behind_is_not_sent_as_well(
    remote_ledger: Callable[..., Ledger],
    git_server: Any,
    tmp_path: Path,
    run_git: Callable[..., str],
) -> None:
    run_git(
        tmp_path / "remote-checkout",
        "config",
        f"http.{git_server.url}/.extraheader",
        "AUTHORIZATION: basic bGVmdDpiZWhpbmQ=",
    )
    live(remote_ledger())
    assert {status for _, status in git_server.requests} == {200}


def test_the_token_is_in_no_argument_of_any_process(
    remote_ledger: Callable[..., Ledger],
    git_server: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, trace, folder = shutil.which("git"), tmp_path / "trace.jsonl", tmp_path / "bin"
    folder.mkdir()
    wrapper = folder / "git"
    wrapper.write_text(f'#!/bin/sh\nGIT_TRACE2_EVENT={trace} exec {real} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    live(remote_ledger())
    seen = trace.read_text()
    for process in ("remote-http", "push", "fetch", "send-pack", "commit-tree"):
        assert process in seen
    encoded = base64.b64encode(f"x-access-token:{git_server.token}".encode()).decode()
    assert git_server.token not in seen
    assert encoded not in seen


@pytest.mark.parametrize("token", [None, "ghs_wrong"])
def test_a_missing_or_wrong_token_is_named_at_once_and_not_repeated(
    token: str | None, remote_ledger: Callable[..., Ledger], git_server: Any
) -> None:
    with pytest.raises(AccessDenied, match="read the branch easeml-ledger") as refused:
        remote_ledger(token).read()
    assert "ghs_" not in str(refused.value)
    assert "contents: write" in refused.value.remedy
    assert len(git_server.requests) <= 2


def test_a_token_that_may_only_read_is_told_which_permission_is_missing(
    remote_ledger: Callable[..., Ledger], git_server: Any
) -> None:
    git_server.forbid_pushes = True
    assert remote_ledger().read().records == ()
    with pytest.raises(AccessDenied, match="write the branch easeml-ledger") as refused:
        live(remote_ledger())
    assert "`contents: write`" in refused.value.remedy
    assert git_server.token not in str(refused.value)
    pushes = [status for request, status in git_server.requests if "receive-pack" in request]
    assert pushes == [403]


def test_a_large_ledger_goes_through_the_remote(
    remote_ledger: Callable[..., Ledger],
) -> None:
    ledger = remote_ledger()
    sets = [
        OpenedTestSet(f"rows-{n}", f"{n:064x}", 5, FULL, "2026-01-01T00:00:00Z")
        for n in range(6000)
    ]
    ledger.append(lambda history: [] if history.records else sets)
    assert len(remote_ledger().read().test_sets) == 6000


def test_a_server_that_is_gone_is_not_an_empty_ledger(
    remote_ledger: Callable[..., Ledger], git_server: Any, clone: Callable[..., Path]
) -> None:
    git_server.close()
    for attempt in (lambda: remote_ledger().read(), lambda: live(remote_ledger())):
        with pytest.raises(RemoteUnreachable, match="nothing was written"):
            attempt()


def test_a_remote_that_does_not_answer_is_given_up(
    clone: Callable[..., Path], tmp_path: Path
) -> None:
    deaf = tmp_path / "deaf.sh"
    deaf.write_text("#!/bin/sh\nexec sleep 5\n")
    deaf.chmod(0o755)
    checkout = clone("deaf-checkout", "ssh://git@localhost/team/model.git")
    Git(checkout).run("config", "core.sshCommand", str(deaf))
    patience = Patience(tries=2, seconds=60.0, first_pause=0.01, answer=0.5)
    with pytest.raises(RemoteUnreachable, match=r"no answer within 0\.5 s"):
        Ledger(Branch(Git(checkout)), bytes(32), patience=patience).read()


def test_a_checkout_without_origin_is_told_to_add_one(tmp_path: Path) -> None:
    Git(tmp_path).run("init", "--quiet", "alone")
    with pytest.raises(NoOrigin, match="git remote add origin"):
        Ledger(Branch(Git(tmp_path / "alone")), bytes(32)).read()


def test_an_origin_that_is_not_a_repository_is_unreachable(
    clone: Callable[..., Path], tmp_path: Path
) -> None:
    checkout = clone("lost", str(tmp_path / "gone.git"))
    with pytest.raises(RemoteUnreachable):
        Ledger(Branch(Git(checkout)), bytes(32), patience=brief()).read()


def test_a_directory_that_is_no_checkout_is_an_error_of_git(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="not a git repository"):
        Ledger(Branch(Git(tmp_path)), bytes(32)).read()


def test_a_push_that_is_refused_for_a_while_arrives_in_the_end(
    new_ledger: Callable[..., Ledger], origin: Path
) -> None:
    install_hook(
        origin,
        "pre-receive",
        "echo x >> tries\n[ $(wc -l < tries) -gt 3 ] || { echo 'come back later'; exit 1; }\n",
    )
    new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)
    # Twice with its witness and twice alone, and then the witness by itself.
    assert (origin / "tries").read_text().count("x") == 5
    assert len(new_ledger().read().records) == 2


def test_a_push_that_is_always_refused_is_given_up_and_named(
    new_ledger: Callable[..., Ledger], origin: Path
) -> None:
    install_hook(origin, "pre-receive", "echo x >> tries\nexit 1\n")
    with pytest.raises(PushRefused, match="easeml-ledger"):
        new_ledger(patience=brief()).open_test_set("rows-a", "a" * 64, 1000, FULL)
    assert (origin / "tries").read_text().count("x") == 2 * TRIES  # with its witness, and alone
    assert new_ledger().read().records == ()


@pytest.mark.parametrize("second", ['exec git-upload-pack "$@"', "exit 1"])
def test_an_absence_that_a_listing_does_not_confirm_is_not_believed(
    second: str,
    new_ledger: Callable[..., Ledger],
    checkout: Path,
    tmp_path: Path,
    run_git: Callable[..., str],
) -> None:
    new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)
    run_git(tmp_path, "init", "--quiet", "--bare", "empty.git")
    calls = tmp_path / "calls"
    fickle = tmp_path / "fickle-upload-pack"
    fickle.write_text(
        f"#!/bin/sh\necho x >> {calls}\ncase $(wc -l < {calls}) in\n"
        f"1) exec git-upload-pack {tmp_path / 'empty.git'} ;;\n"
        f"2) {second} ;;\n"
        '*) exec git-upload-pack "$@" ;;\nesac\n'
    )
    fickle.chmod(0o755)
    run_git(checkout, "config", "remote.origin.uploadpack", str(fickle))
    assert new_ledger().read().find("rows-a") is not None
    assert calls.read_text().count("x") == 3


@pytest.mark.parametrize(
    "said",
    [
        "error: GH006: Protected branch update failed for refs/heads/easeml-ledger.",
        "error: GH013: Repository rule violations found for refs/heads/easeml-ledger.",
    ],
)
def test_a_rule_of_the_host_is_named_at_once(
    said: str, new_ledger: Callable[..., Ledger], origin: Path
) -> None:
    install_hook(origin, "pre-receive", f"echo x >> tries\necho '{said}' >&2\nexit 1\n")
    with pytest.raises(BranchProtected, match="ruleset"):
        new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)
    assert (origin / "tries").read_text().count("x") == 1


def test_a_rule_that_asks_for_signed_commits_is_named_as_such(
    new_ledger: Callable[..., Ledger], origin: Path
) -> None:
    said = (
        "error: GH013: Repository rule violations found.\n- Commits must have verified signatures."
    )
    install_hook(origin, "pre-receive", f"echo '{said}' >&2\nexit 1\n")
    with pytest.raises(BranchProtected, match="asks for signed commits") as refused:
        new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)
    assert "ledger-repository" in refused.value.remedy


def test_an_ssh_address_that_no_token_opens_is_told(
    clone: Callable[..., Path], tmp_path: Path
) -> None:
    refusing = tmp_path / "refusing.sh"
    refusing.write_text(
        "#!/bin/sh\necho 'git@host: Permission denied (publickey).' >&2\nexit 255\n"
    )
    refusing.chmod(0o755)
    checkout = clone("by-ssh", "ssh://git@localhost/team/model.git")
    Git(checkout).run("config", "core.sshCommand", str(refusing))
    with pytest.raises(AccessDenied, match="SSH address"):
        Ledger(Branch(Git(checkout)), bytes(32), patience=brief()).read()


def test_a_push_that_arrived_though_it_seemed_to_fail_is_not_made_twice(
    new_ledger: Callable[..., Ledger], origin: Path
) -> None:
    new_ledger().open_test_set("rows-a", "a" * 64, 1000, FULL)
    question = Question("rows-a", "n > 0.8 +/- 0.05", "fp-free", "m1")
    for resumed in (False, True):
        # The remote's end moves the branch and dies before it can say so.
        install_hook(origin, "post-receive", 'rm "$0"\nkill -9 $PPID\n')
        reserved = new_ledger().reserve(question, commit="c" * 40)
        assert isinstance(reserved, Reservation)
        assert (reserved.step, reserved.resumed) == (1, resumed)
        assert not (origin / "hooks/post-receive").exists()
        charged = new_ledger().read().charged(question)
        assert len(charged.resumed) == int(resumed)


def test_a_run_that_is_never_first_gives_up_and_says_why(
    new_ledger: Callable[..., Ledger],
) -> None:
    new_ledger().open_test_set("rows-0", f"{0:064x}", 5, FULL)
    count = 0

    def decide(history: object) -> list[OpenedTestSet]:
        nonlocal count
        count += 1
        new_ledger().open_test_set(f"rows-{count}", f"{count:064x}", 5, FULL)
        return [OpenedTestSet("mine", "f" * 64, 5, FULL, "2026-01-01T00:00:00Z")]

    with pytest.raises(LedgerBusy, match="Run the job again"):
        new_ledger(patience=brief()).append(decide)
    history = new_ledger().read()
    assert count == TRIES
    assert [each.test_set for each in history.test_sets] == [f"rows-{n}" for n in range(5)]
