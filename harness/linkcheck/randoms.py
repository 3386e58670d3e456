"""The random values that a device shows on the wire: client randoms, device randoms of auth codes, IVs of records.

They go to the one statistic of the run (`harness.id2.randomness`). What that cannot see is looked for here: an IV that
is the last ciphertext block of the record before, which looks random and is known to everyone who listens.

Source: device-protocol.md b.1, h.3; RFC 5246 6.2.3.2, 7.4.1.2.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from harness.gateway.session_record import SessionRecord
from harness.id2 import codetext
from harness.id2.errors import Id2Error
from harness.id2.randomness import Draw, RandomKind, drawn
from harness.itls.events import Direction, ObservedRecord
from harness.itls.records import HEADER_SIZE
from harness.itls.suites import BLOCK_SIZE, IV_SIZE
from harness.linkcheck.hellos import hellos_in

_SHOWN = 3


def draws_in(record: SessionRecord) -> list[Draw]:
    """Return the random values that a device shows in one session, in the order in which it showed them."""
    found: list[Draw | None] = []
    for hello in hellos_in(record.seen):
        found.append(drawn(RandomKind.CLIENT_RANDOM, hello.random, record.number))
        try:
            code = codetext.parse(hello.auth_code.decode("latin-1"))
        except Id2Error:  # none yet, or an OTP code, whose random is under the provisioning key
            continue
        found.append(drawn(RandomKind.DEVICE_RANDOM, code.device_random, record.number))
    found += [drawn(RandomKind.IV, iv, record.number) for iv, _ in _under_keys(record.seen)]
    return [one for one in found if one is not None]


class RandomCollector:
    """Take the random values out of sessions, each once, though a session is shown again when it has grown."""

    def __init__(self) -> None:
        self._taken: Counter[int] = Counter()

    def new(self, records: Iterable[SessionRecord]) -> list[Draw]:
        """Return the values that were not there when these sessions were shown last."""
        found: list[Draw] = []
        for record in records:
            draws = sorted(draws_in(record), key=lambda one: one.kind is RandomKind.IV)
            found += draws[self._taken[record.number] :]
            self._taken[record.number] = len(draws)
        return found


def freshness_problems(records: Iterable[SessionRecord]) -> list[str]:
    """Return which random values of a device came before, and which IVs were known beforehand; empty when none were."""
    problems: list[str] = []
    seen: Counter[tuple[RandomKind, bytes]] = Counter()
    chained = 0
    under_keys = 0
    for record in records:
        seen.update((one.kind, one.value) for one in draws_in(record))
        pairs = list(_under_keys(record.seen))
        under_keys += len(pairs)
        chained += sum(iv == before for (iv, _), (_, before) in zip(pairs[1:], pairs, strict=False))
    if chained:
        problems.append(
            f"{chained} of {under_keys} IVs are the last ciphertext block of the record before, which everybody knows"
        )
    for kind in RandomKind:
        again = [(value, times) for (one, value), times in seen.items() if one is kind and times > 1]
        if again:
            shown = ", ".join(f"{value.hex().upper()} {times} times" for value, times in again[:_SHOWN])
            problems.append(f"{kind}: {len(again)} values come more than once: {shown}")
    return problems


def _under_keys(seen: Iterable[ObservedRecord]) -> Iterator[tuple[bytes, bytes]]:
    """Yield IV and last ciphertext block of each record of the device under keys."""
    for one in seen:
        if one.direction is Direction.IN and one.sequence is not None:
            payload = one.wire[HEADER_SIZE:]
            yield payload[:IV_SIZE], payload[-BLOCK_SIZE:]
