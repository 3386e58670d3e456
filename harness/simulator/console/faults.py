"""Broken console boards: each class differs from the sound board in one hook."""

import re
from collections.abc import Iterator
from typing import ClassVar

from harness.simulator.chip.randomness import SeededRandom
from harness.simulator.console.hooks import ConsoleHooks, SignedParts

_NOISE_BYTES = 4096
_REPORT_START = b'"testContent"'
_CODE_IN_REPORT = re.compile(r'"result": "(?P<head>\d~\d~[^"]*~)(?P<first>[^"~])')


class ConstantDeviceRandom(ConsoleHooks):
    """Every code carries the same device random."""

    def device_random(self, fresh: str) -> str:
        del fresh
        return "1122334455667788"


class HashWrongOrder(ConsoleHooks):
    """Challenge and device random change places in the signed message."""

    def signed(self, parts: SignedParts) -> bytes:
        identity, device_random, random, extra = parts
        return identity + random + device_random + extra


class ExtraIgnored(ConsoleHooks):
    """The code says that an extra is signed, and it is not."""

    def signed(self, parts: SignedParts) -> bytes:
        return b"".join(parts[:3])


class SignPaddingMissing(ConsoleHooks):
    """The hash is encrypted without its padding block: SIGN is one block short."""

    def sign_input(self, padded: bytes, block_size: int) -> bytes:
        return padded[:-block_size]


class TimestampAsChallenge(ConsoleHooks):
    """Timestamp codes carry the TYPE of challenge codes, as the vendor's module sample does."""

    def code_type(self, number: int) -> int:
        return number & 2


class WrongHashField(ConsoleHooks):
    """HASH names the other hash than the one that was used."""

    def hash_number(self, number: int) -> int:
        return 5 - number


class IdLowerCase(ConsoleHooks):
    """The ID is printed in lower case."""

    def printed_id(self, id_text: str) -> str:
        return id_text.lower()


class CodeLengthMismatch(ConsoleHooks):
    """The length before a code is one too high."""

    def code_length(self, length: int) -> int:
        return length + 1


class ReportCodeTampered(ConsoleHooks):
    """One character of the first code in the report is another one."""

    def report(self, text: str) -> str:
        return _CODE_IN_REPORT.sub(lambda hit: hit[0][:-1] + _other_base64(hit["first"]), text, count=1)


class ReportIdMismatch(ConsoleHooks):
    """The ID in the report is not the device's."""

    def report(self, text: str) -> str:
        found = re.search(r'"result": "([0-9A-F]+)"', text)
        if found is None:
            return text
        changed = f"{(int(found[1], 16) + 1) % 16 ** len(found[1]):0{len(found[1])}X}"
        return text.replace(found[1], changed, 1)


class ReportItemMissing(ConsoleHooks):
    """The report has no timestamp code."""

    def report(self, text: str) -> str:
        start, end = text.find("}, \n"), text.find("\n    ]")
        return text[: start + 1] + text[end:] if 0 <= start < end else text


class SdkVersionMismatch(ConsoleHooks):
    """The report names another SDK version than the boot banner."""

    def report(self, text: str) -> str:
        return text.replace('"sdkVersion": "3.1.0"', '"sdkVersion": "3.0.0"', 1)


class UnitTestFails(ConsoleHooks):
    """The unit test for derived keys fails; the program then ends without a report."""

    failing_test: ClassVar[str] = "Derive Key"


class DemoCarrier(ConsoleHooks):
    """The firmware was built with the demo carrier, which holds the key in plain memory."""

    demo_carrier: ClassVar[bool] = True


class AcceptsBadPadding(ConsoleHooks):
    """Decryption drops as many bytes as the last one says, and does not look at the others."""

    checks_padding: ClassVar[bool] = False


class AcceptsServerCode(ConsoleHooks):
    """A server code is accepted although its signature does not fit."""

    checks_server_code: ClassVar[bool] = False


class Garbage(ConsoleHooks):
    """Nothing but noise arrives, as with a wrong baud rate."""

    def sent(self, text: Iterator[bytes]) -> Iterator[bytes]:
        del text
        return iter((SeededRandom(0)(_NOISE_BYTES),))


class Silent(ConsoleHooks):
    """Nothing arrives."""

    def sent(self, text: Iterator[bytes]) -> Iterator[bytes]:
        del text
        return iter(())


class CutOffInReport(ConsoleHooks):
    """The output ends in the middle of the validation report."""

    def sent(self, text: Iterator[bytes]) -> Iterator[bytes]:
        for piece in text:
            at = piece.find(_REPORT_START)
            if at >= 0:
                yield piece[: at + len(_REPORT_START)]
                return
            yield piece


def _other_base64(character: str) -> str:
    """Return another character of the base64 alphabet."""
    return "B" if character == "A" else "A"
