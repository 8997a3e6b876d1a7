import os
import resource
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from easeml_action.model import ModelRunner, PreparedModel, Scope, read_model
from easeml_action.model.predictions import (
    NoPredictions,
    Predictions,
    UnreadablePredictions,
    WrongNumberOfPredictions,
)
from easeml_action.model.runner import ModelCrashed, ModelTimedOut
from easeml_action.sandbox import Limits

from .conftest import SCRIPT, Recorder, Repository

FEATURES = b"x\n10\n20\n30\n"
ROWS = 3
DOUBLE = """
    import pathlib, sys
    print("a word of the model")
    rows = pathlib.Path(sys.argv[1]).read_text().split()[1:]
    pathlib.Path(sys.argv[2]).write_text("".join(f"{2 * int(row)}\\n" for row in rows))
"""

Prepare = Callable[[str], PreparedModel]

# What a script may do wrong, and how that is called when it is public.
FAULTS = {
    "crashes": ("raise SystemExit(7)", ModelCrashed, "exit code 7"),
    "crashes after writing": (f"{textwrap.dedent(DOUBLE)}\nsys.exit(1)", ModelCrashed, "code 1"),
    "is killed": ("import os; os.kill(os.getpid(), 9)", ModelCrashed, "SIGKILL"),
    "is no Python": ("def (", ModelCrashed, "exit code 1"),
    "hangs": ("import time; time.sleep(1000)", ModelTimedOut, "not done after 3 seconds"),
    "writes nothing": ("", NoPredictions, "no predictions file"),
    "writes too few": (
        "import sys; open(sys.argv[2], 'w').write('1\\n')",
        WrongNumberOfPredictions,
        "wrote 1 predictions for 3 rows",
    ),
    "writes too many": (
        "import sys; open(sys.argv[2], 'w').write('1\\n' * 10)",
        WrongNumberOfPredictions,
        "wrote 10 predictions for 3 rows",
    ),
    "writes binary": (
        "import sys; open(sys.argv[2], 'wb').write(bytes(range(256)))",
        UnreadablePredictions,
        "binary",
    ),
    "writes another encoding": (
        "import sys; open(sys.argv[2], 'wb').write('\\xe9\\n'.encode('latin-1') * 3)",
        UnreadablePredictions,
        "UTF-8",
    ),
    "links to a file": (
        "import os, sys; os.symlink('/etc/hostname', sys.argv[2])",
        UnreadablePredictions,
        "not a regular file",
    ),
    "makes a pipe": (
        "import os, sys; os.mkfifo(sys.argv[2])",
        UnreadablePredictions,
        "not a regular file",
    ),
    "makes a folder": (
        "import os, sys; os.mkdir(sys.argv[2])",
        UnreadablePredictions,
        "not a regular file",
    ),
    "makes a huge sparse file": (
        "import sys; open(sys.argv[2], 'wb').truncate(2**31)",
        UnreadablePredictions,
        "take more than",
    ),
    "removes its folder": (
        "import os, sys; os.chmod(os.path.dirname(sys.argv[2]), 0)",
        NoPredictions,
        "no predictions file",
    ),
}
if os.geteuid() != 0:
    FAULTS["removes its folder"] = FAULTS["writes nothing"]


@pytest.fixture
def quick(place: Path, progress: Recorder) -> ModelRunner:
    return ModelRunner(place / "scratch", place / "cache", progress, Limits(seconds=3))


def test_a_model_predicts_each_row_in_silence(
    prepare: Prepare, runner: ModelRunner, progress: Recorder
) -> None:
    prepared = prepare(textwrap.dedent(DOUBLE))
    progress.shown.clear()
    assert runner.predict(prepared, FEATURES, "test.csv", ROWS) == Predictions(["20", "40", "60"])
    name = f"the model of commit {prepared.model.commit[:12]}"
    assert progress.shown == [
        ("said", f"Running {name} on the test set; its log is not kept."),
        ("said", f"Done with {name}."),
    ]


def test_the_smoke_run_shows_the_models_words_as_untrusted(
    prepare: Prepare, runner: ModelRunner, progress: Recorder
) -> None:
    prepared = prepare(textwrap.dedent(DOUBLE))
    progress.shown.clear()
    runner.rehearse(prepared, FEATURES, "sample.csv", ROWS)
    assert progress.shown == [
        ("group", f"Smoke run of {prepared.name} on 3 public rows"),
        ("untrusted", "a word of the model\n"),
    ]


