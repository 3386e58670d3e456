"""A board's clock that is read over a link, both made up: its rate, its steps, and how late each side is."""

import math
from dataclasses import dataclass, field
from random import Random

from harness.portcheck.clock import Reading


@dataclass
class MadeUpClock:
    """A clock with a rate, and a computer that reads it over a link with jitter.

    Attributes:
        ppm: Millionths by which it runs fast.
        step: Milliseconds of one of its steps; it need not be whole.
        link: Seconds that a way over the link takes on average.
        start: Seconds that it shows at first.
    """

    ppm: float = 0.0
    step: float = 1.0
    link: float = 0.004
    start: float = 12.3456
    random: Random = field(default_factory=lambda: Random(7))
    now: float = 1000.0

    def shows(self, at: float) -> int:
        ms = (self.start + (at - 1000.0) * (1 + self.ppm / 1e6)) * 1000
        return int(math.floor(ms / self.step) * self.step)

    def read(self) -> Reading:
        before = self.now
        asked = before + self.random.expovariate(1 / self.link)
        self.now = asked + self.random.expovariate(1 / self.link)
        return Reading(before, self.now, self.shows(asked))

    def series(self, seconds: float) -> list[Reading]:
        readings = []
        while not readings or self.now - readings[0].before < seconds:
            readings.append(self.read())
            self.now += (0.003, 0.02)[len(readings) % 2]
        return readings
