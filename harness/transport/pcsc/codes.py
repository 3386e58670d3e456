"""The result codes of PC/SC that a person can act on."""

from enum import IntEnum


class PcscCode(IntEnum):
    """Result of a PC/SC call, as pcsc-lite and Windows number them."""

    INTERNAL_ERROR = 0x80100001
    INVALID_HANDLE = 0x80100003
    UNKNOWN_READER = 0x80100009
    TIMEOUT = 0x8010000A
    SHARING_VIOLATION = 0x8010000B
    NO_SMARTCARD = 0x8010000C
    PROTO_MISMATCH = 0x8010000F
    NOT_READY = 0x80100010
    COMM_ERROR = 0x80100013
    UNKNOWN_ERROR = 0x80100014
    NOT_TRANSACTED = 0x80100016
    READER_UNAVAILABLE = 0x80100017
    NO_SERVICE = 0x8010001D
    SERVICE_STOPPED = 0x8010001E
    NO_READERS_AVAILABLE = 0x8010002E
    COMM_DATA_LOST = 0x8010002F
    UNSUPPORTED_CARD = 0x80100065
    UNRESPONSIVE_CARD = 0x80100066
    UNPOWERED_CARD = 0x80100067
    RESET_CARD = 0x80100068
    REMOVED_CARD = 0x80100069
    SECURITY_VIOLATION = 0x8010006A

    @property
    def meaning(self) -> str:
        """What it says."""
        return _MEANINGS[self][0]

    @property
    def hint(self) -> str:
        """The next thing to try."""
        return _MEANINGS[self][1]


_SERVICE = "start it: sudo systemctl start pcscd.socket; install it: sudo apt install pcscd"
_REINSERT = "put the card back, then open anew"
_MEANINGS = {
    PcscCode.INTERNAL_ERROR: ("the PC/SC service had an error of its own", "restart pcscd, then open anew"),
    PcscCode.NOT_READY: ("the reader is not ready for commands", "wait, or power-cycle the reader"),
    PcscCode.COMM_ERROR: ("the PC/SC service lost its way to the reader", "check its cable; restart pcscd"),
    PcscCode.UNKNOWN_ERROR: ("the reader's driver gave no reason", "power-cycle the reader; restart pcscd"),
    PcscCode.UNSUPPORTED_CARD: (
        "the reader cannot make sense of the card's ATR",
        "check the contacts and how the card lies in the reader; try another reader",
    ),
    PcscCode.INVALID_HANDLE: ("the PC/SC service has forgotten this connection", "open anew"),
    PcscCode.UNKNOWN_READER: ("the reader is gone", "check its cable; pcsc_scan lists readers"),
    PcscCode.TIMEOUT: ("the PC/SC service gave up waiting", "check card and reader"),
    PcscCode.SHARING_VIOLATION: (
        "another program has the card for itself",
        "end that program (often gpg's scdaemon: gpgconf --kill scdaemon), or use share: shared",
    ),
    PcscCode.NO_SMARTCARD: ("there is no card in the reader", "put the card in"),
    PcscCode.PROTO_MISMATCH: ("the card does not speak this protocol", "use protocol: any"),
    PcscCode.NOT_TRANSACTED: ("the exchange with the card broke off", "check the contacts; open anew"),
    PcscCode.READER_UNAVAILABLE: ("the reader is gone", "check its cable; pcsc_scan lists readers"),
    PcscCode.NO_SERVICE: ("the PC/SC service does not run", _SERVICE),
    PcscCode.SERVICE_STOPPED: ("the PC/SC service was stopped", _SERVICE),
    PcscCode.NO_READERS_AVAILABLE: ("there is no reader", "check its cable; pcsc_scan lists readers"),
    PcscCode.COMM_DATA_LOST: ("bytes between reader and card were lost", "check the contacts; open anew"),
    PcscCode.UNRESPONSIVE_CARD: (
        "the card does not answer to its reset",
        "check how the card lies in the reader",
    ),
    PcscCode.UNPOWERED_CARD: ("the card has no power any more", "open anew"),
    PcscCode.RESET_CARD: ("another program reset the card", "use share: exclusive, then open anew"),
    PcscCode.REMOVED_CARD: ("the card was taken out", _REINSERT),
    PcscCode.SECURITY_VIOLATION: (
        "the PC/SC service does not let this user in",
        "polkit asks for a local login: allow org.debian.pcsc-lite.access_pcsc and access_card in a polkit rule",
    ),
}

ABSENT = frozenset({PcscCode.NO_SMARTCARD, PcscCode.REMOVED_CARD, PcscCode.UNPOWERED_CARD})
"""Codes that say there is no card now."""

GONE = frozenset({PcscCode.READER_UNAVAILABLE, PcscCode.REMOVED_CARD, PcscCode.SERVICE_STOPPED})
"""Codes that say something has left amid a connection; its moment is worth knowing."""


def describe(code: int) -> tuple[str, str]:
    """Return meaning and hint of a result code, also of one that is not listed."""
    try:
        known = PcscCode(code)
    except ValueError:
        return f"PC/SC error {code:#010x}", "the service's own view: sudo pcscd --foreground --debug"
    return f"{known.meaning} ({code:#010x})", known.hint
