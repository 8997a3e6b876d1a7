"""``easeml plan`` as a program."""

import re
import sys
from xml.etree import ElementTree

import pytest

REFERENCE = {
    "--condition": "n - o > 0.1 +/- 0.1",
    "--reliability": "0.99",
    "--steps": "32",
    "--adaptivity": "full",
    "--mode": "fp-free",
}


def options(**changes: str | None) -> list[str]:
    changed = REFERENCE | {f"--{key.replace('_', '-')}": value for key, value in changes.items()}
    return [word for key, value in changed.items() if value is not None for word in (key, value)]


def test_the_paper_answers_with_its_own_number(easeml) -> None:
    result = easeml("plan", *options(method="paper"), "--json").json()
    assert result["rows"] == 5_496
    assert set(result) == {"rows", "labels", "ln_alpha", "evaluations", "clauses"}
    (clause,) = result["clauses"]
    assert set(clause) == {"clause", "test", "rows", "labels"}
    assert clause["clause"] == "n - o > 0.1 +/- 0.1"


def test_labels_are_needed_only_where_predictions_differ(easeml) -> None:
    condition = r"n - o > 0.02 +/- 0.02 /\ d < 0.1 +/- 0.02"
    result = easeml("plan", *options(condition=condition), "--json").json()
    assert result["labels"] < result["rows"] / 5
    assert [each["labels"] for each in result["clauses"]][1] == 0
    assert result["rows"] == max(each["rows"] for each in result["clauses"])


def test_the_table_is_for_people(easeml) -> None:
    done = easeml("plan", *options())
    assert done.code == 0
    assert "rows required" in done.stdout
    assert "4,294,967,295" in done.stdout
    assert "where n - o is 0.3 (0.1 + 2 x 0.1) or more" in " ".join(done.stdout.split())


def test_a_thousand_steps_neither_underflow_nor_fail(easeml) -> None:
    result = easeml("plan", *options(steps="1000"), "--json").json()
    assert result["evaluations"] == 2**1000 - 1
    assert "e+301" in easeml("plan", *options(steps="1000")).stdout


def test_a_configuration_is_planned_and_options_change_it(easeml) -> None:
    keys = "".join(f"  {key[2:]}: {value}\n" for key, value in REFERENCE.items())
    (easeml.directory / "gate.yml").write_text(f"ml:\n  script: run.py\n  method: paper\n{keys}")
    assert easeml("plan", "--config", "gate.yml", "--json").json()["rows"] == 5_496
    other = easeml("plan", "--config", "gate.yml", "--adaptivity", "none", "--json").json()
    assert other["rows"] == 1_753


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"mode": None, "steps": None}, 2, "The plan needs --mode, --steps."),
        ({"steps": "0"}, 2, "steps is 0, not a whole number"),
        ({"steps": "x"}, 2, "--steps"),
        ({"reliability": "1"}, 2, "reliability is 1.0, not a number between 0 and 1"),
        ({"adaptivity": "some"}, 2, "adaptivity is 'some'"),
        ({"adaptivity": "metered"}, 2, "pass_rate"),
        ({"condition": "n >= 0.8 +/- 0.1"}, 2, "    n >= 0.8 +/- 0.1\n      ^"),
        ({"condition": "n > 0.9 +/- 0.1"}, 1, "no model can pass clause 1"),
        ({"config": "nowhere.yml"}, 1, "nowhere.yml cannot be read: no such file"),
    ],
)
def test_a_mistake_is_named(easeml, changes, code, said) -> None:
    done = easeml("plan", *options(**changes))
    assert (done.code, done.stdout) == (code, "")
    assert said in done.stderr


def test_neighbours_of_the_question_are_planned_beside_the_papers(easeml) -> None:
    lines = easeml("plan", *options(method="paper")).stdout.splitlines()
    asked = next(line.split() for line in lines if line.rstrip().endswith("asked"))
    exact = f"{easeml('plan', *options(), '--json').json()['rows']:,}"
    assert asked == ["0.99", "0.1", exact, exact, "5,496", "asked"]
    cells = [line.split() for line in lines]
    around = {(line[0], line[1]) for line in cells if line and line[0] in {"0.9", "0.99", "0.999"}}
    assert around == {
        (reliability, tolerance)
        for reliability in ("0.9", "0.99", "0.999")
        for tolerance in ("0.05", "0.075", "0.1", "0.15", "0.2")
    }


def test_a_neighbour_that_cannot_be_settled_says_so(easeml) -> None:
    done = easeml("plan", *options(condition="n > 0.9 +/- 0.06", reliability="0.8"))
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["0.8", "0.12", "impossible"] in lines
    # Ten times the error is no promise at all.
    assert {line[0] for line in lines if len(line) > 1 and line[1] == "0.06"} == {"0.8", "0.98"}


def test_rows_are_asked_for_the_smallest_tolerances(easeml) -> None:
    condition = r"n - o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01"
    asked = options(condition=condition, reliability="0.999")
    answer = easeml("plan", *asked, "--rows", "20000", "--json").json()
    assert answer["rows"] == 20_000
    wide, narrow = answer["clauses"]
    assert (wide["clause"], narrow["clause"]) == ("n - o > 0.02 +/- 0.01", "d < 0.1 +/- 0.01")
    written = rf"n - o > 0.02 +/- {wide['tolerance']} /\ d < 0.1 +/- {narrow['tolerance']}"
    planned = easeml("plan", *options(condition=written, reliability="0.999"), "--json").json()
    assert [each["rows"] <= 20_000 for each in planned["clauses"]] == [True, True]
    assert planned["rows"] > 19_900
    shown = easeml("plan", *asked, "--rows", "20000").stdout
    assert str(wide["tolerance"]) in shown
    assert str(narrow["tolerance"]) in shown


