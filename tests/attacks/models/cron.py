"""Outlive the run: have cron start a program later."""

from pathlib import Path


def attempt(targets, secret):
    Path(targets["cron"]).write_text("* * * * * root true\n")
