"""Step 3: what the manufacturer's server does with the device, the harness being that server."""

import pytest

from harness.fixtures.expect import refused, require_decrypted
from harness.fixtures.known_defects import require_type_of_timestamps
from harness.fixtures.server_codes import require_whole_comparison
from harness.fixtures.types import Bench, Carrier, Cloud, Device, Product, Scenario, Service

EXTRA = "abcd1234"


@pytest.mark.authentications(2)
def test_challenge_authentication(
    scenario: Scenario, service: Service, carrier: Carrier, product: Product, device: Device
) -> None:
    """A code over the service's challenge is accepted once."""
    challenge = service.get_server_random(device.id2)
    code = carrier.get_challenge_auth_code(challenge)
    with scenario.step("SRV-01"):
        assert service.verify(device.id2, product.product_key, code)
    with scenario.step("SRV-04"), refused(35, by="the service"):
        service.verify(device.id2, product.product_key, code)


@pytest.mark.authentications(4)
def test_timestamp_authentication(
    scenario: Scenario, service: Service, carrier: Carrier, product: Product, device: Device, cloud: Cloud
) -> None:
    """A code over the present time is accepted once, and only within ten minutes."""
    now = cloud.now_ms()
    code = carrier.get_timestamp_auth_code(str(now))
    with scenario.step("SRV-02"):
        require_type_of_timestamps(scenario, code)
        assert service.verify(device.id2, product.product_key, code)
    with scenario.step("SRV-05"), refused(34, by="the service"):
        service.verify(device.id2, product.product_key, code)
    with scenario.step("SRV-06"):
        for offset in (-11, 11):
            late = carrier.get_timestamp_auth_code(str(now + offset * 60_000))
            with refused(33, by="the service"):
                service.verify(device.id2, product.product_key, late)


@pytest.mark.authentications(2)
def test_extra_is_bound(
    scenario: Scenario, service: Service, carrier: Carrier, product: Product, device: Device
) -> None:
    """The extra is part of the signature."""
    with scenario.step("SRV-03"):
        code = carrier.get_challenge_auth_code(service.get_server_random(device.id2), EXTRA.encode())
        assert service.verify(device.id2, product.product_key, code, extra=EXTRA)
        code = carrier.get_challenge_auth_code(service.get_server_random(device.id2), EXTRA.encode())
        with refused(39, by="the service"):
            service.verify(device.id2, product.product_key, code, extra=EXTRA.swapcase())


@pytest.mark.authentications(1)
def test_changed_signature_is_refused(
    scenario: Scenario, service: Service, carrier: Carrier, product: Product, device: Device
) -> None:
    """A changed signature is refused."""
    code = carrier.get_challenge_auth_code(service.get_server_random(device.id2))
    fields, _, sign = code.rpartition("~")
    assert sign, f"the code {code!r} has no signature"
    changed = ("B" if sign[0] == "A" else "A") + sign[1:]
    with scenario.step("SRV-09"), refused(21, by="the service"):
        service.verify(device.id2, product.product_key, f"{fields}~{changed}")


@pytest.mark.authentications(3)
def test_mutual_authentication(
    scenario: Scenario, service: Service, carrier: Carrier, product: Product, device: Device, bench: Bench
) -> None:
    """Device and server authenticate each other."""
    device.authenticate(product)
    with scenario.step("SRV-07"):
        for server_extra in ("", EXTRA if bench.sdk_on_host else EXTRA * 64):
            device_challenge = carrier.get_device_challenge(32)
            code = carrier.get_challenge_auth_code(service.get_server_random(device.id2))
            answer = service.get_server_auth_code_and_encrypt_data(
                device.id2, product.product_key, code, device_challenge, "session", server_extra=server_extra
            )
            extra = server_extra.encode() or None
            carrier.verify_server(answer.server_auth_code, device_challenge, extra)
            require_decrypted(carrier, answer.ciphertext, b"session")
            with refused(-1, by="the device"):
                carrier.verify_server(answer.server_auth_code, carrier.get_device_challenge(32), extra)
            if not bench.sdk_on_host:  # there the harness compares, and not the device
                require_whole_comparison(carrier, answer.server_auth_code, device_challenge, extra)


@pytest.mark.authentications(1)
def test_session_key_distribution(
    scenario: Scenario, service: Service, carrier: Carrier, product: Product, device: Device
) -> None:
    """A session key reaches the device."""
    session_key = "00112233445566778899AABBCCDDEEFF"
    with scenario.step("SRV-08"):
        code = carrier.get_challenge_auth_code(service.get_server_random(device.id2))
        ciphertext = service.verify_and_encrypt(device.id2, product.product_key, code, session_key)
        assert session_key.encode() not in ciphertext, "the session key travels in the clear"
        require_decrypted(carrier, ciphertext, session_key.encode())
