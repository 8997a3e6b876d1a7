"""Read the scratch folder of the other model."""

from pathlib import Path

from hostile import first_readable


def attempt(targets, secret):
    own = Path(__file__).parent.parent.name
    return any(
        first_readable(str(script))
        for place in targets["temporary"]
        for script in Path(place).glob("easeml-*/model-*/checkout/README.md")
        if own not in script.parts
    )
