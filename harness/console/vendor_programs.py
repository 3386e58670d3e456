"""The vendor's programs, and a firmware with a link; the judge of SDK logs knows the lines of all of them.

Source: device-protocol.md h.4, i.1, i.2, j.1.
"""

import re
from collections.abc import Iterator, Sequence

from harness.console.program import ConsoleProgram, PrintedLine, Statement, Topic

_ALWAYS = frozenset({Topic.PROGRAM, Topic.CLAIMS, Topic.CRASH})
_CODES = frozenset({Topic.CODES, Topic.RANDOM, Topic.APDU})


class VendorProgram(ConsoleProgram):
    """A program that prints lines of the SDK alone."""

    @classmethod
    def banner(cls) -> None:
        """Return None: the judge of SDK logs recognises it."""

    @classmethod
    def judge(cls, lines: Sequence[PrintedLine]) -> Iterator[Statement]:
        """Give nothing: the judge of SDK logs judges its lines."""
        del lines
        yield from ()

    @classmethod
    def connects(cls) -> bool:
        """Return False: it ends."""
        return False


class Id2App(VendorProgram):
    """`id2_app`: the unit tests of the client, auth codes and the validation report."""

    @classmethod
    def description(cls) -> str:
        """Return what it is."""
        return "the vendor's unit tests, auth codes and validation report"

    @classmethod
    def topics(cls) -> frozenset[Topic]:
        """Return what it prints."""
        return _ALWAYS | _CODES | {Topic.TESTS, Topic.REPORT, Topic.ERRORS}

    @classmethod
    def end(cls, version: tuple[int, ...]) -> re.Pattern[bytes]:
        """Return the end of the auth codes, or the failure of a test."""
        del version
        return re.compile(rb"ID2 Client Generate AuthCode (?:End|Fail)|ID2 Client Test [\w -]{1,40} Fail")


class HalApp(VendorProgram):
    """`hal_app`: the tests of the platform's functions."""

    _LAST_BEFORE = (((3, 0), "RSA"), ((3, 1), "SM2"))
    """The last test of it before a version."""

    @classmethod
    def description(cls) -> str:
        """Return what it is."""
        return "the vendor's tests of the platform's functions"

    @classmethod
    def topics(cls) -> frozenset[Topic]:
        """Return what it prints."""
        return _ALWAYS | {Topic.TESTS, Topic.ERRORS}

    @classmethod
    def end(cls, version: tuple[int, ...]) -> re.Pattern[bytes]:
        """Return the end of its last test, or the failure of any."""
        last = next((name for before, name in cls._LAST_BEFORE if version and version < before), "KM")
        return re.compile(f"HAL {last} Test (?:Pass|Fail)".encode() + rb"|HAL [\w -]{1,40} Test Fail")


class Id2Demo(VendorProgram):
    """`id2_demo`: the sample of release 1.0.0."""

    @classmethod
    def description(cls) -> str:
        """Return what it is."""
        return "the sample of SDK 1.0.0"

    @classmethod
    def topics(cls) -> frozenset[Topic]:
        """Return what it prints."""
        return _ALWAYS | _CODES | {Topic.TESTS, Topic.ERRORS}

    @classmethod
    def end(cls, version: tuple[int, ...]) -> re.Pattern[bytes]:
        """Return its last calls."""
        del version
        return re.compile(rb"id2_client_(?:decrypt|cleanup)")


class ItlsApp(VendorProgram):
    """`itls_app`: a client that connects by iTLS, writes, reads and ends."""

    @classmethod
    def description(cls) -> str:
        """Return what it is."""
        return "the vendor's sample that connects by iTLS, writes, reads and ends"

    @classmethod
    def topics(cls) -> frozenset[Topic]:
        """Return what it prints."""
        return _ALWAYS | {Topic.LINK, Topic.ERRORS}

    @classmethod
    def end(cls, version: tuple[int, ...]) -> re.Pattern[bytes]:
        """Return the end of the sample."""
        del version
        return re.compile(rb"TLS Client Sample (?:End|Failed|Test Failed)")


class LinkApp(VendorProgram):
    """`link_app`: a firmware of the maker that connects by iTLS and stays connected."""

    @classmethod
    def description(cls) -> str:
        """Return what it is."""
        return "a firmware that connects by iTLS and stays connected"

    @classmethod
    def topics(cls) -> frozenset[Topic]:
        """Return what it prints; its errors may be provoked by the far end."""
        return _ALWAYS

    @classmethod
    def end(cls, version: tuple[int, ...]) -> re.Pattern[bytes]:
        """Return the end of the handshake."""
        del version
        return re.compile(rb"Verify iTLS Server authCode (?:OK|Failed)!")

    @classmethod
    def connects(cls) -> bool:
        """Return True."""
        return True