@pytest.mark.parametrize(("script", "error", "words"), FAULTS.values(), ids=FAULTS)
def test_a_fault_on_the_smoke_run_is_named(
    prepare: Prepare, quick: ModelRunner, script: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        quick.rehearse(prepare(script), FEATURES, "sample.csv", ROWS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_on_secret_rows_says_nothing_and_counts_as_wrong(
    prepare: Prepare, quick: ModelRunner, progress: Recorder, place: Path, fault: str
) -> None:
    prepared = prepare(FAULTS[fault][0])
    quiet = prepare(textwrap.dedent(DOUBLE))
    progress.shown.clear()
    predictions = quick.predict(prepared, FEATURES, "test.csv", ROWS)
    expected = ["1", None, None] if fault == "writes too few" else [None] * ROWS
    assert predictions.values == expected
    assert predictions.complaint is not None
    said = [text.replace(prepared.name, "NAME") for _, text in progress.shown]
    progress.shown.clear()
    quick.predict(quiet, FEATURES, "test.csv", ROWS)
    assert said == [text.replace(quiet.name, "NAME") for _, text in progress.shown]
    assert not [path for path in (place / "scratch").iterdir() if path.name.startswith("run-")]


def test_a_gigabyte_of_words_on_secret_rows_goes_nowhere(
    prepare: Prepare, runner: ModelRunner
) -> None:
    script = DOUBLE.replace(
        'print("a word of the model")',
        'out = sys.stdout.buffer; [out.write(b"x" * 2**20) for _ in range(1024)]',
    )
    prepared = prepare(textwrap.dedent(script))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    predictions = runner.predict(prepared, FEATURES, "test.csv", ROWS)
    assert predictions.values == ["20", "40", "60"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


def test_the_contract_holds_in_arguments_and_in_the_environment(
    prepare: Prepare, runner: ModelRunner, progress: Recorder
) -> None:
    prepared = prepare(
        """
import os, pathlib, stat, sys
script, features, predictions = sys.argv
assert features == os.environ["EASEML_FEATURES"]
assert predictions == os.environ["EASEML_PREDICTIONS"]
assert pathlib.Path(features).name == "test.csv"
assert os.getcwd() == os.path.dirname(script)
assert os.environ["PATH"].split(":")[0] == os.path.dirname(sys.executable)
assert os.path.isdir(os.environ["HOME"]) and os.access(os.environ["TMPDIR"], os.W_OK)
known = {"PATH", "VIRTUAL_ENV", "LANG", "HOME", "TMPDIR", "PYTHONUNBUFFERED"}
print(sorted(set(os.environ) - known))
print(sorted(path.name for path in pathlib.Path().iterdir()))
pathlib.Path(predictions).write_text("1\\n")
"""
    )
    runner.rehearse(prepared, b"x\n1\n", "test.csv", 1)
    assert progress.all("untrusted")[-1] == (
        "['EASEML_FEATURES', 'EASEML_PREDICTIONS']\n['evaluate_model.py']\n"
    )


@pytest.mark.parametrize(
    ("name", "content", "executable"),
    [
        ("model.py", "#!/usr/bin/env python\n", True),
        ("model.py", "#!/usr/bin/env python\r\n", True),
        ("model.py", "", True),
        ("model.py", "#!/nowhere/python\n", False),
        ("model", "#!/usr/bin/env python\n", True),
        ("tools/model", "#!/usr/bin/env python3\n", True),
    ],
)
def test_a_script_runs_on_its_own_environment_however_it_is_started(
    repository: Repository,
    runner: ModelRunner,
    progress: Recorder,
    name: str,
    content: str,
    executable: bool,
) -> None:
    code = "import os, sys; print(sys.prefix == os.environ['VIRTUAL_ENV'])\n"
    code += "open(sys.argv[2], 'w').write('1')\n"
    commit = repository.commit({name: content + code}, executable=(name,) * executable)
    model = read_model(repository.git, commit, Scope(f"./{name}"))
    prepared = runner.prepare(repository.git, model)
    runner.rehearse(prepared, b"x\n1\n", "test.csv", 1)
    assert progress.all("untrusted")[-1] == "True\n"


def test_a_shell_script_is_a_model_too(repository: Repository, runner: ModelRunner) -> None:
    script = '#!/bin/sh\ntail -n +2 "$1" > "$EASEML_PREDICTIONS"\n'
    commit = repository.commit({"run.sh": script}, executable=("run.sh",))
    prepared = runner.prepare(repository.git, read_model(repository.git, commit, Scope("run.sh")))
    predictions = runner.predict(prepared, FEATURES, "test.csv", ROWS)
    assert predictions.values == ["10", "20", "30"]


def test_a_program_that_cannot_be_started_says_so_in_the_smoke_run(
    repository: Repository, runner: ModelRunner, progress: Recorder
) -> None:
    commit = repository.commit({"run": "no shebang"}, executable=("run",))
    prepared = runner.prepare(repository.git, read_model(repository.git, commit, Scope("run")))
    with pytest.raises(ModelCrashed, match="exit code 126"):
        runner.rehearse(prepared, FEATURES, "sample.csv", ROWS)
    assert "Exec format error" in progress.all("untrusted")[-1]


def test_runs_share_nothing(prepare: Prepare, runner: ModelRunner, progress: Recorder) -> None:
    prepared = prepare(
        """
import os, pathlib, sys
for folder in (os.environ["HOME"], os.path.dirname(sys.argv[2])):
    print(os.listdir(folder))
    pathlib.Path(folder, "left behind").touch()
scratch = pathlib.Path(sys.argv[1]).parents[2]
try:
    print([path.name for path in scratch.iterdir() if path.name.startswith("run-")])
except PermissionError:
    print(["one"])
pathlib.Path(sys.argv[2]).write_text("1")
"""
    )
    progress.shown.clear()
    for _ in range(2):
        runner.rehearse(prepared, b"x\n1\n", "test.csv", 1)
    first, second = progress.all("untrusted")
    assert first.splitlines()[:2] == second.splitlines()[:2] == ["[]", "[]"]
    assert len(eval(second.splitlines()[2])) == 1


def test_submodules_that_are_left_out_are_said(
    repository: Repository, runner: ModelRunner, progress: Recorder
) -> None:
    first = repository.commit({SCRIPT: ""})
    repository.run("update-index", "--add", "--cacheinfo", f"160000,{first},vendor")
    repository.run("commit", "--quiet", "--message", "add a submodule")
    runner.prepare(repository.git, read_model(repository.git, "HEAD", Scope(SCRIPT)))
    assert progress.all("said")[0] == "The submodule 'vendor' is not checked out."


def test_a_features_name_with_a_folder_is_a_mistake_of_ours(
    prepare: Prepare, runner: ModelRunner
) -> None:
    with pytest.raises(ValueError, match="name must be a plain file name"):
        runner.predict(prepare(""), b"", "../test.csv", 1)


def test_without_root_the_whole_run_works_as_well(
    repository: Repository, as_ordinary_user: Callable[[str], str]
) -> None:
    commit = repository.commit({SCRIPT: textwrap.dedent(DOUBLE)})
    answer = as_ordinary_user(
        f"""
        import contextlib, tempfile
        from pathlib import Path
        from easeml_action.git import Git
        from easeml_action.model import ModelRunner, Scope, read_model
        from easeml_action.sandbox import LayerMissing, Limits

        class Words:
            def group(self, title):
                return contextlib.nullcontext()
            def say(self, line):
                if "the model" not in line:
                    print(line)
            def show_untrusted(self, text):
                print(text, end="")

        git = Git(Path({str(repository.directory)!r}))
        model = read_model(git, {commit!r}, Scope({SCRIPT!r}))
        with tempfile.TemporaryDirectory() as name:
            place = Path(name)
            try:
                ModelRunner(place / "s", place / "c", Words(), Limits(30)).check_sandbox()
            except LayerMissing as missing:
                print(missing.layer)
            runner = ModelRunner(
                place / "scratch", place / "cache", Words(), Limits(30), tolerated=["user"]
            )
            runner.check_sandbox()
            prepared = runner.prepare(git, model)
            runner.rehearse(prepared, {FEATURES!r}, "sample.csv", 3)
            print(runner.predict(prepared, {FEATURES!r}, "test.csv", 3).values)
            print([path.name.split("-")[0] for path in (place / "scratch").iterdir()])
        """
    )
    assert answer.splitlines() == [
        "user",
        "Models are held by: limits, no-new-privileges, landlock, seccomp.",
        "NOT in force, as allow-unsandboxed says: user. Judge only models that you trust here.",
        "a word of the model",
        "['20', '40', '60']",
        "['model']",
    ]
