"""Have another repository of the machine checked out as a submodule."""

from pathlib import Path


def attempt(targets, secret):
    return Path(__file__).with_name("sub").joinpath("treasure").exists()
