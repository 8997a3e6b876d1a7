import json
import os
import resource
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from easeml_action.model.interpreter import find_interpreter
from easeml_action.sandbox import (
    Completed,
    FolderUnreachable,
    Limits,
    Reach,
    SandboxFailed,
    launcher,
    make_enterable,
    open_account,
    remove,
    run_confined,
)

PYTHON = str(find_interpreter(for_others=os.geteuid() == 0).path)
TOLERATED = () if os.geteuid() == 0 else ("user",)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="a separate user needs root")


@pytest.fixture
def run(place: Path) -> Callable[..., Completed]:
    """Run Python code confined, in a folder of its own."""

    def run(code: str, *, keep_log: bool = True, **limits: float) -> Completed:
        home = place / "home"
        home.mkdir(exist_ok=True)
        with open_account() as account:
            account.give(home, 0o700)
            return run_confined(
                [PYTHON, "-I", "-c", textwrap.dedent(code)],
                directory=home,
                environment={"ONLY": "this"},
                account=account,
                limits=Limits(**{"seconds": 60, **limits}),  # type: ignore[arg-type]
                reach=Reach((), (home,)),
                keep_log=keep_log,
                tolerated=TOLERATED,
            )

    return run


def processes_with(marker: str) -> list[str]:
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdecimal() and marker in (process / "cmdline").read_text():
                found.append(process.name)
        except OSError:
            continue
    return found


def test_a_command_ends_with_its_exit_code_and_its_words(run: Callable[..., Completed]) -> None:
    completed = run("import sys; print('out'); sys.stdout.flush(); sys.exit('err')")
    assert (completed.exit_code, completed.overrun) == (1, None)
    assert completed.log == "out\nerr\n"
    assert not completed.succeeded


def test_a_signal_shows_in_the_exit_code(run: Callable[..., Completed]) -> None:
    assert run("import os; os.kill(os.getpid(), 9)").exit_code == -9


def test_words_on_a_secret_run_are_thrown_away(run: Callable[..., Completed]) -> None:
    completed = run("print('a secret row'); raise SystemExit(3)", keep_log=False)
    assert completed.log is None
    assert completed.exit_code == 3


