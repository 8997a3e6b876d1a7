import base64
import io
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from easeml_action.github import RunnerFileUnwritable, Workflow
from easeml_action.github.workflow import (
    MAX_SUMMARY_BYTES,
    MAX_UNTRUSTED_CHARACTERS,
    MIN_MASKED_PIECE,
    clean_text,
    escape_data,
    escape_property,
)

ARMORED = """-----BEGIN PGP PRIVATE KEY BLOCK-----

lIYEZyExampleExampleExampleExampleExampleExampleExampleExample01
ExampleExampleExampleExampleExampleExampleExampleExampleExample2
Ab==
=x1Yz
-----END PGP PRIVATE KEY BLOCK-----
"""
# A busy machine is no fault.
untimed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# What the runner takes for a command: at the start of a line, or the old form anywhere in it.
COMMAND = re.compile(r"^\s*::|##\[", re.MULTILINE)


class Runner:
    """A workflow with its streams, its files, and time that stands still until it is told."""

    def __init__(self, folder: Path) -> None:
        self.stdout = io.StringIO()
        self.now = 0.0
        self.output, self.summary = folder / "output", folder / "summary"
        self.output.touch()
        self.summary.touch()
        environ = {"GITHUB_OUTPUT": str(self.output), "GITHUB_STEP_SUMMARY": str(self.summary)}
        self.workflow = Workflow(self.stdout, environ, clock=lambda: self.now)

    @property
    def lines(self) -> list[str]:
        return self.stdout.getvalue().splitlines()

    def read_outputs(self) -> dict[str, str]:
        """Read the file as the runner does."""
        found = {}
        lines = iter(self.output.read_text().split("\n"))
        for line in lines:
            if re.match(r"[^=]+<<", line):
                name, end = line.split("<<")
                value = []
                while (part := next(lines)) != end:
                    value.append(part)
                found[name] = "\n".join(value)
            elif line:
                name, _, text = line.partition("=")
                found[name] = text
        return found


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def _unescape(text: str) -> str:
    for sign, escape in (("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C"), ("%", "%25")):
        text = text.replace(escape, sign)
    return text


@untimed
@given(st.text())
def test_escaped_data_is_one_line_that_the_runner_reads_back(text: str) -> None:
    escaped = escape_data(text)

    assert "\n" not in escaped
    assert "\r" not in escaped
    assert re.sub("%(?!25|0D|0A)", "", escaped) == escaped
    assert escaped.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%") == text


@untimed
@given(st.text())
def test_an_escaped_property_ends_neither_itself_nor_the_command(text: str) -> None:
    escaped = escape_property(text)

    assert not set(escaped) & set("\r\n:,")
    assert _unescape(escaped) == text


def test_annotations_carry_their_title_and_text_in_one_line(runner: Runner) -> None:
    runner.workflow.notice("100 % of\ntwo lines", title="Rows: 5, steps")
    runner.workflow.warning("careful")
    runner.workflow.error("::error::no", title="a::b")

    assert runner.lines == [
        "::notice title=Rows%3A 5%2C steps::100 %25 of%0Atwo lines",
        "::warning::careful",
        "::error title=a%3A%3Ab::::error::no",
    ]


def test_every_line_of_a_secret_is_masked(runner: Runner) -> None:
    runner.workflow.mask(SecretStr(ARMORED))

    masked = [line.removeprefix("::add-mask::") for line in runner.lines]
    assert all(line.startswith("::add-mask::") for line in runner.lines)
    for line in ARMORED.splitlines():
        assert (line in masked) == (len(line) >= MIN_MASKED_PIECE)
    assert base64.b64encode(ARMORED.encode()).decode() in masked
    assert base64.b64encode(ARMORED.strip().encode()).decode() in masked


def test_the_text_inside_a_base64_secret_is_masked_too(runner: Runner) -> None:
    encoded = base64.encodebytes(ARMORED.encode()).decode()
    runner.workflow.mask(SecretStr(encoded))

    masked = {line.removeprefix("::add-mask::") for line in runner.lines}
    assert {line for line in ARMORED.splitlines() if len(line) >= MIN_MASKED_PIECE} <= masked
    assert set(encoded.splitlines()[:-1]) <= masked
    assert "".join(encoded.split()) in masked


