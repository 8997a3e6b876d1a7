"""A metered test set lives as long as its rows carry the level of the next step."""

GOOD = "int(row['number']) % 2"
BAD = "1 - int(row['number']) % 2"

METERED = """\
ml:
  script: ./evaluate_model.py
  condition: n > 0.5 +/- 0.11
  reliability: 0.9
  mode: fp-free
  adaptivity: metered
  pass_rate: 0.1
  steps: 6
  test_set: data_test/test.csv.gpg
  label: label
"""


def test_passes_end_a_metered_test_set_before_its_steps_do(project) -> None:
    git = project.easeml.git
    (project.easeml.directory / ".easeml.yml").write_text(METERED)
    git("commit", "-q", "-a", "-m", "Meter the gate")
    git("push", "-q", "origin", "main")

    failed = project("gate", project.model("a bad model", BAD), "--record")
    assert "5 more commits if they all fail, 2 if they all pass" in failed.stdout
    assert "5 more commits if they all fail, 2 if they all pass" in project("status").stdout

    first = project("gate", project.model("a good model", GOOD), "--record", "--json").json()
    assert (first["verdict"], first["remaining"]) == ("pass", "4")
    (test_set,) = project("status", "--json").json()["test_sets"]
    assert (test_set["remaining_if_all_fail"], test_set["remaining_if_all_pass"]) == (4, 1)

    last = project("gate", project.model("a better model", f"{GOOD} + 0"), "--record")
    assert last.code == 0
    assert "is used up: `easeml rotate` replaces it" in last.stderr
    (test_set,) = project("status", "--json").json()["test_sets"]
    assert (test_set["step"], test_set["remaining"], test_set["retired"]) == (3, 0, True)

    late = project("gate", project.model("a late model", f"{GOOD} + 1 - 1"), "--record")
    assert late.code == 1
    assert "The test set is used up" in late.stdout + late.stderr
    assert project("status", "--json").json()["test_sets"] == [test_set]
    # What a retired test set has measured may be shown.
    assert [each["verdict"] for each in project("reveal", "--json").json()["steps"]] == [
        "fail",
        "pass",
        "pass",
    ]
