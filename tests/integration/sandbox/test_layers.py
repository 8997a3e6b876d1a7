"""Each layer by itself: what it closes, how it is verified, what happens where it is missing."""

import os
import platform
import textwrap
from collections.abc import Callable
from pathlib import Path

import pyseccomp
import pytest

from easeml_action.model.interpreter import find_interpreter
from easeml_action.sandbox import (
    LAYERS,
    Completed,
    Layer,
    LayerMissing,
    Limits,
    Reach,
    SandboxFailed,
    confined,
    launcher,
    open_account,
    run_confined,
)
from easeml_action.sandbox.landlock import LandlockUnavailable
from easeml_action.sandbox.seccomp import SeccompUnavailable, seccomp_program

PYTHON = str(find_interpreter(for_others=os.geteuid() == 0).path)
TOLERATED: tuple[Layer, ...] = () if os.geteuid() == 0 else ("user",)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="a separate user needs root")

# Says of each call whether the kernel refused it; None is a call that went through.
CALLS = """
    import ctypes, errno, os, socket
    libc = ctypes.CDLL(None, use_errno=True)
    def call(function, *arguments):
        try:
            function(*arguments)
        except OSError as error:
            return errno.errorcode[error.errno]
    def libcall(name, *arguments):
        if getattr(libc, name)(*arguments) == -1:
            return errno.errorcode[ctypes.get_errno()]
"""


@pytest.fixture
def run(place: Path) -> Callable[..., Completed]:
    """Run Python code confined, with a folder of its own to write to."""

    def run(
        code: str,
        *,
        network: bool = False,
        tolerated: tuple[Layer, ...] = TOLERATED,
        reads: tuple[Path, ...] = (),
        **limits: float,
    ) -> Completed:
        home = place / "home"
        home.mkdir(exist_ok=True)
        with open_account() as account:
            account.give(home, 0o700)
            return run_confined(
                [PYTHON, "-I", "-c", textwrap.dedent(code)],
                directory=home,
                environment={},
                account=account,
                limits=Limits(**{"seconds": 60, **limits}),  # type: ignore[arg-type]
                reach=Reach(reads, (home,), network=network),
                keep_log=True,
                tolerated=tolerated,
            )

    return run


def said(completed: Completed) -> list[str]:
    return (completed.log or "").splitlines()


def test_every_layer_is_reported_to_be_in_force(run: Callable[..., Completed]) -> None:
    assert run("").layers == tuple(layer for layer in LAYERS if layer not in TOLERATED)


@pytest.mark.parametrize("network", [False, True])
def test_no_socket_is_to_be_had_but_a_pair_and_for_a_build_the_internet(
    run: Callable[..., Completed], network: bool
) -> None:
    completed = run(
        CALLS
        + """
    for family in range(64):
        refused = call(socket.socket, family, socket.SOCK_DGRAM)
        if refused != "EPERM":
            print(family)
    print(call(socket.socketpair, socket.AF_UNIX))
    print(call(socket.socketpair, socket.AF_INET))
    # The kernel looks at the low half of the number only; so does nobody who wants to get by.
    wide = ctypes.c_long(2**32 + socket.AF_UNIX)
    print(libcall("syscall", NUMBER, wide, socket.SOCK_STREAM, 0))
    """.replace("NUMBER", str(pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, "socket"))),
        network=network,
    )
    families = ["2", "10", "16"] if network else []
    assert said(completed) == [*families, "None", "EPERM", "EPERM"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ptrace", "0, 0, 0, 0"),
        ("process_vm_readv", "os.getpid(), None, 0, None, 0, 0"),
        ("pidfd_getfd", "0, 0, 0"),
        ("unshare", "0x10000000"),
        ("setns", "0, 0"),
        ("clone", "0x10000011, 0, 0, 0, 0"),  # with a user namespace of its own
        ("mount", "None, None, None, 0, None"),
        ("shmget", "5, 4096, 0o1600"),
        ("msgget", "5, 0o1600"),
        ("mq_open", "b'name', 0o100, 0o600, None"),
        ("bpf", "0, None, 0"),
        ("keyctl", "0, 0"),
        ("io_uring_setup", "1, None"),
        ("perf_event_open", "None, 0, -1, -1, 0"),
    ],
)
def test_the_kernel_refuses_what_no_model_needs(
    run: Callable[..., Completed], name: str, arguments: str
) -> None:
    number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
    assert said(run(f"{CALLS}\n    print(libcall('syscall', {number}, {arguments}))")) == ["EPERM"]


