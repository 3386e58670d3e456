"""The link SDKs of Alibaba Cloud IoT Platform: their logs, on whatever system they run on.

What they print that is secret (codes 0317, 0318, 031A, and the rows of what is sent) is hidden on every console:
`harness/transport/secret_lines.py`.

Source: consoles.md A2.
"""

import re

from harness.console.dialects.bare import Bare


class LinkSdk2(Bare):
    """Link SDK 2.3 and 3.x."""

    @classmethod
    def description(cls) -> str:
        """Return what speaks so."""
        return "the log of Link SDK 2.3 and 3.x, without a shell"

    @classmethod
    def log_line(cls) -> re.Pattern[str] | None:
        """Return level, function and line; the HAL's own level has neither."""
        return re.compile(r"\[(?:(?:crt|err|wrn|inf|dbg|flw)\] \w{1,80}\(\d{1,5}\): |prt\] )")


class LinkSdk4(Bare):
    """Link SDK 4.x."""

    @classmethod
    def description(cls) -> str:
        """Return what speaks so."""
        return "the log of Link SDK 4.x, without a shell"

    @classmethod
    def log_line(cls) -> re.Pattern[str] | None:
        """Return time and code; the rows of a dump have no time."""
        return re.compile(
            r"(?:\[(?:\d{1,9}\.\d{3}|\d{4}/\d{1,2}/\d{1,2} \d\d?:\d\d:\d\d)\])?\[LK-[0-9A-F]{4}\] "
        )
