"""Every fault of the two servers at every request of a whole run; then the next run, and an audit.

What a run asks for is recorded from a run without faults, so that no request is forgotten. The
proxies stand between the action and the real git host, and between it and GitHub's API.
"""

import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from easeml_action.demo.github import GitHubServer
from easeml_action.demo.repository import PullRequest
from tests.integration.action.proxy import (
    HANGING,
    HANGING_AFTERWARDS,
    LONG_LIMIT,
    NOT_FOUND,
    PASSING,
    SECONDARY_LIMIT,
    UNPROCESSABLE,
    Fault,
    FaultProxy,
    Plan,
    leave_alone,
)
from tests.integration.action.stage import SCRIPT, TEST_SET, Seen, Stage, encrypted, model
from tests.integration.conftest import GitServer
from tests.openapi import check, description
from tests.tally import Tally

# After each fault as many requests pass as one attempt to change the ledger takes: reading, making
# sure that there is none yet, and pushing.
SPACING = 9
PARTS = 6
PUSH = "POST /team/origin.git/git-receive-pack"
NOT_ARRIVED = [fault for fault in PASSING.values() if not fault.arrives]
# Refused at once, whichever it is: each place gets one of them in turn.
REFUSALS = (NOT_FOUND, UNPROCESSABLE, LONG_LIMIT)

# What a run says of its step where it ends in an error, and what the ledger must hold then.
NOTHING = "No step was used."
RESERVED = "Step 1 stays reserved for this commit"
PERHAPS = "If a step was reserved, it is this commit's"
RECORDED = "The verdict is recorded as step 1"


@dataclass
class Faulty:
    """A stage whose servers are reached through the proxies."""

    stage: Stage
    host: GitServer
    git: FaultProxy
    api: FaultProxy
    tally: Tally
    audited: Callable[..., Any]

    def begin(self) -> PullRequest:
        """Set up a gate for one step, and a pull request that will pass."""
        self.stage.found(steps=1)
        return self.stage.open({SCRIPT: model(95)})

    def run(self, opened: PullRequest, git: Plan = leave_alone, api: Plan = leave_alone) -> Seen:
        """Judge a pull request, with faults from the moment at which the action starts."""
        before = self.git.injected + self.api.injected
        with self.stage.job(opened) as job:
            self.git.arm(git)
            self.api.arm(api)
            seen = self.stage.finish(job, job.start(), opened.head, opened)
        self.git.arm(leave_alone)
        self.api.arm(leave_alone)
        self.tally.add("runs")
        self.tally.add("faults injected", self.git.injected + self.api.injected - before)
        return seen

    def recorded(self, opened: PullRequest) -> tuple[list[str], list[str]]:
        """Return what a run without faults asks of the git host and of the API."""
        asked: tuple[list[str], list[str]] = ([], [])

        def note(into: list[str]) -> Plan:
            return lambda _, request: into.append(request)

        self.insist_on_a_good_end(self.run(opened, note(asked[0]), note(asked[1])))
        return asked

    def insist_on_a_good_end(self, seen: Seen) -> None:
        """Insist on what a run without faults comes to."""
        assert (seen.verdict, seen.run.exit_code) == ("pass", 0), seen.log
        assert seen.status[0] == "success"
        assert seen.status[1].startswith("Pass: step 1 of 1, the test set is used up (#")
        found = self.audited(self.stage.team.origin, None)
        assert len(found.of("reserve")) == len(found.of("verdict")) == 1
        assert [each["state"] for each in self.stage.server.issues].count("open") == 1

    def insist_on_the_truth(self, broken: Seen) -> None:
        """Hold what a run that met lasting harm said of its step to the ledger."""
        found = self.audited(self.stage.team.origin, None)
        charged, judged = len(found.of("reserve")), len(found.of("verdict"))
        errors = [line for line in broken.log.splitlines() if line.startswith("::error")]
        if broken.run.exit_code == 0:
            assert (errors, judged) == ([], 1), broken.log
            return
        [error] = errors
        said = next(each for each in (RECORDED, RESERVED, NOTHING, PERHAPS) if each in error)
        true = {RECORDED: judged == 1, RESERVED: charged == 1, NOTHING: charged == 0, PERHAPS: True}
        assert true[said], error


