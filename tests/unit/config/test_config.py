"""The configuration file: two spellings, exact checks, one sentence for every mistake."""

import math

import pytest
from pydantic import ValidationError

from easeml_action.condition import parse
from easeml_action.config import (
    ConditionImpossible,
    Config,
    ConfigInvalid,
    ConfigMissing,
    NoLabelNamed,
    NoTestSetNamed,
    sample_beside,
)

REFERENCE = b"""\
ml:
  - script     : ./evaluate_model.py
  - condition  : n - o > 0.1 +/- 0.1
  - reliability: 0.99
  - mode       : fp-free
  - adaptivity : full
  - steps      : 32
  - data_mode  : local
  - email: a@example.com
"""

MINIMAL = {
    "script": "./evaluate_model.py",
    "condition": "n > 0.8 +/- 0.05",
    "reliability": "0.99",
    "mode": "fp-free",
    "adaptivity": "full",
    "steps": "32",
}


def load(**keys: object) -> Config:
    settings = {**MINIMAL, **keys}
    lines = [f"  {key}: {value}" for key, value in settings.items() if value is not None]
    return Config.load("\n".join(["ml:", *lines]).encode())


def refusal(data: bytes) -> ConfigInvalid:
    with pytest.raises(ConfigInvalid) as caught:
        Config.load(data)
    return caught.value


def refused(**keys: object) -> str:
    with pytest.raises(ConfigInvalid) as caught:
        load(**keys)
    assert "\n" not in caught.value.problem + caught.value.remedy
    return str(caught.value)


def test_the_list_of_one_key_maps_is_read() -> None:
    config = Config.load(REFERENCE)
    assert config.script == "evaluate_model.py"
    assert config.condition == parse("n - o > 0.1 +/- 0.1")
    assert (config.reliability, config.mode) == (0.99, "fp-free")
    assert (config.adaptivity, config.steps) == ("full", 32)
    assert (config.data_mode, config.email) == ("local", "a@example.com")


def test_the_reference_file_plans_the_rows_of_the_paper() -> None:
    paper = Config.load(REFERENCE + b"  - method: paper\n")
    assert paper.plan().rows == 5_496


def test_the_exact_plan_needs_fewer_rows_than_the_paper() -> None:
    assert Config.load(REFERENCE).plan().rows == pytest.approx(4_704, rel=0.03)


