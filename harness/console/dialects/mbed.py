"""Mbed OS: the texts of its fatal errors are known of all systems; its console is slow.

Source: consoles.md A3; mbed platform/mbed_lib.json, mbed_error.c.
"""

from harness.console.dialects.bare import Bare


class Mbed(Bare):
    """Mbed OS."""

    @classmethod
    def description(cls) -> str:
        """Return what speaks so."""
        return "Mbed OS, without a shell, 9600 baud"
