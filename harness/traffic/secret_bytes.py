"""Bytes of commands that carry a PIN, a secret or a key: what of them may be shown."""

from harness.traffic.decode import Meaning

_HEADER, _STATUS = 5, 2  # bytes of a command before its data, and of an answer behind them
_HIDING = tuple(
    bytes.fromhex(each) for each in ["0020", "0024", "005E", "8420", "8424", "845E", "80E2", "84E2"]
)
_FRAME = 12  # bytes of a frame before an APDU


def may_hide(data: bytes) -> bool:
    """Tell whether bytes that nothing could read may carry a PIN or a secret: a command for one stands in them."""
    return any(data[at : at + 2] in _HIDING for at in range(min(len(data), _FRAME)))


def masked(data: bytes, meaning: Meaning, *, out: bool) -> tuple[bytes, bytes]:
    """Return bytes and the APDU in them, with stars for what must not be shown, as long as they are.

    Of a command its header stays, of an answer its status word.
    """
    apdu = meaning.apdu
    if not meaning.hidden:
        return data, apdu
    if not out:
        return b"*" * len(data), b"*" * (len(apdu) - _STATUS) + apdu[-_STATUS:]
    place = data.find(apdu[:_HEADER])
    kept = data[: place + _HEADER] if place >= 0 else b""
    return kept + b"*" * (len(data) - len(kept)), apdu[:_HEADER] + b"*" * (len(apdu) - _HEADER)
