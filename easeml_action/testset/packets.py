"""OpenPGP packets, as far as it takes to tell what a binary text begins with."""


def packet_type(data: bytes) -> int | None:
    """Return the type of the first packet, or None where there is none (RFC 9580, section 4.2)."""
    if not data or not data[0] & 0x80:
        return None
    return data[0] & 0x3F if data[0] & 0x40 else (data[0] & 0x3C) >> 2
