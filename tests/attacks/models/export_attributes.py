"""Have git write other files than the model's digest covers, by attributes."""

from pathlib import Path


def attempt(targets, secret):
    return "$Format" not in Path(__file__).with_name("stamp.txt").read_text()
