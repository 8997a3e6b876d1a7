"""Take more memory than a model may have."""


def attempt(targets, secret):
    return len(bytearray(b"x") * (targets["memory"] * 2)) > 0
