"""Put an image and a mention into the job's page by the name of a file."""


def attempt(targets, secret):
    return False
