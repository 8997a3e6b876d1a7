"""Send a word out by TCP."""

import socket


def attempt(targets, secret):
    with socket.create_connection(("127.0.0.1", targets["tcp"]), timeout=5) as connection:
        connection.sendall(targets["treasure"].encode())
