"""Have a filter that the workspace's configuration names rewrite the model's files."""

from pathlib import Path


def attempt(targets, secret):
    return "filtered" in Path(__file__).with_name("stamp.txt").read_text()
