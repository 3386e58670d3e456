"""Step 4: the id2_client API on the carrier."""

from harness.fixtures.expect import refused
from harness.fixtures.known_defects import accepted_by_defect, timestamps_as_challenges
from harness.fixtures.oracle import Oracle
from harness.fixtures.published import CHALLENGE, EXTRA, TIMESTAMP
from harness.fixtures.types import Bench, Carrier, Scenario, SecretValues


def test_identity(scenario: Scenario, carrier: Carrier, bench: Bench) -> None:
    """The ID has the form that the API promises."""
    with scenario.step("API-ID-01"):
        device_id = carrier.get_id()
        assert not (why := bench.id_problem(device_id)), why


def test_challenge_codes(scenario: Scenario, carrier: Carrier, oracle: Oracle) -> None:
    """Challenge codes are well-formed and signed."""
    plain = carrier.get_challenge_auth_code(CHALLENGE)
    with_extra = carrier.get_challenge_auth_code(CHALLENGE, EXTRA)
    with scenario.step("API-CODE-01"):
        oracle.check_form(plain, challenge=CHALLENGE)
        oracle.check_form(with_extra, challenge=CHALLENGE, extra=EXTRA)
    scenario.evidence("challenge-codes.txt", f"{plain}\n{with_extra}\n".encode(), title="challenge codes")


def test_timestamp_codes(scenario: Scenario, carrier: Carrier, oracle: Oracle) -> None:
    """Timestamp codes are well-formed and say that they are timestamp codes."""
    plain = carrier.get_timestamp_auth_code(TIMESTAMP)
    with_extra = carrier.get_timestamp_auth_code(TIMESTAMP, EXTRA)
    with scenario.step("API-CODE-02"), timestamps_as_challenges(scenario, plain, with_extra):
        oracle.check_form(plain, timestamp=TIMESTAMP)
        oracle.check_form(with_extra, timestamp=TIMESTAMP, extra=EXTRA)
    scenario.evidence("timestamp-codes.txt", f"{plain}\n{with_extra}\n".encode(), title="timestamp codes")


def test_signature(scenario: Scenario, carrier: Carrier, oracle: Oracle) -> None:
    """The signature is recomputed with the known key."""
    with scenario.step("API-CODE-03"):
        for challenge in ("1", CHALLENGE, "f" * 32):
            oracle.verify(carrier.get_challenge_auth_code(challenge))
            oracle.verify(carrier.get_challenge_auth_code(challenge, EXTRA), EXTRA)
        for extra in (b"x", bytes(range(1, 256)), b"e" * 512):
            oracle.verify(carrier.get_timestamp_auth_code(TIMESTAMP, extra), extra)


def test_constant_last_block(scenario: Scenario, carrier: Carrier, oracle: Oracle) -> None:
    """The padding block is the same in every code."""
    with scenario.step("API-CODE-04"):
        tails = {oracle.tail(carrier.get_challenge_auth_code(f"{number:032X}")) for number in range(4)}
        assert len(tails) == 1, f"{len(tails)} different last blocks in 4 codes"


def test_published_code(scenario: Scenario, published_carrier: Carrier, oracle: Oracle) -> None:
    """The published codes of the published debug key come out byte for byte."""
    with scenario.step("API-CODE-05"):
        codes = (
            published_carrier.get_challenge_auth_code(CHALLENGE),
            published_carrier.get_challenge_auth_code(CHALLENGE, EXTRA),
            published_carrier.get_timestamp_auth_code(TIMESTAMP),
            published_carrier.get_timestamp_auth_code(TIMESTAMP, EXTRA),
        )
        for got, published in zip(codes, oracle.published_codes, strict=True):
            assert got == published, f"got {got}, published is {published}"


def test_challenge_limits(scenario: Scenario, carrier: Carrier) -> None:
    """Challenges and timestamps keep to 1 to 32 characters."""
    with scenario.step("API-LIM-01"):
        for length in (1, 32):
            assert f"~{'7' * length}~" in carrier.get_challenge_auth_code("7" * length)
            assert f"~{'7' * length}~" in carrier.get_timestamp_auth_code("7" * length)
        for wrong in ("", "7" * 33):
            with refused(-2, by=f"get_challenge_auth_code, given {len(wrong)} characters,"):
                carrier.get_challenge_auth_code(wrong)
            with refused(-2, by=f"get_timestamp_auth_code, given {len(wrong)} characters,"):
                carrier.get_timestamp_auth_code(wrong)


def test_extra_limits(scenario: Scenario, carrier: Carrier) -> None:
    """Extra keeps to 1 to 512 bytes."""
    with scenario.step("API-LIM-02"):
        for length in (1, 512):
            assert carrier.get_challenge_auth_code(CHALLENGE, b"x" * length).startswith("2~")
        with refused(-4, by="get_challenge_auth_code, given 513 bytes of extra,"):
            carrier.get_challenge_auth_code(CHALLENGE, b"x" * 513)


def test_decrypt(scenario: Scenario, carrier: Carrier, oracle: Oracle) -> None:
    """Decrypt keeps to its limits and checks the padding."""
    block = oracle.block_size
    with scenario.step("API-DEC-01"):
        for length in (1, block - 1, block, 5 * block, 200):
            _comes_back(carrier, oracle, length)
        for wrong, code in ((b"", -2), (b"x" * (block - 1), -2), (b"x" * (1024 + block), -4)):
            with refused(code, by=f"decrypt, given {len(wrong)} bytes,"):
                carrier.decrypt(wrong)
    with scenario.step("API-DEC-02"):
        with (
            accepted_by_defect(scenario, "k.2", "a block of zeros decrypts as if it were padded"),
            refused(-1, by="decrypt, given a block of zeros,"),
        ):
            carrier.decrypt(oracle.encrypt_blocks(bytes(block)))
        for bad in (bytes([block + 1]) * block, b"x" * (block - 3) + b"\x01\x02\x03"):
            with refused(-1, by=f"decrypt, given a plaintext that ends in {bad[-3:].hex(' ')},"):
                carrier.decrypt(oracle.encrypt_blocks(bad))


def test_decrypt_long(scenario: Scenario, carrier: Carrier, oracle: Oracle) -> None:
    """Decrypt takes what needs several commands."""
    with scenario.step("API-DEC-03"):
        for length in (239, 240, 241, 1024 - 1):
            _comes_back(carrier, oracle, length)


def _comes_back(carrier: Carrier, oracle: Oracle, length: int) -> None:
    plain = bytes(number % 251 for number in range(length))
    assert carrier.decrypt(oracle.encrypt_padded(plain)) == plain, f"{length} bytes do not come back"


def test_derived_values(
    scenario: Scenario, carrier: Carrier, oracle: Oracle, secret_values: SecretValues
) -> None:
    """Secrets and derived keys follow from the key, and differ by seed."""
    with scenario.step("API-DER-01"):
        for seed in ("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", "appKey"):
            secret_values.require_same(
                carrier.get_secret(seed), oracle.secret(seed), f"the secret of {seed!r}"
            )
            for length in (1, 16, 32):
                got, expected = carrier.derive_key(seed, length), oracle.derived_key(seed, length)
                secret_values.require_same(got, expected, f"the key of {length} bytes of {seed!r}")
        one, two = carrier.get_secret("one"), carrier.get_secret("two")
        secret_values.require_different(one, two, "the secrets of two seeds")
