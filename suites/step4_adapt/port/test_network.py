"""Step 4: the TCP connections of the board's OSA, with the harness at their far end."""

from collections.abc import Sequence

from harness.fixtures.types import NetworkUnderTest, PortUnderTest, Scenario, compare

SIZES = (1, 2, 100, 1023, 1024, 1025, 1460, 1461, 4096, 16_384)
ROUNDS = 20
MOST_ROUNDS = 300
"""Rounds while no descriptor comes a second time, as none does that is not given back."""

TIMEOUTS_MS = (100, 1_000)
LINK_S = 2.0
"""Seconds that a link may take for one call, so that no slow one is taken for a slow board."""


def _pattern(size: int) -> bytes:
    return bytes((place * 7 + place // 251) % 256 for place in range(size))


def _all_differ(numbers: Sequence[int]) -> bool:
    return len(set(numbers)) == len(numbers)


def test_connect(scenario: Scenario, network: NetworkUnderTest) -> None:
    """The board connects to a server that listens, and closes what it has opened, time after time."""
    numbers: list[int] = []
    with scenario.step("NET-01"):
        while len(numbers) < ROUNDS or (len(numbers) < MOST_ROUNDS and _all_differ(numbers)):
            with network.connected() as connection:
                numbers.append(connection.descriptor)
                connection.disconnect()
                assert connection.far.ended(), "after ls_osa_net_disconnect the connection stayed open"
            scenario.progress(len(numbers), ROUNDS if len(numbers) <= ROUNDS else MOST_ROUNDS, "connections")
    if _all_differ(numbers):
        scenario.finding(
            "net-descriptors-differ",
            severity="info",
            title="no connection had the descriptor of an earlier one",
            detail=f"{len(numbers)} connections, one after the other, had descriptors {numbers[0]} to "
            f"{numbers[-1]}: does ls_osa_net_disconnect give them back, or are they only counted?",
        )


def test_refused(scenario: Scenario, network: NetworkUnderTest) -> None:
    """A connection that is refused is no connection."""
    with scenario.step("NET-02"):
        descriptor = network.connect_to_nobody()
        assert descriptor < 0, (
            f"nobody listened, and ls_osa_net_connect returned {descriptor}, as for a connection that is there"
        )


def test_data(scenario: Scenario, network: NetworkUnderTest) -> None:
    """1 byte to 16 KiB go both ways and are the same."""
    with network.connected() as connection:
        with scenario.step("NET-03"):
            for size in SIZES:
                data = _pattern(size)
                sent = connection.send(data)
                arrived = connection.far.arrived(data)
                assert arrived.whole, f"ls_osa_net_send of {size} bytes returned {sent}, and {arrived}"
                assert sent == size, (
                    f"ls_osa_net_send of {size} bytes returned {sent}, and all of them arrived"
                )
        with scenario.step("NET-04"):
            for size in SIZES:
                data = _pattern(size)
                connection.far.send(data)
                arrived = compare(data, connection.receive_all(size))
                assert arrived.whole, f"the board was sent {size} bytes, and {arrived}"


def test_timeout(scenario: Scenario, port: PortUnderTest, network: NetworkUnderTest) -> None:
    """A receive of nothing ends when its time is over."""
    with network.connected() as connection, scenario.step("NET-05"):
        for timeout in TIMEOUTS_MS:
            got = connection.receive(64, timeout)
            assert not got.data, f"nothing was sent, and ls_osa_net_recv gave {len(got.data)} bytes"
            scenario.measure(
                f"ls_osa_net_recv with a timeout of {timeout} ms, the link included",
                got.took,
                unit="s",
                low=timeout / 1000,
                high=(timeout + port.limits.tick_ms) / 1000 + LINK_S,
            )
        connection.far.send(b"late")
        assert connection.receive_all(4) == b"late", (
            "after a receive that ended empty nothing is received any more"
        )


def test_half_closed(scenario: Scenario, network: NetworkUnderTest) -> None:
    """When the far end has sent its last byte, the board gets it, learns of the end, and can still send."""
    with network.connected() as connection, scenario.step("NET-06"):
        last = _pattern(100)
        connection.far.send(last)
        connection.far.end_stream()
        arrived = compare(last, connection.receive_all(len(last)))
        assert arrived.whole, f"the far end sent 100 bytes and ended its stream, and {arrived}"
        after = connection.receive(64)
        assert not after.data, f"behind the end of the stream the board received {len(after.data)} bytes"
        sent = connection.send(last)
        arrived = connection.far.arrived(last)
        assert arrived.whole, (
            f"the far end had ended its stream, ls_osa_net_send of 100 bytes returned {sent}, and {arrived}"
        )
