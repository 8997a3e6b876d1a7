"""What a terminal is shown cannot steer it, and markup in a value is text."""

from easeml_action.cli.terminal import TerminalProgress, show_facts, show_table


def test_a_models_text_cannot_steer_the_terminal(capsys) -> None:
    TerminalProgress().show_untrusted("fine\n\x1b]0;title\x07\x1b[2Jgone\u202e")
    assert capsys.readouterr().err == "  | fine\n  | ?]0;title??[2Jgone?\n"


def test_a_group_ends_with_the_time_it_took(capsys) -> None:
    progress = TerminalProgress()
    with progress.group("Build"):
        progress.say("half of it")
    first, second, third = capsys.readouterr().err.splitlines()
    assert (first, second) == ("Build ...", "  half of it")
    assert third.startswith("Build: ")


def test_markup_in_a_value_is_text(capsys) -> None:
    show_facts("[b]title[/b]", {"name": "[red]value[/red]"})
    show_table(["column"], [["[link=x]cell[/link]"]])
    shown = capsys.readouterr().out
    for text in ("[b]title[/b]", "[red]value[/red]", "[link=x]cell[/link]"):
        assert text in shown


def test_a_table_folds_what_does_not_fit_and_cuts_nothing(capsys) -> None:
    path = f"/home/{'a-long-name/' * 12}model.private.asc"
    show_table(["where"], [[path]])
    shown = capsys.readouterr().out
    assert path in "".join(line.strip() for line in shown.splitlines())
