"""Speak to the Docker engine by its socket."""

import socket


def attempt(targets, secret):
    for path in targets["docker"]:
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(path)
            except FileNotFoundError:
                continue
            connection.sendall(b"GET /" + targets["treasure"].encode() + b" HTTP/1.0\r\n\r\n")
            return True
    return False