def test_a_base64_secret_that_is_not_text_is_masked_as_it_is(runner: Runner) -> None:
    encoded = base64.b64encode(bytes(range(128, 256))).decode()
    runner.workflow.mask(SecretStr(encoded))

    assert f"::add-mask::{encoded}" in runner.lines


@pytest.mark.parametrize("secret", ["a", "pass", "corréct hörse", "100%", "a::b", "x://[::1"])
def test_a_secret_of_one_line_is_masked_whatever_its_length(runner: Runner, secret: str) -> None:
    runner.workflow.mask(SecretStr(secret))

    assert f"::add-mask::{escape_data(secret)}" in runner.lines


def test_the_password_in_a_url_is_masked_on_its_own(runner: Runner) -> None:
    runner.workflow.mask(SecretStr("smtps://ci%40example.com:p%40ssword@mail.example.com"))

    assert {"::add-mask::p%2540ssword", "::add-mask::p@ssword"} <= set(runner.lines)


@pytest.mark.parametrize("secret", ["", " ", "\n\n"])
def test_an_empty_secret_masks_nothing(runner: Runner, secret: str) -> None:
    runner.workflow.mask(SecretStr(secret))

    assert runner.lines == []


@pytest.mark.parametrize("secret", ["abc\ndef\nshort", ARMORED, "a\nb\r\n"])
def test_no_piece_that_is_shorter_than_the_floor_blots_out_the_log(
    runner: Runner, secret: str
) -> None:
    runner.workflow.mask(SecretStr(secret))

    for line in runner.lines:
        assert len(line.removeprefix("::add-mask::")) >= MIN_MASKED_PIECE


def test_a_group_ends_with_the_time_it_took(runner: Runner) -> None:
    with runner.workflow.group("Build the environment"):
        runner.workflow.say("uv")
        runner.now = 12.34

    assert runner.lines == [
        "::group::Build the environment",
        "uv",
        "Build the environment: 12.3 s",
        "::endgroup::",
    ]


def test_a_group_inside_a_group_does_not_end_it(runner: Runner) -> None:
    with runner.workflow.group("Outer"), runner.workflow.group("Inner"):
        runner.workflow.say("deep")

    assert runner.lines == [
        "::group::Outer",
        "Inner",
        "deep",
        "Inner: 0.0 s",
        "Outer: 0.0 s",
        "::endgroup::",
    ]


def test_a_group_ends_when_something_fails_in_it(runner: Runner) -> None:
    def fail() -> None:
        with runner.workflow.group("Doomed"):
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with runner.workflow.group("Next"):
        pass

    assert runner.lines.count("::endgroup::") == 2
    assert "::group::Next" in runner.lines


@pytest.mark.parametrize(
    "line",
    [
        "::error::x",
        "  ::add-mask::e",
        "\u0085::error::x",
        "\u00a0::error::x",
        "fine\n::set-output name=verdict::pass",
        "fine\r::endgroup::",
        "fine\u2028::endgroup::",
        "text ##[error]x",
        "#\x00#[error]x",
        ":\x1b[0m:error::x",
    ],
)
def test_a_line_of_ours_never_acts_as_a_command(runner: Runner, line: str) -> None:
    runner.workflow.say(line)

    assert not COMMAND.search(runner.stdout.getvalue())


def _between_stop_and_start(runner: Runner) -> str:
    first, *shown, last = runner.stdout.getvalue().removesuffix("\n").split("\n")
    token = first.removeprefix("::stop-commands::")
    assert re.fullmatch(r"[0-9a-f]{32}", token)
    assert last == f"::{token}::"
    return "\n".join(shown)


def test_a_models_log_is_shown_with_the_runner_deaf_to_commands(runner: Runner) -> None:
    text = "loading\n::error::pwned\n##[group]x\n\x1b[31mred\x1b[0m\a\x1b]0;title\adone\n"
    runner.workflow.show_untrusted(text)

    shown = _between_stop_and_start(runner)
    assert not COMMAND.search(shown)
    assert "\x1b" not in shown
    assert "loading" in shown
    assert "red" in shown
    assert "done" in shown
    assert "pwned" in shown