@needs_root
def test_threads_and_processes_start_all_the_same(run: Callable[..., Completed]) -> None:
    completed = run(
        """
        import multiprocessing, threading
        def work(queue):
            queue.put("process")
        if __name__ == "__main__":
            thread = threading.Thread(target=print, args=("thread",))
            thread.start()
            thread.join()
            queue = multiprocessing.get_context("fork").SimpleQueue()
            process = multiprocessing.get_context("fork").Process(target=work, args=(queue,))
            process.start()
            print(queue.get())
            process.join()
        """
    )
    assert said(completed) == ["thread", "process"]


if platform.machine() == "x86_64":

    def test_a_program_for_another_architecture_is_ended(run: Callable[..., Completed]) -> None:
        """The old 32-bit entry into the kernel has other numbers, which no rule knows."""
        completed = run(
            """
            import ctypes, mmap
            code = bytes.fromhex("b814000000" "cd80" "c3")  # getpid by int 0x80
            page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
            page.write(code)
            address = ctypes.addressof(ctypes.c_char.from_buffer(page))
            print(ctypes.CFUNCTYPE(ctypes.c_int)(address)())
            """
        )
        assert completed.log == ""
        assert not completed.succeeded


def test_nothing_is_read_or_written_beyond_what_is_named(
    run: Callable[..., Completed], place: Path
) -> None:
    for name in ("named", "other"):
        (place / name).mkdir(mode=0o755)
        (place / name / "file").write_text(name)
        for path in (place / name, place / name / "file"):
            path.chmod(0o777)
    completed = run(
        f"""
        import os
        from pathlib import Path
        def attempt(action, *arguments):
            try:
                return action(*arguments)
            except OSError:
                return "refused"
        place = Path({str(place)!r})
        print(attempt((place / "named/file").read_text))
        print(attempt((place / "other/file").read_text))
        print(attempt(os.listdir, place / "other"))
        print(attempt(os.listdir, "/"))
        print(attempt((place / "named/file").write_text, "changed"))
        print(attempt((place / "named/new").write_text, "new"))
        print(attempt((place / "other/file").unlink))
        print(attempt(os.link, place / "named/file", "link"))
        print(attempt(Path("mine").write_text, "mine"))
        print(attempt(os.listdir, "/tmp"), attempt(os.listdir, "/etc"))
        """,
        reads=(place / "named",),
    )
    assert said(completed) == ["named", *["refused"] * 7, "4", "refused refused"]


@needs_root
def test_what_is_left_in_shared_memory_is_taken_away(run: Callable[..., Completed]) -> None:
    completed = run(
        """
        from pathlib import Path
        from multiprocessing import get_context
        get_context("fork").Lock()
        Path("/dev/shm/easeml-left").write_text("a note for the next run")
        print(Path("/dev/shm/easeml-left").read_text())
        """
    )
    assert said(completed) == ["a note for the next run"]
    assert not Path("/dev/shm/easeml-left").exists()


