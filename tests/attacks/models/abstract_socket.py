"""Send a word to a process outside by an abstract Unix socket."""

import socket


def attempt(targets, secret):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("\0" + targets["abstract"])
        connection.sendall(targets["treasure"].encode())
