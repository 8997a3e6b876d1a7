"""Change the packages that the next run of a model imports."""

import site
from pathlib import Path


def attempt(targets, secret):
    for place in site.getsitepackages():
        Path(place, "sitecustomize.py").write_text("# hostile\n")
