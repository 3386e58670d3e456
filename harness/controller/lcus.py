"""A relay board of the LCUS family, on a serial port: 9600 baud, A0, channel, 01 or 00, and the sum of the three.

It confirms nothing, so what came of it is unknown until the board shows it. It has the USB identity of many a console
(CH340, 1a86:7523): it is found by the path of its USB port, never by that identity or by the order of discovery.
"""

import os
import re
from typing import Annotated, Literal

import serial
from pydantic import AfterValidator, Field

from harness.controller.kind import Ability, ControllerContext
from harness.controller.power import WIRED_FIELD, PowerSwitch, Wired
from harness.errors import BenchError
from harness.settings.words import PathText, wrong

_BAUD = 9600
_START, _BYTE = 0xA0, 0xFF
_WRITE_S = 2.0
_MOVING = re.compile(r"/dev/tty(USB|ACM)[0-9]+")


def _by_path(value: str) -> str:
    if _MOVING.fullmatch(value):
        raise wrong(
            f"is {value}, a name that another device may have tomorrow; write its link in /dev/serial/by-path/"
        )
    return value


class LcusRelay(PowerSwitch):
    """A channel of an LCUS relay board on a serial port."""

    kind: Literal["lcus-relay"] = Field(description="A channel of an LCUS relay board on a serial port.")
    port: Annotated[PathText, AfterValidator(_by_path)] = Field(
        description="Its serial port, by the path of its USB port: /dev/serial/by-path/…. Consoles have the same USB "
        "identity."
    )
    channel: int = Field(default=1, ge=1, le=16, description="Number of the relay on the board.")
    wired: Wired = Field(default="normally-open", description=WIRED_FIELD)

    def occupies(self) -> tuple[str, ...]:
        """Return its port: one write at a time, whichever the channel."""
        return (f"relay {self.port}",)

    def place(self) -> str:
        """Return the channel."""
        return f"LCUS relay {self.port} channel {self.channel}"

    def switch(self, ability: Ability, context: ControllerContext) -> None:
        """Write the four bytes."""
        energised = (ability is Ability.POWER_ON) == (self.wired == "normally-open")
        head = bytes((_START, self.channel, energised))
        frame = head + bytes((sum(head) & _BYTE,))
        path = str(context.folder / self.port)
        try:
            with serial.Serial(path, _BAUD, write_timeout=_WRITE_S, exclusive=True) as port:
                port.write(frame)
                port.flush()
        except (OSError, serial.SerialException, ValueError) as error:
            number = error.errno if isinstance(error, OSError) else None
            reason = os.strerror(number) if number else "it takes no bytes"
            raise BenchError(
                f"{ability}: relay {self.port}: {reason.lower()}",
                hint="ls -l /dev/serial/by-path/ lists what is plugged in",
            ) from error
        context.note(f"{ability}: {frame.hex(' ')} to relay {self.port}")

    def reads_on(self, ability: Ability, context: ControllerContext) -> bool | None:
        """Return None: it confirms nothing."""
        del ability, context
        return None
