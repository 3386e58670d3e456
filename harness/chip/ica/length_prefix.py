"""The two bytes of length that an AsymmetricCrypt answer may start with.

The specification puts them there, the vendor's SDK does not take them off, so chips of both kinds are to be
expected.
Source: device-protocol.md e.2.
"""

from collections.abc import Callable
from enum import StrEnum

from harness.chip.apdu import MAX_LE, ApduError

_SIZE = 2
_MAX_FETCHES = 256


class LengthPrefix(StrEnum):
    """Whether an AsymmetricCrypt answer starts with its total length in two bytes."""

    DETECT = "detect"  # present when the two bytes say just what follows, or what the caller expects
    PRESENT = "present"  # the specification
    ABSENT = "absent"  # what the vendor's SDK assumes


def take_off(raw: bytes, form: LengthPrefix, size: int | None, fetch: Callable[[], bytes]) -> bytes:
    """Return the answer without the length in front of it, with everything that the length says.

    Args:
        raw: What came so far.
        form: Whether there is a length.
        size: How many bytes must come back; None when that is not known beforehand.
        fetch: Asks the chip for the next part.

    Raises:
        ApduError: no length where there must be one, or another number of bytes than it says.
    """
    announced = int.from_bytes(raw[:_SIZE], "big") if len(raw) >= _SIZE else None
    if form is LengthPrefix.ABSENT or (form is LengthPrefix.DETECT and not _is_there(announced, raw, size)):
        return raw
    if announced is None:
        raise ApduError(f"{len(raw)} bytes are too few for the length in front")
    out = raw[_SIZE:]
    for _ in range(_MAX_FETCHES):
        if len(out) >= announced:
            break
        more = fetch()
        if not more:
            raise ApduError(f"nothing came, {announced - len(out)} bytes are missing")
        out += more
    if len(out) != announced:
        raise ApduError(f"the answer says {announced} bytes, {len(out)} came")
    return out


def _is_there(announced: int | None, raw: bytes, size: int | None) -> bool:
    if announced is None:
        return False
    if size is None:
        return announced == len(raw) - _SIZE
    whole = size + _SIZE
    bare = (
        len(raw) == size and whole <= MAX_LE
    )  # with its length in front it would have come whole, and longer
    return announced == size and len(raw) <= whole and not bare
