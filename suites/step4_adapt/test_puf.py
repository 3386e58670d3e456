"""Step 4: the ECC key of a PUF, by its signatures and by what it opens."""

from harness.fixtures.expect import refused
from harness.fixtures.port.client import DERIVED_KEY, NOT_SUPPORTED, SECRET
from harness.fixtures.types import Carrier, ClientUnderTest, PufUnderTest, Scenario, puf_problem

_BLOCKS_TOO_MANY = 1025


def test_identity_of_a_puf(scenario: Scenario, carrier: Carrier) -> None:
    """The ID has the form of the SDK's adapter for a PUF."""
    with scenario.step("API-ID-02"):
        assert not (why := puf_problem(carrier.get_id())), why


def test_shared_nonce(scenario: Scenario, puf: PufUnderTest) -> None:
    """No two signatures have a nonce in common."""
    with scenario.step("API-SIG-01"):
        assert not (how := puf.shared_nonce()), how


def test_guessable_nonce(scenario: Scenario, puf: PufUnderTest) -> None:
    """Nonces are neither small numbers nor near each other."""
    with scenario.step("API-SIG-02"):
        assert not (how := puf.guessable_nonce()), how


def test_opened_ciphertexts(scenario: Scenario, carrier: Carrier, puf: PufUnderTest) -> None:
    """What was encrypted for the device comes back, in both modes and at all lengths."""
    with scenario.step("API-IES-01"):
        for what, cipher, plain in puf.good_ciphertexts():
            assert carrier.decrypt(cipher) == plain, f"{what} do not come back"


def test_altered_ciphertexts(scenario: Scenario, carrier: Carrier, puf: PufUnderTest) -> None:
    """An altered ciphertext is not opened."""
    with scenario.step("API-IES-02"):
        for bad in puf.altered_ciphertexts():
            with refused(-1, by=f"a ciphertext with {bad.what}: the device"):
                carrier.decrypt(bad.data)


def test_points_off_the_curve(scenario: Scenario, carrier: Carrier, puf: PufUnderTest) -> None:
    """A ciphertext with a point of another curve is not opened."""
    with scenario.step("API-IES-03"):
        for bad in puf.points_off_the_curve():
            with refused(-1, by=f"a ciphertext with {bad.what}: the device"):
                carrier.decrypt(bad.data)


def test_ciphertext_limits(scenario: Scenario, carrier: Carrier) -> None:
    """Nothing, and more than 1024 bytes, are refused."""
    with scenario.step("API-IES-04"):
        for wrong, code in ((b"", -2), (b"x" * _BLOCKS_TOO_MANY, -4)):
            with refused(code, by="the device"):
                carrier.decrypt(wrong)


def test_nothing_is_derived(scenario: Scenario, client: ClientUnderTest) -> None:
    """Secrets and derived keys, which would be other ones each time, are refused."""
    with scenario.step("API-DER-02"):
        for call in (SECRET, DERIVED_KEY):
            if client.calls.has(call.function):
                client.refuses(call, NOT_SUPPORTED)