@pytest.mark.parametrize(
    ("keys", "evaluations"),
    [
        ({"adaptivity": "none"}, 32),
        ({"adaptivity": "hybrid"}, 32),
        ({"adaptivity": "full"}, 2**32 - 1),
        ({"adaptivity": "full", "passes": 2}, 32 + 32 * 31 // 2),
    ],
)
def test_the_budget_is_that_of_the_keys(keys: dict[str, object], evaluations: int) -> None:
    assert load(**keys).budget.evaluations == evaluations


def test_a_metered_budget_has_the_pass_rate() -> None:
    budget = load(adaptivity="metered", pass_rate=0.2).budget
    assert budget.ln_alpha(passes=1) == pytest.approx(math.log(0.01 / 32 * 0.2))


def test_an_assumed_disagreement_saves_rows() -> None:
    condition = "n - o > 0.02 +/- 0.01"
    free, assumed = load(condition=condition), load(condition=condition, max_disagreement=0.1)
    assert assumed.plan().rows < free.plan().rows / 2


@pytest.mark.parametrize("condition", ["n > 0.95 +/- 0.05", "n - o > 0.02 +/- 0.99"])
def test_a_condition_that_no_model_can_pass_is_named(condition: str) -> None:
    with pytest.raises(ConditionImpossible, match="no model can pass clause 1"):
        load(condition=condition).plan()


@pytest.mark.parametrize(
    ("periods", "rows", "served"),
    [
        (None, 350, 1),
        (1, 350, 1),
        (5, 350, 5),
        ("auto", 350, 3),
        ("auto", 99, 1),
        ("auto", 10**9, 10_000),
    ],
)
def test_a_test_set_serves_as_many_periods_as_its_rows_allow(
    periods: object, rows: int, served: int
) -> None:
    assert load(periods=periods).periods_for(rows, required=112) == served


def test_both_spellings_mean_the_same() -> None:
    plain = REFERENCE.replace(b"  - ", b"  ")
    assert Config.load(plain) == Config.load(REFERENCE)


def test_every_key_is_read() -> None:
    config = load(
        condition=r"n - o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01",
        mode="fn-free",
        passes=3,
        max_disagreement=0.1,
        method="paper",
        test_set="./data_test/test.csv.gpg",
        sample="data_test/few.csv",
        label="label",
        header="true",
        format="csv",
        model_paths="[evaluate_model.py, models/]",
        dockerfile="./docker/Dockerfile",
        time_limit=60,
        baseline="v1.0",
        periods="auto",
        allow_overlap=20,
    )
    assert (config.periods, config.allow_overlap) == ("auto", 20)
    assert len(config.condition.clauses) == 2
    assert (config.mode, config.passes, config.method) == ("fn-free", 3, "paper")
    assert config.max_disagreement == 0.1
    assert config.require_test_set() == "data_test/test.csv.gpg"
    assert config.sample_path == "data_test/few.csv"
    assert (config.require_label(), config.header, config.format) == ("label", True, "csv")
    assert config.model_paths == ("evaluate_model.py", "models")
    assert config.dockerfile == "docker/Dockerfile"
    assert (config.time_limit, config.baseline) == (60, "v1.0")


def test_the_defaults_are_the_documented_ones() -> None:
    config = load()
    assert config.method == "exact"
    assert config.time_limit == 1_800
    assert config.passes is config.max_disagreement is config.baseline is None
    assert config.model_paths is config.sample_path is config.recipient is None
    assert config.dockerfile is None


def test_a_key_without_a_value_is_absent() -> None:
    assert load(passes="").passes is None


def test_one_model_path_needs_no_list() -> None:
    assert load(model_paths="models").model_paths == ("models",)


def test_a_configuration_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load().steps = 64


@pytest.mark.parametrize("arrow", ["->", " -> ", "→"])
def test_none_names_who_is_mailed(arrow: str) -> None:
    config = load(adaptivity=f"none{arrow}a@example.com")
    assert (config.adaptivity, config.recipient) == ("none", "a@example.com")


def test_none_without_an_arrow_mails_to_email() -> None:
    assert load(adaptivity="none", email="a@example.com").recipient == "a@example.com"


def test_nobody_is_mailed_otherwise() -> None:
    assert load(adaptivity="full", email="a@example.com").recipient is None


def test_hybrid_is_first_change() -> None:
    assert load(adaptivity="hybrid") == load(adaptivity="firstChange")


def test_metered_has_a_pass_rate() -> None:
    assert load(adaptivity="metered", pass_rate=0.2).pass_rate == 0.2


@pytest.mark.parametrize(
    ("test_set", "sample"),
    [
        ("data_test/test.csv.gpg", "data_test/test.sample.csv"),
        ("test.jsonl.asc", "test.sample.jsonl"),
        ("data.v2/rows.tsv", "data.v2/rows.sample.tsv"),
        ("data_test/secret.gpg", "data_test/secret.sample"),
        ("test.csv.GPG", "test.sample.csv"),
    ],
)
def test_the_sample_lies_beside_the_test_set(test_set: str, sample: str) -> None:
    assert sample_beside(test_set) == sample
    assert load(test_set=test_set).sample_path == sample


@pytest.mark.parametrize(
    ("label", "header", "expected"),
    [
        ("label", None, ("label", None)),
        ("4", None, (4, None)),
        ("'4'", None, ("4", None)),
        ("4", "true", (4, True)),
        ("4", "false", (4, False)),
        (None, None, (None, None)),
    ],
)
def test_a_label_is_a_position_or_a_name_and_the_header_is_as_said(
    label: str | None, header: str | None, expected: tuple[str | int | None, bool | None]
) -> None:
    config = load(label=label, header=header)
    assert (config.label, config.header) == expected


def test_a_run_without_a_test_set_says_which_key_to_add() -> None:
    with pytest.raises(NoTestSetNamed, match="test_set: data_test"):
        Config.load(REFERENCE).require_test_set()


def test_a_run_without_a_label_says_which_key_to_add() -> None:
    with pytest.raises(NoLabelNamed, match="label: label"):
        Config.load(REFERENCE).require_label()


def test_a_missing_file_is_named() -> None:
    error = ConfigMissing("gate/.easeml.yml")
    assert str(error).startswith("There is no configuration gate/.easeml.yml.")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"steps": 0}, "steps is 0, not a whole number from 1 to 10,000. Write for example steps:"),
        ({"steps": 10_001}, "from 1 to 10,000"),
        ({"steps": "many"}, "steps is 'many', not a whole number"),
        ({"steps": "true"}, "steps is true"),
        ({"steps": "3.0"}, "steps is 3.0"),
        ({"steps": "[1, 2]"}, "steps is [1, 2]"),
        ({"steps": "9" * 4_000}, "steps is 999"),
        ({"steps": None}, "the key steps is missing. Add steps: 32"),
        ({"script": None}, "the key script is missing"),
        ({"condition": None}, "the key condition is missing"),
        ({"reliability": 1}, "reliability is 1, not a number between 0 and 1, both left out"),
        ({"reliability": 0}, "reliability is 0"),
        ({"reliability": -0.5}, "reliability is -0.5"),
        ({"reliability": ".nan"}, "reliability is .nan"),
        ({"reliability": "99%"}, "reliability is '99%'"),
        ({"reliability": "true"}, "reliability is true"),
        ({"mode": "fpfree"}, "mode is 'fpfree', not fp-free or fn-free"),
        ({"adaptivity": "some"}, "adaptivity is 'some', not none, none -> name@example.com, first"),
        ({"adaptivity": "full -> a@example.com"}, "adaptivity: full mails nobody"),
        ({"adaptivity": "none -> nobody"}, "adaptivity is 'none -> nobody'"),
        ({"adaptivity": "none ->"}, "adaptivity is 'none ->'"),
        ({"adaptivity": "metered"}, "pass_rate: 0.2"),
        ({"pass_rate": 0.2}, "pass_rate has no meaning with adaptivity: full"),
        ({"adaptivity": "metered", "pass_rate": 1}, "pass_rate is 1, not a number"),
        ({"passes": 33}, "passes is 33, more than the 32 steps"),
        ({"passes": 0}, "passes is 0"),
        ({"passes": 2, "adaptivity": "firstChange"}, "no meaning with adaptivity: firstChange"),
        ({"max_disagreement": 1.5}, "max_disagreement is 1.5, not a number above 0 and at most 1"),
        ({"max_disagreement": 0}, "max_disagreement is 0"),
        ({"script": "/bin/sh"}, "script is '/bin/sh', not a path inside the repository"),
        ({"script": "../x.py"}, "not a path inside the repository"),
        ({"script": "a/../../x.py"}, "not a path inside the repository"),
        ({"script": "./"}, "not a path inside the repository"),
        ({"script": "''"}, "not a path inside the repository"),
        ({"script": ".git/config"}, "not a path inside the repository"),
        ({"script": "'a\\b'"}, "not a path inside the repository"),
        ({"script": "-c"}, "not a path inside the repository"),
        ({"script": '"a\\nb"'}, "not a path inside the repository"),
        ({"script": 3}, "script is 3, not a path"),
        ({"test_set": "/etc/passwd"}, "test_set is '/etc/passwd'"),
        ({"model_paths": "[a, ../b]"}, "model_paths is [a, ../b]"),
        ({"model_paths": "[]"}, "model_paths is []"),
        ({"dockerfile": "../Dockerfile"}, "dockerfile is '../Dockerfile'"),
        ({"model_paths": "{a: b}"}, "not a list of paths"),
        ({"label": 0}, "label is 0, not the name of a column, or its position counted from 1"),
        ({"label": "''"}, "label is ''"),
        ({"label": "true"}, "label is true"),
        ({"label": "x", "header": "false"}, "Write the label's position counted from 1"),
        ({"header": "maybe"}, "header is 'maybe', not true or false"),
        ({"format": "xlsx"}, "format is 'xlsx', not csv, tsv or jsonl"),
        ({"time_limit": 0}, "time_limit is 0"),
        ({"time_limit": "1h"}, "not a whole number of seconds"),
        ({"periods": 0}, "periods is 0, not auto, or a whole number from 1 to 10,000"),
        ({"periods": "many"}, "periods is 'many', not auto"),
        ({"periods": 1.5}, "Write for example periods: auto"),
        ({"allow_overlap": -1}, "allow_overlap is -1, not a whole number of rows, 0 or more"),
        ({"allow-overlap": 3}, "Write allow_overlap if that is what is meant"),
        ({"baseline": "--upload-pack=x"}, "baseline is '--upload-pack=x', not a branch"),
        ({"baseline": "main..other"}, "not a branch"),
        ({"data_mode": "remote"}, "data_mode is 'remote', not local, the only way"),
        ({"email": "nobody"}, "email is 'nobody', not an e-mail address"),
        ({"email": '"a@example.com\\nBcc: b@example.com"'}, "not an e-mail address"),
        ({"method": "best"}, "method is 'best', not exact or paper"),
        ({"relability": 0.9}, "there is no key 'relability'. Write reliability if"),
        ({"zzz": 1}, "there is no key 'zzz'. The keys are condition, reliability, mode"),
        ({"1": 1}, "there is no key '1'"),
        ({"condition": 3}, "condition is not a text"),
        ({"condition": "n > 0.8 +/- 0"}, "the tolerance is not above 0"),
    ],
)
def test_a_wrong_value_is_named_with_what_to_write(keys: dict[str, object], said: str) -> None:
    assert said in refused(**keys)


