"""Every way to tamper with a ledger stops every run and is named, or docs/ledger.md says not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from easeml_action.errors import GateError
from easeml_action.git import Git
from easeml_action.ledger import Contract, Ledger, Question, Reservation
from tests.integration.ledger.tampering import BRANCH, TAMPERINGS, WITNESS, Tampering
from tests.tally import Tally

DOCUMENT = Path(__file__).parents[3] / "docs" / "ledger.md"
REPOSITORY = "1001"
SEALED = "-----BEGIN PGP MESSAGE-----\n\nhQEMA+abc=\n-----END PGP MESSAGE-----\n"


def situation(attempt: Callable[[], object]) -> type[Exception] | None:
    try:
        attempt()
    except GateError as error:
        return type(error)
    return None


def in_words(situation: type[Exception] | None) -> str:
    if situation is None:
        return "nothing"
    sentence = (situation.__doc__ or "").split(".")[0]
    return sentence[0].lower() + sentence[1:]


def refs(repository: Path) -> str:
    shown = "--format=%(refname) %(objectname)"
    return Git(repository).text("for-each-ref", shown, BRANCH, WITNESS)


def judge(ledger: Ledger, number: int) -> None:
    ledger.open_test_set("rows-a", "a" * 64, 1000, Contract(0.999, 5, "full"))
    question = Question("rows-a", "n > 0.8 +/- 0.05", "fp-free", f"m{number}")
    reserved = ledger.reserve(question, commit="c" * 40, run="run 1")
    assert isinstance(reserved, Reservation)
    ledger.record(reserved, True, SEALED)


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda each: each.what)
def test_what_was_done_to_a_ledger_is_named(
    tampering: Tampering, new_ledger: Callable[..., Ledger], origin: Path, tally: Tally
) -> None:
    ledger = new_ledger(repository=REPOSITORY)
    for number in range(2):
        judge(ledger, number)

    tampering.do(origin)

    before = refs(origin)
    reader, holder = new_ledger(key=None, repository=REPOSITORY), new_ledger(repository=REPOSITORY)
    assert situation(reader.read) is tampering.public

    def run() -> None:
        holder.read()
        holder.heed([f"Pass: step 2 of 5 {ledger.mark}"])
        judge(holder, 9)

    assert situation(run) is tampering.sealed
    assert refs(origin) == before
    tally.add("tamperings tried")


def test_the_documents_table_says_the_same() -> None:
    expected = [
        f"| {each.what} | {in_words(each.public)} | {in_words(each.sealed)} |"
        for each in TAMPERINGS
    ]
    lines = DOCUMENT.read_text().splitlines()
    first = lines.index(expected[0])

    assert lines[first : first + len(expected)] == expected
    assert not lines[first + len(expected)].startswith("|")
