"""``easeml plan`` as a program."""

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