@contextmanager
def lend(
    root: Path, environments: Path, tally: Tally, audited: Callable[..., Any]
) -> Iterator[Faulty]:
    """Lend a stage with servers of its own."""
    description()  # read before a run waits for its first answer
    root.mkdir()
    host = GitServer(root)
    with (
        GitHubServer(token=host.token, check=check) as server,
        FaultProxy(host.url) as git,
        FaultProxy(server.url) as api,
    ):
        stage = Stage.build(root, server, environments)
        stage.set(origin=f"{git.url}/team/origin.git", api_url=api.url)
        stage.set_inputs(token=host.token, retry_seconds="60")
        yield Faulty(stage, host, git, api, tally, audited)
    host.close()


@pytest.fixture
def new_stage(
    tmp_path: Path, environments: Path, tally: Tally, audited: Callable[..., Any]
) -> Callable[[], Any]:
    """Lend one stage after another."""
    numbers = iter(range(1000))
    return lambda: lend(tmp_path / f"host-{next(numbers)}", environments, tally, audited)


def now_and_then(faults: Sequence[Fault], offset: int) -> Plan:
    """Return a plan that harms one request, lets some pass, and harms one again, in another way."""
    period = SPACING + 1

    def plan(number: int, _: str) -> Fault | None:
        if number % period != offset:
            return None
        return faults[(offset + number // period) % len(faults)]

    return plan


def once_each(fault: Fault) -> Plan:
    """Return a plan that harms every request of another name once."""
    harmed: set[str] = set()

    def plan(_: int, request: str) -> Fault | None:
        if request in harmed:
            return None
        harmed.add(request)
        return fault

    return plan


def once(fault: Fault, place: int) -> Plan:
    """Return a plan that harms one request."""
    return lambda number, _: fault if number == place else None


def from_then_on(fault: Fault, start: int) -> Plan:
    """Return a plan that harms every request from one on."""
    return lambda number, _: fault if number >= start else None


@pytest.mark.parametrize("offset", range(SPACING + 1))
@pytest.mark.parametrize("arrives", ["not at all", "without an answer", "with half an answer"])
def test_a_fault_that_passes_changes_nothing(
    arrives: str, offset: int, new_stage: Callable[[], Any]
) -> None:
    git = {
        "not at all": NOT_ARRIVED,
        "without an answer": [PASSING["answer lost"]],
        "with half an answer": [PASSING["answer cut"]],
    }[arrives]
    # To a git host, 403 means that the token may not.
    api = [*git, SECONDARY_LIMIT] if arrives == "not at all" else git
    with new_stage() as faulty:
        opened = faulty.begin()

        seen = faulty.run(opened, now_and_then(git, offset), now_and_then(api, offset))

        faulty.insist_on_a_good_end(seen)
        assert len(faulty.stage.server.issues) == 1


@pytest.mark.parametrize("kind", ["502", "answer lost", "answer cut"])
def test_a_fault_that_passes_while_a_test_set_is_replaced_changes_nothing(
    kind: str, new_stage: Callable[[], Any]
) -> None:
    with new_stage() as faulty:
        faulty.insist_on_a_good_end(faulty.run(faulty.begin()))
        faulty.stage.team.push("A new test set", {TEST_SET: encrypted(first=5_000)})
        opened = faulty.stage.open({SCRIPT: model(96)})

        seen = faulty.run(opened, api=once_each(PASSING[kind]))

        assert seen.verdict == "pass", seen.log
        assert [each["state"] for each in faulty.stage.server.issues] == ["closed", "open"]
        assert len(faulty.stage.server.comments(1)) == 1
        assert faulty.stage.charged == 2


def is_read_of_git(request: str) -> bool:
    return "git-upload-pack" in request


def is_write(request: str) -> bool:
    return request == PUSH or bool(re.match(r"(POST|PATCH|DELETE) /repos/", request))


def places_of_lasting_harm(requests: list[str]) -> Iterator[tuple[int, Fault]]:
    """Find where lasting harm makes a difference.

    Several reads of git in a row are one operation, which fails as a whole and leaves nothing
    behind: the first one stands for them. What is written arrives, or does not.
    """
    for number, request in enumerate(requests):
        goes_on = number > 0 and is_read_of_git(requests[number - 1])
        if not (is_read_of_git(request) and goes_on):
            yield number, PASSING["dropped"]
        if is_write(request):
            yield number, PASSING["answer lost"]


@pytest.mark.parametrize("part", range(PARTS))
def test_a_fault_that_lasts_is_told_truly_and_the_next_run_goes_on(
    part: int, new_stage: Callable[[], Any]
) -> None:
    with new_stage() as faulty:
        on_git, on_api = faulty.recorded(faulty.begin())
    cases: list[tuple[str, Plan]] = [
        ("git", from_then_on(fault, place)) for place, fault in places_of_lasting_harm(on_git)
    ]
    cases += [
        ("api", from_then_on(fault, place)) for place, fault in places_of_lasting_harm(on_api)
    ]
    cases += [("api", from_then_on(REFUSALS[n % 3], n)) for n in range(len(on_api))]

    for server, plan in cases[part::PARTS]:
        with new_stage() as faulty:
            opened = faulty.begin()
            faulty.stage.set_inputs(retry_seconds="6")
            faulty.insist_on_the_truth(faulty.run(opened, **{server: plan}))
            faulty.stage.set_inputs(retry_seconds="60")
            faulty.insist_on_a_good_end(faulty.run(opened))


@pytest.mark.parametrize("part", range(2))
def test_a_server_that_hangs_is_left_and_asked_again(
    part: int, new_stage: Callable[[], Any]
) -> None:
    with new_stage() as faulty:
        asked = faulty.recorded(faulty.begin())
    cases = [
        (server, once(fault, place))
        for server, requests in zip(("git", "api"), asked, strict=True)
        for place, request in enumerate(requests)
        for fault in [HANGING, *([HANGING_AFTERWARDS] if is_write(request) else [])]
        # The first of each kind, but each push, since each writes another record.
        if request == PUSH or request not in requests[:place]
    ]
    for server, plan in cases[part::2]:
        with new_stage() as faulty:
            opened = faulty.begin()
            faulty.stage.set_inputs(retry_seconds="18")
            seen = faulty.run(opened, **{server: plan})
            faulty.insist_on_a_good_end(seen)
            assert "does not answer as it should and is asked again" in seen.log


@pytest.mark.parametrize("trouble", ["a full disk", "a hook that refuses"])
def test_a_push_that_the_server_cannot_take_or_refuses_is_told_truly(
    trouble: str, new_stage: Callable[[], Any], tally: Tally
) -> None:
    with new_stage() as faulty:
        on_git, _ = faulty.recorded(faulty.begin())
    for place in [number for number, request in enumerate(on_git) if request == PUSH]:
        with new_stage() as faulty:
            opened = faulty.begin()
            hook = faulty.stage.team.origin / "hooks" / "pre-receive"

            def begin(
                number: int, _: str, faulty: Faulty = faulty, hook: Path = hook, place: int = place
            ) -> None:
                if number != place:
                    return
                tally.add("faults injected")
                if trouble == "a full disk":
                    faulty.host.disk_is_full = True
                else:
                    hook.parent.mkdir(exist_ok=True)
                    hook.write_text("#!/bin/sh\nexit 1\n")
                    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)

            faulty.stage.set_inputs(retry_seconds="6")
            broken = faulty.run(opened, begin)
            assert "The remote did not take the push" in broken.log
            faulty.insist_on_the_truth(broken)
            faulty.host.disk_is_full = False
            hook.unlink(missing_ok=True)
            faulty.stage.set_inputs(retry_seconds="60")
            faulty.insist_on_a_good_end(faulty.run(opened))
