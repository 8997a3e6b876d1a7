"""Many runs at once, as a program: each opens the test set, reserves, and records.

It reads JSON from standard input: the ``checkout``, its ``token``, how many ``runs``, the number
of ``models`` that they share, and the ``contract`` of the test set. Each run is a process, and
prints one line of JSON that says what became of it.
"""

import json
import multiprocessing
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from easeml_action.git import Git
from easeml_action.ledger import Branch, BudgetSpent, Contract, Ledger, Question, Verdict

SEALED = "-----BEGIN PGP MESSAGE-----\n\nhQEMA+abc=\n-----END PGP MESSAGE-----\n"


def contend(number: int, given: Mapping[str, Any], start: Any) -> None:
    git = Git(Path(given["checkout"]), SecretStr(given["token"]))
    ledger = Ledger(Branch(git), bytes(range(32)))
    contract = Contract(**given["contract"])
    model = f"model-{number % given['models']}"
    question = Question("rows-a", "n > 0.8 +/- 0.05", "fp-free", model)
    start.wait()
    ledger.open_test_set("rows-a", "a" * 64, 1000, contract, given["ln_alpha_floor"])
    try:
        reserved = ledger.reserve(question, commit=f"{number:040x}", run=f"run {number}")
    except BudgetSpent as spent:
        say(model=model, spent=spent.problem)
        return
    if isinstance(reserved, Verdict):
        verdict = reserved
    else:
        verdict = ledger.record(reserved, number % 3 == 0, SEALED)
    say(model=model, step=verdict.step, passed=verdict.passed)


def say(**said: object) -> None:
    """Print a line in one write, which no other process can come in between."""
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def main() -> None:
    given = json.load(sys.stdin)
    context = multiprocessing.get_context("fork")
    start = context.Barrier(given["runs"])
    runs = [
        context.Process(target=contend, args=(number, given, start))
        for number in range(given["runs"])
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    sys.exit(any(run.exitcode for run in runs))


if __name__ == "__main__":
    main()
