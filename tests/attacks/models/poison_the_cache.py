"""Change the cached environments of other models while one's own is built."""


def attempt(targets, secret):
    return False
