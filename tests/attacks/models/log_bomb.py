"""Fill the workflow's log."""


def attempt(targets, secret):
    for _ in range(10_000):
        print("bomb " * 100)
