"""Rows of elements as a chip sends them."""


def build_elements(*elements: tuple[int, bytes]) -> bytes:
    """Return a row of elements; the inverse of `parse_elements`."""
    out = bytearray()
    for tag, value in elements:
        if len(value) < 0x80:
            size = bytes((len(value),))
        elif len(value) <= 0xFF:
            size = bytes((0x81, len(value)))
        else:
            size = b"\x82" + len(value).to_bytes(2, "big")
        out += bytes((tag,)) + size + value
    return bytes(out)