def test_every_models_log_has_a_token_of_its_own(runner: Runner) -> None:
    for _ in range(3):
        runner.workflow.show_untrusted("x")

    assert len({line for line in runner.lines if "stop-commands" in line}) == 3


def test_a_long_log_of_a_model_keeps_its_first_and_its_last_part(runner: Runner) -> None:
    runner.workflow.show_untrusted("first " + "x" * 10_000_000 + " last")

    shown = _between_stop_and_start(runner)
    assert len(shown) < MAX_UNTRUSTED_CHARACTERS + 100
    assert shown.startswith("first ")
    assert shown.endswith(" last")
    assert "characters left out" in shown


@untimed
@given(st.text(alphabet=st.characters() | st.sampled_from("\x1b[]:#\r\n\u202e\u0085")))
def test_clean_text_has_no_sign_that_a_terminal_acts_on(text: str) -> None:
    cleaned = clean_text(text)

    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", cleaned)
    cleaned.encode()


def test_clean_text_keeps_ordinary_writing() -> None:
    text = "accuracy:\t0.93 ± 0.01\nÄrger, 数据, 🎉"

    assert clean_text(text) == text


@untimed
@given(
    values=st.dictionaries(
        st.from_regex(r"\A[a-z][a-z-]{0,9}\Z"), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_outputs_arrive_whatever_they_hold(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, str]
) -> None:
    runner = Runner(tmp_path_factory.mktemp("runner"))
    runner.workflow.set_outputs(values)

    read = runner.output.read_bytes().decode()
    for name, value in values.items():
        if "\n" in value or "\r" in value:
            found = re.search(rf"^{name}<<(\w+)\n(.*?)\n\1\n", read, re.DOTALL | re.MULTILINE)
            assert found is not None
            assert found[2] == value
        else:
            assert f"{name}={value}\n" in read


def test_an_output_cannot_add_another(runner: Runner) -> None:
    runner.workflow.set_output("verdict", "fail\nverdict=pass\nEOF\nverdict=pass")
    runner.workflow.set_output("step", "3")

    assert runner.read_outputs() == {
        "verdict": "fail\nverdict=pass\nEOF\nverdict=pass",
        "step": "3",
    }


@pytest.mark.parametrize("name", ["", "a b", "a=b", "a\nb", "a<<b", "-a"])
def test_the_name_of_an_output_is_checked(runner: Runner, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        runner.workflow.set_output(name, "x")


def test_summaries_add_up(runner: Runner) -> None:
    runner.workflow.add_summary("## One")
    runner.workflow.add_summary("## Two\n")

    assert runner.summary.read_text() == "## One\n## Two\n"


def test_a_summary_is_cut_to_what_github_takes(runner: Runner) -> None:
    runner.workflow.add_summary("é" * MAX_SUMMARY_BYTES)
    runner.workflow.add_summary("more")

    data = runner.summary.read_bytes()
    assert MAX_SUMMARY_BYTES - 10 < len(data) <= MAX_SUMMARY_BYTES
    assert "left out" in data.decode()[-100:]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    workflow = Workflow(io.StringIO(), {"GITHUB_OUTPUT": str(tmp_path)})
    with pytest.raises(RunnerFileUnwritable, match="GITHUB_OUTPUT"):
        workflow.set_output("verdict", "pass")


def test_a_summary_whose_folder_is_gone_is_named(tmp_path: Path) -> None:
    environ = {"GITHUB_STEP_SUMMARY": str(tmp_path / "gone" / "summary")}
    with pytest.raises(RunnerFileUnwritable, match="GITHUB_STEP_SUMMARY"):
        Workflow(io.StringIO(), environ).add_summary("## One")


def test_a_runner_without_files_is_told_of(tmp_path: Path) -> None:
    stdout = io.StringIO()
    workflow = Workflow(stdout, {})
    workflow.set_output("verdict", "pass")
    workflow.add_summary("## One")

    assert "GITHUB_OUTPUT is not set" in stdout.getvalue()
    assert "GITHUB_STEP_SUMMARY is not set" in stdout.getvalue()