@pytest.mark.parametrize(
    ("code", "limits", "overrun"),
    [
        ("bytearray(2**28); import time; time.sleep(60)", {}, None),
        (
            """
            import os, time
            for _ in range(6):
                if os.fork() == 0:
                    mine = bytearray(b"x" * 2**26)
                    break
            time.sleep(60)
            """,
            {"memory_bytes": 2**28},
            "memory",
        ),
        (
            """
            import time
            for number in range(40):
                with open(str(number), "wb") as file:
                    file.write(b"x" * 2**20)
            time.sleep(60)
            """,
            {"disk_bytes": 2**24},
            "disk",
        ),
        (
            """
            import os, time
            for number in range(200):
                os.mkdir(str(number))
            time.sleep(60)
            """,
            {"files": 100},
            "disk",
        ),
        ("import time; time.sleep(60)", {"seconds": 1}, "time"),
    ],
    ids=["nothing", "memory of all together", "bytes of all together", "files", "time"],
)
def test_a_command_that_goes_over_a_bound_is_ended_and_the_bound_is_named(
    run: Callable[..., Completed], code: str, limits: dict[str, float], overrun: str | None
) -> None:
    if overrun is None:
        code, limits = "bytearray(2**27)", {"memory_bytes": 2**28}
    completed = run(code, **limits)
    assert completed.overrun == overrun
    assert completed.succeeded == (overrun is None)


def test_a_machine_without_landlock_is_named_and_nothing_runs(
    run: Callable[..., Completed], monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    def refuse(_: Reach) -> None:
        raise LandlockUnavailable("it is switched off")

    monkeypatch.setattr(confined, "landlock_ruleset", refuse)
    with pytest.raises(LayerMissing, match=r"'landlock'.*switched off.*allow-unsandboxed"):
        run("open('ran', 'w')")
    assert not (place / "home/ran").exists()
    completed = run("open('ran', 'w')", tolerated=(*TOLERATED, "landlock"))
    assert completed.succeeded
    assert "landlock" not in completed.layers
    assert "seccomp" in completed.layers


def test_a_machine_without_libseccomp_is_named(
    run: Callable[..., Completed], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*, network: bool) -> bytes:
        raise SeccompUnavailable("libseccomp is not installed")

    monkeypatch.setattr(confined, "seccomp_program", refuse)
    with pytest.raises(LayerMissing, match=r"'seccomp'.*not installed"):
        run("")
    assert "seccomp" not in run("", tolerated=(*TOLERATED, "seccomp")).layers


@pytest.mark.parametrize("layer", ["limits", "no-new-privileges", "landlock", "seccomp"])
def test_a_layer_without_effect_is_found_out_before_anything_runs(
    run: Callable[..., Completed], monkeypatch: pytest.MonkeyPatch, place: Path, layer: Layer
) -> None:
    copy = place / "launcher.py"
    idle = f'_LAYERS = dict(_LAYERS) | {{"{layer}": (lambda _: None, _LAYERS["{layer}"][1])}}'
    source = Path(launcher.__file__).read_text()
    copy.write_text(source.replace('if __name__ == "__main__":', f"{idle}\nif True:"))
    monkeypatch.setattr("easeml_action.sandbox.launcher.__file__", str(copy))
    with pytest.raises((LayerMissing, SandboxFailed)):
        run("open('ran', 'w')")
    assert not (place / "home/ran").exists()


@needs_root
def test_as_root_no_model_ever_runs_as_root(
    run: Callable[..., Completed], monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    copy = place / "launcher.py"
    source = Path(launcher.__file__).read_text()
    idle = '_LAYERS = dict(_LAYERS) | {"user": (lambda _: None, _LAYERS["user"][1])}'
    copy.write_text(source.replace('if __name__ == "__main__":', f"{idle}\nif True:"))
    monkeypatch.setattr("easeml_action.sandbox.launcher.__file__", str(copy))
    with pytest.raises(LayerMissing, match="'user'"):
        run("", tolerated=("user",))


def test_a_filter_is_made_for_the_network_and_for_none() -> None:
    assert seccomp_program(network=True) != seccomp_program(network=False)
    assert len(seccomp_program(network=False)) % 8 == 0
