"""Leave a hook in the workspace's repository."""

import glob
from pathlib import Path


def attempt(targets, secret):
    for repository in glob.glob(f"{targets['runner']}/workspace/.git"):
        Path(repository, "hooks").mkdir(exist_ok=True)
        Path(repository, "hooks/post-checkout").write_text("#!/bin/sh\n# hostile\n")
