"""Send a word out in a ping, and see it come back."""

import socket
import struct


def attempt(targets, secret):
    body = targets["treasure"].encode()
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.settimeout(5)
        raw.sendto(struct.pack("!BBHHH", 0, 0, 0, 1, 1) + body, ("127.0.0.1", 0))
        return body in raw.recv(4096)
