"""Read the event's file."""

from hostile import first_readable


def attempt(targets, secret):
    return first_readable(f"{targets['runner']}/event.json")
