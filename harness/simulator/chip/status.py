"""The status words that the simulated chips give."""

from enum import IntEnum


class Sw(IntEnum):
    """Status words by what they mean.

    Source: device-protocol.md e.2 (SPEC table 11).
    """

    OK = 0x9000
    PIN_TRIES = 0x63C0  # the last digit is the number of tries left
    LENGTH = 0x6700
    SECURITY = 0x6982
    LOCKED = 0x6983
    CONDITIONS = 0x6985
    BAD_DATA = 0x6A80
    NO_FILE = 0x6A82
    NO_SPACE = 0x6A84
    P1P2 = 0x6A86
    WRONG_LE = 0x6C00  # the last byte is the right Le
    INSTRUCTION = 0x6D00
    CLASS = 0x6E00
    UNKNOWN = 0x6F00
    ALGORITHM = 0x9401
    KEY_TYPE = 0x9402
    NO_KEY = 0x9403
    KEY_EXISTS = 0x9405
    NO_MAC = 0x9406
