"""A remedy speaks of the place where it is read."""

from easeml_action.cli.gate import TerminalAudience
from easeml_action.github import Report
from easeml_action.sandbox import LayerMissing


def test_a_terminal_is_told_of_options_and_not_of_inputs(capsys) -> None:
    missing = LayerMissing("user", "this is not root")
    TerminalAudience().conclude(
        Report(
            verdict="error",
            commit="0" * 40,
            run_url="local",
            problem=missing.problem,
            remedy=missing.remedy,
            more=missing.more,
        )
    )
    said = capsys.readouterr().err
    assert "`--allow-unsandboxed user`." in said
    assert "allow-unsandboxed:" not in said
