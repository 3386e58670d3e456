"""The check sum of the MTK command set."""

_POLYNOMIAL = 0x1021


def _table() -> tuple[int, ...]:
    entries = []
    for byte in range(256):
        register = byte << 8
        for _ in range(8):
            register = (register << 1) ^ (_POLYNOMIAL if register & 0x8000 else 0)
        entries.append(register & 0xFFFF)
    return tuple(entries)


_TABLE = _table()


def crc16(data: bytes) -> bytes:
    """Return the CRC-16 of `data` as two bytes, high byte first.

    Polynomial 1021, start FFFF, final XOR FFFF, no reflection (known elsewhere as CRC-16/GENIBUS).
    Source: device-protocol.md e.3.
    """
    register = 0xFFFF
    for byte in data:
        register = ((register << 8) & 0xFFFF) ^ _TABLE[(register >> 8) ^ byte]
    return (register ^ 0xFFFF).to_bytes(2, "big")
