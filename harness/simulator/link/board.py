"""A simulated board whose firmware runs by itself: its console is all that a harness sees of it, beside its link."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress

from harness.errors import UsageError
from harness.id2.keys import KeyType
from harness.simulator.bus.stream import Output, StopSignal, StreamDevice
from harness.simulator.chip.randomness import RandomSource, system_random
from harness.simulator.faults.fault import Fault
from harness.simulator.link.app import Behaviour, FlashedFirmware, LinkApp
from harness.simulator.link.hooks import LinkHooks
from harness.simulator.link.log import LiveLog
from harness.simulator.link.power import Power, PowerOff
from harness.simulator.link.session import Patience

_MOST_LINES = 10_000
"""How many lines wait when nobody reads the console; a real UART would have lost them all."""

_PROVISIONABLE = (KeyType.AES_128, KeyType.AES_192, KeyType.AES_256, KeyType.SM4_128)


class LinkBoard(StreamDevice):
    """The board. Power it on and off as often as you like: the flash stays.

    Args:
        behaviour: What its firmware does.
        flash: What is compiled in, and the ID² that it keeps.
        fault: Its one fault, None for a sound board.
        patience: How long it waits for what.
        random: Where random bytes come from.

    Raises:
        UsageError: A key type that cannot be provisioned in the field.
    """

    def __init__(
        self,
        behaviour: Behaviour,
        flash: FlashedFirmware,
        *,
        fault: Fault | None = None,
        patience: Patience | None = None,
        random: RandomSource = system_random,
    ) -> None:
        if behaviour.key_type not in _PROVISIONABLE:
            raise UsageError(
                f"simulated board: no ID² with key type {behaviour.key_type} can be provisioned in the field",
                hint="take an AES or SM4 key type",
            )
        self._behaviour = behaviour
        self._flash = flash
        self._fault = fault
        self._patience = patience or Patience()
        self._hooks = hooks = fault.link_hooks() if fault else LinkHooks()
        self._random: RandomSource = lambda size: hooks.drawn(random(size))
        self._lines: deque[bytes] = deque(maxlen=_MOST_LINES)
        self._said: StopSignal | None = None
        self._power: Power | None = None
        self._thread: threading.Thread | None = None

    @property
    def identity(self) -> str:
        """What this is, and that it is simulated."""
        text = f"simulated board, link_app on Soft-KM, {self._behaviour.key_type}"
        return f"{text}, broken on purpose: {self._fault.name}" if self._fault else text

    def power_on(self) -> Iterator[Output]:
        """Start the firmware, which runs beside whoever serves the console."""
        self.power_off()
        self._lines.clear()
        self._said, power = StopSignal(), Power()
        self._power = power
        self._thread = threading.Thread(target=self._run, args=(power,), name="firmware", daemon=True)
        self._thread.start()
        return iter(())

    def power_off(self) -> None:
        """Stop the firmware where it stands; its connections are cut."""
        power, thread, said = self._power, self._thread, self._said
        self._power = self._thread = self._said = None
        if power is not None and thread is not None:
            power.fail()
            thread.join()
            power.let_go()
        if said is not None:
            said.close()

    def receive(self, data: bytes) -> Iterator[Output]:
        """Take no notice: this firmware has no command line."""
        del data
        return iter(())

    def wakeup(self) -> int | None:
        """Return a descriptor that is readable while lines wait."""
        return None if self._said is None else self._said.fileno()

    def speak(self) -> Iterator[Output]:
        """Yield the lines that wait."""
        if self._said is not None:
            self._said.drain()
        with suppress(IndexError):
            while True:
                yield Output(self._lines.popleft())

    def _run(self, power: Power) -> None:
        app = LinkApp(
            self._behaviour,
            self._flash,
            power,
            LiveLog(self._put),
            hooks=self._hooks,
            patience=self._patience,
            random=self._random,
        )
        with suppress(PowerOff):
            app.run()

    def _put(self, line: bytes) -> None:
        said = self._said
        self._lines.append(line)
        if said is not None:
            said.nudge()
