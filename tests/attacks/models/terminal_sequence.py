"""Rewrite what a reader of the log sees, by escape sequences."""


def attempt(targets, secret):
    print("\x1b[2J\x1b[1;1HAll checks passed\x1b]0;hostile\x07\u202e")