def test_rows_that_reach_no_tolerance_say_so(easeml) -> None:
    asked = [*options(condition="n > 0.99 +/- 0.001"), "--rows", "50"]
    assert easeml("plan", *asked, "--json").json()["clauses"][0]["tolerance"] is None
    shown = " ".join(easeml("plan", *asked).stdout.split())
    advice = re.search(
        r"50 rows carry no tolerance for this promise\. Take more rows: ([\d,]+) carry (n > .+)\.$",
        shown,
    )
    assert advice is not None
    carried = easeml("plan", *options(condition=advice[2]), "--json").json()
    assert carried["rows"] == int(advice[1].replace(",", ""))
    fewer = easeml("plan", *options(condition="n > 0.9 +/- 0.02"), "--rows", "150").stdout
    assert "Take fewer --steps, or more rows: " in fewer
    gain = options(condition="n - o > 0.5 +/- 0.1", max_disagreement="0.1")
    impossible = easeml("plan", *gain, "--rows", "150").stdout
    assert impossible.rstrip().endswith("150 rows carry no tolerance for this promise.")


def test_rows_are_asked_for_the_most_steps(easeml) -> None:
    asked = options(condition="n > 0.8 +/- 0.05", reliability="0.999", steps=None)
    answer = easeml("plan", *asked, "--rows", "3130", "--solve", "steps", "--json").json()
    assert answer == {"rows": 3_130, "steps": 32}
    assert "32" in easeml("plan", *asked, "--rows", "3130", "--solve", "steps").stdout
    few = easeml("plan", *asked, "--rows", "30", "--solve", "steps")
    assert re.search(r"steps at most +none *$", few.stdout, re.MULTILINE)
    asked = options(condition="n > 0.8 +/- 0.05", reliability="0.999", steps="1")
    one = easeml("plan", *asked, "--json").json()["rows"]
    assert f"30 rows serve no commit: the fewest steps take {one}." in few.stdout


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--rows", "0"], 2, "--rows"),
        (["--solve", "steps"], 2, "--solve steps needs --rows."),
        (["--solve", "periods"], 2, "--solve periods needs --rows."),
        (["--rows", "9", "--solve", "clauses"], 2, "--solve"),
        (["--rows", "9", "--method", "paper"], 2, "by the exact method only"),
        (["--rows", "9", "--plot", "plan.png"], 2, "--plot draws a plan"),
        (["--plot", "plan.pdf"], 2, "The name plan.pdf tells no format. End it in .png or .svg."),
        (["--plot", "file/plan.png"], 1, "cannot be written"),
    ],
)
def test_a_question_that_makes_no_sense_is_named(easeml, more, code, said) -> None:
    (easeml.directory / "file").write_text("")
    done = easeml("plan", *options(), *more)
    assert (done.code, done.stdout) == (code, "")
    assert said in done.stderr


def test_an_impossible_condition_has_no_most_steps(easeml) -> None:
    done = easeml(
        "plan", *options(condition="n > 0.95 +/- 0.1"), "--rows", "99", "--solve", "steps"
    )
    assert done.code == 1
    assert "no model can pass clause 1" in done.stderr


def test_a_plan_is_drawn_beside_its_json(easeml) -> None:
    condition = r"n - o > 0.02 +/- 0.02 /\ d < 0.1 +/- 0.02"
    asked = [*options(condition=condition), "--json"]
    drawn = [easeml("plan", *asked, "--plot", name) for name in ("one.svg", "two.svg", "one.svg")]
    assert {done.stdout for done in drawn} == {easeml("plan", *asked).stdout}
    one, two = ((easeml.directory / name).read_bytes() for name in ("one.svg", "two.svg"))
    assert one == two
    picture = ElementTree.fromstring(one)
    # Rows against the tolerance, and one curve for each clause.
    drawn_in = picture.findall(".//{*}g[@id]")
    assert sum(each.get("id").startswith("axes_") for each in drawn_in) == 3


def test_a_png_can_be_had(easeml) -> None:
    assert easeml("plan", *options(method="paper"), "--plot", "plan.PNG").code == 0
    assert (easeml.directory / "plan.PNG").read_bytes().startswith(b"\x89PNG\r\n")


def test_a_picture_without_matplotlib_says_how_to_get_it(easeml, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = easeml("plan", *options(), "--plot", "plan.svg")
    assert (done.code, done.stdout) == (1, "")
    assert "pip install 'easeml-action[plot]'" in done.stderr
    assert not (easeml.directory / "plan.svg").exists()
    assert easeml("plan", *options()).code == 0


def test_rows_are_shared_out_over_as_many_periods_as_they_serve(easeml) -> None:
    asked = options(condition="n > 0.8 +/- 0.05", adaptivity="full", steps="32")
    required = easeml("plan", *asked, "--json").json()["rows"]
    rows = str(3 * required - 1)
    answer = easeml("plan", *asked, "--rows", rows, "--solve", "periods", "--json").json()
    assert (answer["periods"], answer["rows_required"]) == (2, required)
    shown = easeml("plan", *asked, "--rows", rows, "--solve", "periods").stdout
    assert "64" in shown  # commits in all
