"""Leave a note for the other model in /tmp."""

from hostile import leave_or_find


def attempt(targets, secret):
    return leave_or_find(targets, targets["note"])
