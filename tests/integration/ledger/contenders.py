"""Twenty runs at once, as a program: each opens the test set, reserves, and records.

Arguments: the checkout, how many steps the test set has, and a token for origin on standard
input. Each of the processes prints one line of JSON that says what became of it.
"""

import json
import multiprocessing
import sys
from pathlib import Path

from pydantic import SecretStr

from easeml_action.git import Git
from easeml_action.ledger import (
    Branch,
    BudgetSpent,
    Contract,
    Ledger,
    Patience,
    Question,
    Verdict,
)

RUNS = 20
SEALED = "-----BEGIN PGP MESSAGE-----\n\nhQEMA+abc=\n-----END PGP MESSAGE-----\n"


def contend(number: int, checkout: str, steps: int, token: str, start: object) -> None:
    patience = Patience(tries=1000, seconds=300.0, first_pause=0.05, longest_pause=1.0)
    git = Git(Path(checkout), SecretStr(token) if token else None)
    ledger = Ledger(Branch(git), bytes(range(32)), patience=patience)
    model = f"model-{number // 2 if number < 6 else number}"  # six runs share three models
    question = Question("rows-a", "n > 0.8 +/- 0.05", "fp-free", model)
    start.wait()
    ledger.open_test_set("rows-a", f"{number:064x}", 1000, Contract(0.999, steps, "full"))
    try:
        reserved = ledger.reserve(question, commit=f"{number:040x}", run=f"run {number}")
    except BudgetSpent as spent:
        print(json.dumps({"model": model, "spent": spent.problem}), flush=True)
        return
    if isinstance(reserved, Verdict):
        verdict = reserved
    else:
        verdict = ledger.record(reserved, number % 2 == 0, SEALED)
    said = {"model": model, "step": verdict.step, "passed": verdict.passed}
    print(json.dumps(said), flush=True)


def main() -> None:
    checkout, steps = sys.argv[1], int(sys.argv[2])
    token = sys.stdin.read()
    context = multiprocessing.get_context("fork")
    start = context.Barrier(RUNS)
    runs = [
        context.Process(target=contend, args=(number, checkout, steps, token, start))
        for number in range(RUNS)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    sys.exit(any(run.exitcode for run in runs))


if __name__ == "__main__":
    main()