def test_a_wrong_condition_keeps_its_caret() -> None:
    assert refused(condition="n >= 0.8 +/- 0.05") == (
        ".easeml.yml: the condition is wrong at character 3: only > and < can be tested. "
        "Write > or <: with a tolerance around the threshold, equality has no say.\n"
        "    n >= 0.8 +/- 0.05\n"
        "      ^"
    )


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty. Begin with 'ml:'"),
        (b" \n", "the file is empty"),
        (b"# nothing yet\n", "the file holds no map"),
        (b"ml", "the file holds no map"),
        (b"- ml", "the file holds no map"),
        (b"ml:", "'ml:' holds no keys"),
        (b"ml: 3", "'ml:' holds no keys"),
        (b"script: x", "the key 'script' is not under 'ml:'"),
        (b"ml: {}\nlanguage: python", "the key 'language' is not under 'ml:'"),
        (b"ml: [3]", "an item of the list under 'ml:' is not one key"),
        (b"ml: [{steps: 1, mode: x}]", "an item of the list under 'ml:' is not one key"),
        (b"ml: [{steps: 1}, {steps: 2}]", "steps is there twice"),
        (b"ml:\n  steps: 1\n  steps: 2", "no valid YAML at line 3: steps is there twice"),
        (b"ml:\n  steps: [1", "no valid YAML at line 2"),
        (b"ml:\n\tsteps: 3", "no valid YAML at line 2"),
        (b"ml: {steps: &a 1, passes: *a}", "an alias is not read"),
        (b"[" * 60_000, "it is nested too deeply"),
        (b"{a: " * 1_000, "it is nested too deeply"),
        (b"ml: 1\n---\nml: 2", "another document"),
        (b"ml: !!python/object/apply:os.system [ls]", "no valid YAML at line 1"),
        (b"ml: !!map [a]", "expected a mapping node"),
        (b"ml: {? [a] : 1}", "unhashable key"),
        (b"ml: {time_limit: 2020-13-45}", "a character or a value cannot be read"),
        (b"ml: " + b"9" * 5_000, "a character or a value cannot be read"),
        (b"ml: \x00", "a character or a value cannot be read"),
        (b"ml: \xff", "the file is not UTF-8"),
        (b"#" * 70_000, "more than 65,536 bytes"),
    ],
)
def test_a_file_that_is_no_configuration_is_named(data: bytes, said: str) -> None:
    assert said in str(refusal(data))


def test_errors_call_the_file_by_its_name() -> None:
    with pytest.raises(ConfigInvalid, match=r"^gate/other\.yml: "):
        Config.load(b"", "gate/other.yml")


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert Config.load(b"\xef\xbb\xbf" + REFERENCE) == Config.load(REFERENCE)
