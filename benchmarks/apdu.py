"""What one APDU costs on its way through the harness: session, framing, bus, recorder, simulated chip.

    python benchmarks/apdu.py            # some seconds
    python benchmarks/apdu.py --quick

The bare call of the chip model stands beside it: contestants take turns in short rounds in one run, so that
what else the machine does hits all of them alike. Times are the median of the calmest round, the ratio is the
median of all rounds' ratios. The pauses that a real bus needs between frames are switched off: they are
waiting, not work. Goal: an APDU with recording on takes at most 100 µs; with `--strict` a missed one is exit
code 1.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from harness.chip.apdu import Command
from harness.chip.fm1280 import Fm1280I2c, Limits
from harness.chip.ica import commands
from harness.chip.ica.algorithms import Algorithm, Mode
from harness.chip.session import ChipSession
from harness.id2.keys import KeyType
from harness.id2.published import KEYS
from harness.simulator.bus.i2c import SimulatedI2c
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.fm1280 import ADDRESS, Fm1280Slave
from harness.simulator.chip.ica import IcaChip
from harness.transport.base import Transport
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.writer import Recording

GOAL_US = 100.0
PER_ROUND = 200
PUBLISHED = KEYS[KeyType.AES_128]
COMMANDS = (
    ("GetID", commands.get_id()),
    (
        "SymmetricCrypt, 48 bytes (an auth code)",
        commands.symmetric_crypt(Mode.ENCRYPT, Algorithm.AES_ECB, bytes(48))[0],
    ),
    ("SymmetricCrypt, 240 bytes", commands.symmetric_crypt(Mode.ENCRYPT, Algorithm.AES_ECB, bytes(240))[0]),
)


def model() -> IcaChip:
    return IcaChip(ChipConfig("ica", PUBLISHED.id2, PUBLISHED.key))


def session_on(bus: Transport) -> ChipSession:
    session = ChipSession(Fm1280I2c(bus, limits=Limits(frame_delay=0.0)))
    session.channel.open()
    return session


def timed(call: Callable[[], object]) -> list[int]:
    """Return the nanoseconds of each of `PER_ROUND` calls."""
    clock, times = time.perf_counter_ns, []
    for _ in range(PER_ROUND):
        begin = clock()
        call()
        times.append(clock() - begin)
    return times


def measure(command: Command, sessions: dict[str, ChipSession], rounds: int) -> dict[str, list[float]]:
    """Return the median microseconds of each round for each contestant."""
    bare, raw = model(), command.to_bytes()
    contestants: dict[str, Callable[[], object]] = {"bare": lambda: bare.process(raw)}
    contestants |= {name: lambda session=session: session.send(command) for name, session in sessions.items()}
    for call in contestants.values():
        timed(call)  # warm up
    medians: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, call in contestants.items():
            medians[name].append(statistics.median(timed(call)) / 1000)
    return medians


def main() -> int:
    parser = argparse.ArgumentParser(description="Cost of one APDU, as a ratio to the bare chip model.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--strict", action="store_true", help="exit 1 when the goal is missed")
    options = parser.parse_args()
    rounds = 5 if options.quick else 25
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        plain = SimulatedI2c("plain", {ADDRESS: Fm1280Slave(model())})
        inner = SimulatedI2c("recorded", {ADDRESS: Fm1280Slave(model())})
        recording = Recording(Path(folder) / "recording.rec", inner)
        sessions = {"plain": session_on(plain), "recorded": session_on(Recorded(inner, recording))}
        for label, command in COMMANDS:
            assert sessions["recorded"].send(command).ok
            medians = measure(command, sessions, rounds)
            pairs = zip(medians["recorded"], medians["bare"], strict=True)
            ratio = statistics.median(recorded / bare for recorded, bare in pairs)
            us = {name: min(values) for name, values in medians.items()}
            print(
                f"{label:<42} {us['recorded']:5.1f} us recorded = {ratio:3.1f} x the bare model "
                f"({us['bare']:.1f} us); {us['plain']:.1f} us unrecorded; goal <= {GOAL_US:g} us"
            )
            missed |= us["recorded"] > GOAL_US
        recording.close()
    return int(missed and options.strict)


if __name__ == "__main__":
    sys.exit(main())
