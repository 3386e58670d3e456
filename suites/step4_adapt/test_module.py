"""Step 4: a security module, and what its host relies on beside the id2_client API."""

from harness.fixtures.expect import refused
from harness.fixtures.known_defects import named_when_failed
from harness.fixtures.oracle import Oracle
from harness.fixtures.published import CHALLENGE, EXTRA, TIMESTAMP
from harness.fixtures.types import Bench, Carrier, ModuleUnderTest, Scenario


def test_same_id(scenario: Scenario, carrier: Carrier) -> None:
    """The module has one ID."""
    with scenario.step("MDU-ID-01"):
        first = carrier.get_id()
        for _ in range(4):
            again = carrier.get_id()
            assert again == first, f"get_id gave {first}, and then {again}"


def test_answer_times(scenario: Scenario, carrier: Carrier, bench: Bench) -> None:
    """Codes come within the limit of the board file."""
    with scenario.step("MDU-TIM-01"):
        limit = bench.limits.auth_code_s
        challenge = bench.slowest(lambda: carrier.get_challenge_auth_code(CHALLENGE, EXTRA))
        timestamp = bench.slowest(lambda: carrier.get_timestamp_auth_code(TIMESTAMP, EXTRA))
        scenario.measure("challenge code", challenge, unit="s", high=limit)
        scenario.measure("timestamp code", timestamp, unit="s", high=limit)


def test_long_decryption_time(scenario: Scenario, carrier: Carrier, oracle: Oracle, bench: Bench) -> None:
    """Decrypting 1024 bytes takes no longer than the board file says."""
    cipher = oracle.encrypt_padded(bytes(1024 - oracle.block_size))
    with scenario.step("MDU-TIM-02"):
        took = bench.slowest(lambda: carrier.decrypt(cipher))
        scenario.measure("decrypt, 1024 bytes", took, unit="s", high=bench.limits.decrypt_s)


def test_before_init(scenario: Scenario, module: ModuleUnderTest) -> None:
    """Nothing is carried out before init, and after the last cleanup."""
    with scenario.step("MDU-INI-01"):
        module.stopped(module.require_refused)


def test_answers_on_the_wire(scenario: Scenario, module: ModuleUnderTest) -> None:
    """Heads are right, and errors are heads alone."""
    client = module.client
    client.get_version()
    client.get_id()
    with refused(-2, by="get_challenge_auth_code, given no challenge,"):
        client.get_challenge_auth_code("")
    with refused(-4, by="get_challenge_auth_code, given 513 bytes of extra,"):
        client.get_challenge_auth_code(CHALLENGE, b"x" * 513)
    with scenario.step("MDU-WIRE-01"):
        module.require_regular("command")
    with scenario.step("MDU-WIRE-02"):
        module.require_regular("body")


def test_whole_writes(scenario: Scenario, module: ModuleUnderTest) -> None:
    """One read brings the head of an answer, and one read its body."""
    with scenario.step("MDU-WIRE-03"):
        for length in (1, 13, 32):
            module.client.get_challenge_auth_code("7" * length, EXTRA)
        module.client.get_id()
        module.require_regular("pieces")


def test_unknown_commands(scenario: Scenario, module: ModuleUnderTest) -> None:
    """Commands that no module knows are answered."""
    with scenario.step("MDU-WIRE-04"):
        for command in (13, 99, 0x7FFFFFFF):
            status = module.client.send_unknown(command)
            assert status < 0, f"command {command} gave {status}, as if it were carried out"
        module.client.get_version()


def test_two_connections(scenario: Scenario, module: ModuleUnderTest) -> None:
    """A second connection is served beside the first."""
    seen = "a second connection is not answered while the first is open"
    with scenario.step("MDU-CON-01"), named_when_failed(scenario, "f.1", seen):
        module.require_served_at_once()


def test_inits_of_two_connections(scenario: Scenario, module: ModuleUnderTest) -> None:
    """What one connection starts and ends is its own."""
    other = module.served()
    with scenario.step("MDU-CON-02"):
        module.require_refused(other)
        other.init()
        assert other.get_id() == module.client.get_id(), "two connections give two IDs"
        other.cleanup()
        module.require_refused(other)
        module.client.get_id()
        other.cleanup()
        module.client.get_id()
