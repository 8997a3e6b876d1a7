"""Write into the job's page, by GITHUB_STEP_SUMMARY."""

from hostile import append


def attempt(targets, secret):
    append(f"{targets['runner']}/summary.md", "hostile\n")
