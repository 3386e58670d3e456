"""Step 4: the memory of the board's OSA."""

from harness.fixtures.port.memory import BLOCK, ENDLESS, MOST_BLOCKS, blocks_over_rounds, is_endless
from harness.fixtures.types import Carrier, PortUnderTest, Scenario, leak_problems

CYCLES = 200
SIZES = (1, 7, 16, 64, 100, 256, 1000)
CHALLENGE = "55B83408399FA660F05C82E4F25333DC"
CODES = 40


def test_calloc(scenario: Scenario, port: PortUnderTest) -> None:
    """Calloc gives memory that is zeroed."""
    with scenario.step("OSA-MEM-01"):
        for size in SIZES:
            port.osa.malloc_cycles(size, 4)  # leaves bytes behind that are not 0
            cycles = port.osa.calloc_cycles(1, size, 4)
            assert cycles.given, f"calloc gave no {size} bytes"
            assert not cycles.wrong, f"{cycles.wrong} bytes of calloc(1, {size}) were not 0, or kept nothing"
        cycles = port.osa.calloc_cycles(25, 4, 4)
        assert cycles.given, "calloc gave no 25 times 4 bytes"
        assert not cycles.wrong, f"{cycles.wrong} bytes of calloc(25, 4) were not 0, or kept nothing"


def test_malloc(scenario: Scenario, port: PortUnderTest) -> None:
    """Memory keeps what is written into it, and blocks do not overlap."""
    with scenario.step("OSA-MEM-02"):
        for size in SIZES:
            cycles = port.osa.malloc_cycles(size, 4)
            assert cycles.given, f"malloc gave no {size} bytes"
            assert not cycles.wrong, f"{cycles.wrong} bytes of malloc({size}) did not keep what was written"
        for size in (16, 64, 100):
            some = port.osa.exhaust(size, 8)
            assert not some.damaged, (
                f"{some.damaged} of {some.blocks} blocks of {size} bytes had at once did not keep what was written"
            )


def test_leak(scenario: Scenario, port: PortUnderTest) -> None:
    """Memory that is given back can be had again."""
    if is_endless(port.osa):
        scenario.does_not_apply("OSA-MEM-03", ENDLESS)
        return
    with scenario.step("OSA-MEM-03"):
        counts = blocks_over_rounds(
            port.osa,
            lambda: (port.osa.malloc_cycles(BLOCK, CYCLES), port.osa.calloc_cycles(1, BLOCK, CYCLES)),
        )
        problems = leak_problems(counts, BLOCK, f"taking and giving back {2 * CYCLES} blocks")
        assert not problems, problems[0]


def test_exhausted(scenario: Scenario, port: PortUnderTest) -> None:
    """Without memory malloc gives NULL, and the board lives on."""
    heap = port.osa.exhaust(BLOCK, MOST_BLOCKS)
    if heap.blocks == MOST_BLOCKS:
        scenario.does_not_apply("OSA-MEM-04", ENDLESS)
        return
    with scenario.step("OSA-MEM-04"):
        scenario.note(f"{heap.blocks} blocks of {BLOCK} bytes could be had")
        assert heap.blocks, f"not one block of {BLOCK} bytes could be had"
        assert not heap.damaged, f"{heap.damaged} of {heap.blocks} blocks did not keep what was written"
        port.require_alive(scenario, "its memory was exhausted")


def test_leak_of_client(scenario: Scenario, port: PortUnderTest, carrier: Carrier) -> None:
    """Auth codes keep no memory."""
    if is_endless(port.osa):
        scenario.does_not_apply("OSA-MEM-05", ENDLESS)
        return
    with scenario.step("OSA-MEM-05"):
        counts = blocks_over_rounds(
            port.osa, lambda: [carrier.get_challenge_auth_code(CHALLENGE) for _ in range(CODES)]
        )
        problems = leak_problems(counts, BLOCK, f"making {CODES} auth codes")
        assert not problems, problems[0]
