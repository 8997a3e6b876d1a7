"""Leave a note for the other model in shared memory."""

from hostile import leave_or_find


def attempt(targets, secret):
    return leave_or_find(targets, "/dev/shm/easeml-note")
