"""Send a word out by UDP."""

import socket


def attempt(targets, secret):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        datagram.sendto(targets["treasure"].encode(), ("127.0.0.1", targets["udp"]))
