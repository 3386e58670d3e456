"""A port of a USB hub that uhubctl switches.

Facts of uhubctl 2.5: it ends with 0 even if the hub refused the command, so the status is read back; a USB 3 hub is two
hubs, one for each speed, and a port is off only when both halves are; a `ganged` hub switches all its ports at once;
with some kernels before 6.0 a port takes its power back by itself, against which it is switched off several times.
"""

import re
import time
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from harness.controller.kind import Ability, ControllerContext
from harness.controller.power import PowerSwitch
from harness.controller.program import Ended, program_failed, run_program
from harness.errors import BenchError, UsageError
from harness.settings.words import Seconds

PROGRAM, PACKAGE = "uhubctl", "uhubctl (Debian)"

_Location = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}(-[0-9]{1,3}(\.[0-9]{1,3}){0,6})?$")]
_HUB = re.compile(r"^(?:Current|New) status for hub (\S+) \[([^\]]*)\]", re.MULTILINE)
_PORT = re.compile(r"^ +Port (\d+): ([0-9a-f]{4})((?: \S+)*)", re.MULTILINE)
_MOST_PORTS = 32
_SETTLES_S = 0.3  # a port that takes its power back by itself does so at once


class Uhubctl(PowerSwitch):
    """A port of a USB hub with switched ports, by uhubctl."""

    kind: Literal["uhubctl"] = Field(description="A port of a USB hub, by uhubctl.")
    hub: _Location = Field(description="Location of the hub, as uhubctl lists it, such as `1-1.4`.")
    usb3_half: _Location | None = Field(
        default=None,
        description="Location of the hub's other half, when it is a USB 3 hub and uhubctl does not find it by itself.",
    )
    port: int = Field(ge=1, le=_MOST_PORTS, description="Number of the port on the hub.")
    ganged: bool = Field(
        default=False,
        description="The hub switches all its ports at once, and nothing else that must keep its power is on it.",
    )
    repeat: int = Field(
        default=1,
        ge=1,
        le=1000,
        description="How often it is switched off: with kernels before 6.0 some ports take it back; 100 helps.",
    )
    timeout_s: Seconds = Field(default=30.0, description="Seconds that uhubctl may take.")

    def occupies(self) -> tuple[str, ...]:
        """Return the port of each half of the hub; of a ganged one the whole, and all ports that it can have.

        Another campaign that has a port of it holds no lock but that port's.
        """
        if not self.ganged:
            return tuple(f"hub {hub} port {self.port}" for hub in self._halves())
        ports = range(1, _MOST_PORTS + 1)
        return tuple(
            place
            for hub in self._halves()
            for place in (f"hub {hub}", *(f"hub {hub} port {one}" for one in ports))
        )

    def programs(self) -> tuple[tuple[str, str], ...]:
        """Return uhubctl."""
        return ((PROGRAM, PACKAGE),)

    def place(self) -> str:
        """Return the port."""
        return f"uhubctl, hub {self.hub} port {self.port}"

    def switch(self, ability: Ability, context: ControllerContext) -> None:
        """Switch the port of each half of the hub; before it is off, see that no other port goes off with it."""
        on = ability is Ability.POWER_ON
        if not on:
            self._require_own_switch(ability, context)
        for hub in self._halves():
            self._run(ability, context, hub, "-a", "on" if on else "off", *(() if on else self._repeated()))

    def reads_on(self, ability: Ability, context: ControllerContext) -> bool | None:
        """Return what the halves say: on when one of them is, for off takes both."""
        if ability is Ability.POWER_OFF:
            time.sleep(_SETTLES_S)
        states = [state for hub in self._halves() for state in self._states(self._run(ability, context, hub))]
        if not states:
            return None
        return all(states) if ability is Ability.POWER_ON else any(states)

    def _halves(self) -> tuple[str, ...]:
        return (self.hub,) if self.usb3_half is None else (self.hub, self.usb3_half)

    def _repeated(self) -> tuple[str, ...]:
        return ("-r", str(self.repeat)) if self.repeat > 1 else ()

    def _run(self, ability: Ability, context: ControllerContext, hub: str, *more: str) -> Ended:
        command = (PROGRAM, "-l", hub, "-p", str(self.port), *more)
        ended = run_program(ability, command, context, limit=self.timeout_s, package=PACKAGE)
        if not self._states(ended):
            raise program_failed(ability, PROGRAM, f"it shows no port {self.port} of hub {hub}", ended)
        return ended

    def _states(self, ended: Ended) -> list[bool]:
        """Return whether the port is on, of each hub that was shown, as the last status of each says."""
        states: dict[str, bool] = {}
        for _, place, block in _blocks(ended.text):
            for number, bits, words in _PORT.findall(block):
                if int(number) == self.port:
                    states[place] = int(bits, 16) != 0 or "power" in words.split()
        return list(states.values())

    def _require_own_switch(self, ability: Ability, context: ControllerContext) -> None:
        for hub in self._halves():
            for description, place, _ in _blocks(self._run(ability, context, hub).text):
                if "nops" in description:
                    raise BenchError(
                        f"{ability}: hub {place} cannot switch its ports", hint="use another hub"
                    )
                if "ganged" in description and not self.ganged:
                    raise UsageError(
                        f"{ability}: hub {place} switches all its ports at once (ganged)",
                        hint="put the board alone on it and write `ganged: true`, or use a hub with a switch for each",
                    )


def _blocks(text: str) -> list[tuple[str, str, str]]:
    """Return each status that was printed: description of the hub, its location, its lines."""
    heads = list(_HUB.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return [(head[2], head[1], text[head.end() : end]) for head, end in zip(heads, ends, strict=True)]