def test_a_gigabyte_of_output_is_drained_in_bounded_memory(run: Callable[..., Completed]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    completed = run(
        """
        import os
        os.write(1, b"first\\n")
        chunk = b"x" * 2**20
        for _ in range(1024):
            done = 0
            while done < len(chunk):
                done += os.write(1, chunk[done:])
        os.write(1, b"\\nlast\\n")
        """
    )
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert completed.succeeded
    assert completed.log is not None
    assert completed.log.startswith("first\n")
    assert completed.log.endswith("\nlast\n")
    assert "bytes left out" in completed.log
    assert len(completed.log) < 200_000
    assert after - before < 50_000  # KiB


def test_only_the_given_environment_is_seen(
    run: Callable[..., Completed], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EASEML_TEST_SECRET", "hidden")
    completed = run("import os, json; print(json.dumps(dict(os.environ)))")
    seen = json.loads(completed.log or "")
    seen.pop("LC_CTYPE", None)  # Python sets it for itself
    assert seen == {"ONLY": "this"}


def test_no_descriptor_of_ours_is_open(run: Callable[..., Completed], place: Path) -> None:
    with (place / "ours").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        completed = run(
            """
            import os
            for name in sorted(os.listdir("/proc/self/fd")):
                try:
                    print(name, os.readlink(f"/proc/self/fd/{name}").split(":")[0])
                except FileNotFoundError:
                    pass  # the listing's own
            """
        )
    assert completed.log == "0 /dev/null\n1 pipe\n2 pipe\n"


def test_standard_input_is_empty(run: Callable[..., Completed]) -> None:
    assert run("import sys; print(repr(sys.stdin.read()))").log == "''\n"


def test_signals_are_as_a_program_expects_them(run: Callable[..., Completed]) -> None:
    completed = run(
        """
        status = open("/proc/self/status").read()
        print(status.split("SigBlk:")[1].split()[0])
        """
    )
    assert int(completed.log or "", 16) == 0


def test_a_command_that_hangs_is_ended_when_its_time_is_up(run: Callable[..., Completed]) -> None:
    completed = run(
        """
        import signal, time
        for number in range(1, 32):
            if number not in (signal.SIGKILL, signal.SIGSTOP):
                signal.signal(number, signal.SIG_IGN)
        print("waiting", flush=True)
        while True:
            time.sleep(1)
        """,
        seconds=1,
    )
    assert completed.overrun == "time"
    assert not completed.succeeded
    assert completed.log == "waiting\n"


@pytest.mark.parametrize("seconds", [60, 1])
@pytest.mark.parametrize("keep_log", [True, False])
def test_nothing_that_a_command_starts_survives_it(
    run: Callable[..., Completed], place: Path, seconds: int, keep_log: bool
) -> None:
    marker = f"survivor-of-{place.name}"
    completed = run(
        f"""
        import os, subprocess, sys, time
        code = "import os, signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(1000)"
        for _ in range(3):
            subprocess.Popen([sys.executable, "-I", "-c", code, "{marker}"])
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.setsid()
                    os.execv(sys.executable, [sys.executable, "-I", "-c", code, "{marker}"])
                os._exit(0)
        if {seconds} == 1:
            time.sleep(1000)
        """,
        seconds=seconds,
        keep_log=keep_log,
    )
    assert completed.overrun == ("time" if seconds == 1 else None)
    assert processes_with(marker) == []


@needs_root
@pytest.mark.parametrize(
    "torn", ["_kill_account = lambda account: None", "_descendants = lambda _: []"]
)
def test_either_of_the_two_nets_for_survivors_holds_alone(
    run: Callable[..., Completed], monkeypatch: pytest.MonkeyPatch, place: Path, torn: str
) -> None:
    marker = f"survivor-of-{place.name}"
    copy = place / "launcher.py"
    source = Path(launcher.__file__).read_text()
    copy.write_text(source.replace('if __name__ == "__main__":', f"{torn}\nif True:"))
    monkeypatch.setattr("easeml_action.sandbox.launcher.__file__", str(copy))
    run(
        f"""
        import os, sys
        code = "import time; time.sleep(1000)"
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.setsid()
                os.execv(sys.executable, [sys.executable, "-I", "-c", code, "{marker}"])
            os._exit(0)
        """
    )
    assert processes_with(marker) == []


def test_processes_that_keep_forking_are_ended(run: Callable[..., Completed], place: Path) -> None:
    marker = f"forker-of-{place.name}"
    run(
        f"""
        import os, sys
        code = "import os; pid = os.getpid()\\nwhile True:\\n if os.fork(): os._exit(0)"
        for _ in range(4):
            if os.fork() == 0:
                os.setsid()
                os.execv(sys.executable, [sys.executable, "-I", "-c", code, "{marker}"])
        """
    )
    assert processes_with(marker) == []


def test_a_file_larger_than_allowed_cannot_be_written(run: Callable[..., Completed]) -> None:
    completed = run("open('big', 'wb').write(b'x' * 2_000_000)", file_bytes=1_000_000)
    assert not completed.succeeded


def test_memory_can_be_bounded(run: Callable[..., Completed]) -> None:
    completed = run("x = bytearray(2**30)", memory_bytes=2**28)
    assert "MemoryError" in (completed.log or "")


def test_no_core_is_dumped(run: Callable[..., Completed]) -> None:
    completed = run("import resource; print(resource.getrlimit(resource.RLIMIT_CORE))")
    assert completed.log == "(0, 0)\n"


def test_a_program_that_does_not_exist_says_so(place: Path) -> None:
    with open_account() as account:
        completed = run_confined(
            [str(place / "nothing")],
            directory=place,
            environment={},
            account=account,
            limits=Limits(10),
            reach=Reach((place,)),
            tolerated=TOLERATED,
            keep_log=True,
        )
    assert completed.exit_code == 127
    assert "nothing: No such file or directory" in (completed.log or "")


def test_a_process_that_cannot_be_set_up_is_our_error_not_the_models(place: Path) -> None:
    with open_account() as account, pytest.raises(SandboxFailed, match="No such file"):
        run_confined(
            [PYTHON],
            directory=place / "nowhere",
            environment={},
            account=account,
            limits=Limits(10),
            reach=Reach((place,)),
            tolerated=TOLERATED,
            keep_log=False,
        )


@needs_root
def test_as_root_a_command_has_a_user_of_its_own_without_any_privilege(
    run: Callable[..., Completed], request: pytest.FixtureRequest
) -> None:
    groups = os.getgroups()
    request.addfinalizer(lambda: os.setgroups(groups))
    os.setgroups([4, 27])
    completed = run(
        """
        import os
        print(os.getresuid(), os.getresgid(), os.getgroups())
        status = open("/proc/self/status").read()
        print([line.split()[1] for line in status.splitlines() if line.startswith("CapEff")])
        print([line.split()[1] for line in status.splitlines() if line.startswith("NoNewPrivs")])
        """
    )
    ids, capabilities, bounded = (completed.log or "").splitlines()
    assert "0" not in ids.replace("[]", "").split()
    assert ids.endswith("[]")
    assert int(eval(capabilities)[0], 16) == 0
    assert bounded == "['1']"


@needs_root
def test_as_root_the_gate_is_out_of_the_commands_reach(
    run: Callable[..., Completed], place: Path
) -> None:
    secret = place / "secret"
    secret.write_text("hidden")
    secret.chmod(0o600)
    completed = run(
        f"""
        import os
        def attempt(name, action):
            try:
                print(name, action())
            except OSError as error:
                print(name, type(error).__name__)
        gate, launcher = {os.getpid()}, os.getppid()
        attempt("file", lambda: open({str(secret)!r}).read())
        for process in (gate, launcher):
            attempt("environ", lambda: open(f"/proc/{{process}}/environ").read())
            attempt("mem", lambda: open(f"/proc/{{process}}/mem").read())
            attempt("fd", lambda: os.listdir(f"/proc/{{process}}/fd"))
            attempt("kill", lambda: os.kill(process, 9))
        """
    )
    lines = (completed.log or "").splitlines()
    assert len(lines) == 9
    assert all(line.endswith(" PermissionError") for line in lines)


@needs_root
def test_as_root_every_run_has_another_user() -> None:
    with open_account() as first, open_account() as second:
        assert first.uid is not None
        assert first.uid != second.uid


def test_without_root_a_command_is_reported_to_run_as_our_own_user(
    as_ordinary_user: Callable[[str], str],
) -> None:
    nap = f"9{os.getpid()}"
    answer = as_ordinary_user(
        f"""
        import os
        from pathlib import Path
        from easeml_action.sandbox import Limits, Reach, open_account, run_confined
        with open_account() as account:
            completed = run_confined(
                ["/bin/sh", "-c", "id -u; (setsid sleep {nap} &); (setsid setsid sleep {nap} &)"],
                directory=Path("/tmp"),
                environment={{"PATH": "/usr/bin:/bin"}},
                account=account,
                limits=Limits(30),
                reach=Reach(()),
                keep_log=True,
                tolerated=["user"],
            )
        print(account.separate, completed.exit_code, int(completed.log) == os.getuid() != 0)
        left = [
            process
            for process in Path("/proc").iterdir()
            if process.name.isdecimal()
            and process.stat().st_uid == os.getuid()
            and b"{nap}" in (process / "cmdline").read_bytes()
        ]
        print(left)
        """
    )
    assert answer == "False 0 True\n[]\n"


def test_a_launcher_that_is_killed_counts_as_a_failed_command(
    run: Callable[..., Completed], monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    dying = place / "dying.py"
    dying.write_text("import os, sys; sys.stdin.read(); os.kill(os.getpid(), 9)")
    monkeypatch.setattr("easeml_action.sandbox.launcher.__file__", str(dying))
    completed = run("print('never')")
    assert completed == Completed(None, overrun=None, log="")
    assert not completed.succeeded


@needs_root
def test_a_scratch_folder_under_a_closed_one_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(FolderUnreachable, match="/tmp"):
        make_enterable(closed / "scratch")


def test_whatever_a_command_leaves_behind_can_be_removed(
    run: Callable[..., Completed], place: Path
) -> None:
    completed = run(
        """
        import os
        os.makedirs("closed/inner"); open("closed/inner/file", "w").close()
        os.chmod("closed", 0)
        for _ in range(3000):
            os.mkdir("d"); os.chdir("d")
        """
    )
    assert completed.succeeded
    remove(place / "home")
    assert not (place / "home").exists()


def test_removing_does_not_follow_links(place: Path) -> None:
    (place / "kept").mkdir()
    (place / "kept/file").touch()
    (place / "home").mkdir()
    (place / "home/link").symlink_to(place / "kept")
    remove(place / "home")
    assert (place / "kept/file").exists()


@needs_root
def test_when_the_launcher_is_killed_what_it_started_is_ended_all_the_same(
    run: Callable[..., Completed], monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    marker = f"orphan-of-{place.name}"
    dying = place / "dying.py"
    dying.write_text(
        textwrap.dedent(
            f"""
            import json, os, sys, time
            account = json.load(sys.stdin)["account"]
            child = os.fork()
            if child == 0:
                os.setsid()
                os.dup2(1, 2)
                os.setresgid(account, account, account)
                os.setresuid(account, account, account)
                os.execv("{PYTHON}", ["{PYTHON}", "-c", "import time; time.sleep(999)", "{marker}"])
            while "{marker}" not in open(f"/proc/{{child}}/cmdline").read():
                time.sleep(0.01)
            os.kill(os.getpid(), 9)
            """
        )
    )
    monkeypatch.setattr("easeml_action.sandbox.launcher.__file__", str(dying))
    assert not run("print('never')", keep_log=False).succeeded
    assert processes_with(marker) == []
