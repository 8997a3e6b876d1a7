"""The page of errors has the texts of the code, an entry for each and none besides."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import easeml_action
from documentation.errors import PAGE, EntriesDiffer, with_texts
from documentation.sources import error_texts
from easeml_action import __version__
from easeml_action.errors import GateError, code_of

TEXTS = error_texts()
ENTRY = re.compile(r"^### (\S+)\n\n(?:>.*\n)+\n((?:(?!#).*\n)+)", re.MULTILINE)


def classes() -> dict[str, type[GateError]]:
    """Return all classes of errors, by name."""
    for module in pkgutil.walk_packages(easeml_action.__path__, "easeml_action."):
        if module.name != "easeml_action.__main__":
            importlib.import_module(module.name)
    found: dict[str, type[GateError]] = {}
    left: list[type[GateError]] = [GateError]
    while left:
        below = left.pop().__subclasses__()
        found |= {each.__name__: each for each in below if each.__module__.startswith("easeml")}
        left += below
    return found


def test_the_page_has_the_texts_of_the_code() -> None:
    """`python -m documentation` writes them anew."""
    page = PAGE.read_text()
    assert with_texts(page, {code_of(name): said for name, said in TEXTS.items()}) == page


def test_every_entry_has_a_cause_and_a_cure() -> None:
    entries = ENTRY.findall(PAGE.read_text())
    assert len(entries) == len(TEXTS)
    for code, prose in entries:
        cause, cure = prose.strip().split("\n\n")
        assert re.fullmatch(r"\*\*Cause\.\*\* \S.+\.", cause, re.DOTALL), code
        assert re.fullmatch(r"\*\*Cure\.\*\* \S.+\.", cure, re.DOTALL), code


def test_every_error_is_raised_somewhere() -> None:
    known = classes()
    bases = {base.__name__ for each in known.values() for base in each.__bases__}
    assert set(known) - bases <= set(TEXTS) <= set(known)


def test_what_an_error_says_is_what_was_read_of_its_class() -> None:
    fixed = {
        name: each()  # type: ignore[call-arg]
        for name, each in classes().items()
        if not inspect.signature(each).parameters
    }
    assert len(fixed) > 20
    for name, error in fixed.items():
        [text] = TEXTS[name]
        literal = map(re.escape, re.split(r"\{[^}]+\}", text))
        assert re.fullmatch(".+".join(literal), str(error))


def test_an_error_names_its_entry_as_of_this_version() -> None:
    error = classes()["WrongUse"]("No.", "Do.")
    assert error.told == (
        "No. Do.\nMore: https://github.com/easeml/ci-action/blob/"
        f"v{__version__}/docs/errors.md#wrong-use"
    )


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        ("### wrong-key\n\nProse.\n", r"no entry for \['no-rows'\]"),
        ("### wrong-key\n\n### no-rows\n\n### no-key\n\n", r"too many for \['no-key'\]"),
        ("### wrong-key\n\n### no-rows\n\n### no-rows\n\n", r"too many for \['no-rows'\]"),
    ],
)
def test_entries_and_errors_that_differ_are_told(page: str, complaint: str) -> None:
    with pytest.raises(EntriesDiffer, match=complaint):
        with_texts(page, {"wrong-key": ["Wrong."], "no-rows": ["None."]})


def test_texts_are_replaced_and_prose_stays() -> None:
    page = "## Keys\n\n### wrong-key\n\n> `Old.`\n>\n> `Older.`\n\nProse.\n\n### no-rows\n\nMore.\n"
    texts = {"wrong-key": ["Run `gpg`.", "Or {that}."], "no-rows": ["None."]}
    assert with_texts(page, texts) == (
        "## Keys\n\n### wrong-key\n\n> `` Run `gpg`. ``\n>\n> `Or {that}.`\n\nProse.\n\n"
        "### no-rows\n\n> `None.`\n\nMore.\n"
    )


SOURCE = """
NAME = "the ledger"
class GateError(Exception): ...
class Lost(GateError):
    def __init__(self, where: str, count: int) -> None:
        plural = "row" if count == 1 else "rows"
        super().__init__(f"{count:,} {plural} of {where!r} are lost.", f"Look in {NAME}.")
class Spoilt(GateError): ...
class Sour(Spoilt): ...
class Invalid(GateError):
    def __init__(self, name: str, problem: str, remedy: str = "Mend it") -> None:
        super().__init__(f"{name}: {problem}.", f"{remedy}.")
class Unused(GateError): ...
def run(names, step):
    raise Lost("here", 2)
    raise Sour(f"Step {step + 1} of {', '.join(names)} is sour.", "Taste " "it.")
    raise Invalid("a.yml", "it is empty")
    raise Invalid("a.yml", problem=f"there is no {names[0]}", remedy="Add " + step.name)
    return ValueError("no error of ours")
"""


def test_texts_are_read_from_a_source(tmp_path: Path) -> None:
    (tmp_path / "room.py").write_text(SOURCE)
    assert error_texts(tmp_path) == {
        "Lost": ["{count} row/rows of '{where}' are lost. Look in the ledger."],
        "Sour": ["Step {step} of {names} is sour. Taste it."],
        "Invalid": ["{name}: it is empty. Mend it.", "{name}: there is no {names}. Add {name}."],
    }
