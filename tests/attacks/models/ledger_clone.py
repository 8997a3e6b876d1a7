"""Read the gate's own clone, which the ledger is fetched into."""

from hostile import first_readable


def attempt(targets, secret):
    return any(
        first_readable(f"{place}/easeml-*/repository/{name}")
        for place in targets["temporary"]
        for name in ("config", "HEAD", "packed-refs")
    )
