"""Step 5: the device-side adaptation verification, as the console does it."""

from fixtures.expect import refused
from fixtures.oracle import Oracle
from fixtures.published import CHALLENGE
from fixtures.types import Carrier, Device, Product, Scenario, Service


def test_validation_report(scenario: Scenario, carrier: Carrier, oracle: Oracle) -> None:
    """The validation report of the device verifies, item by item."""
    report = oracle.validation_report(carrier)
    scenario.evidence(
        "validation-report.json", report.encode(), media_type="application/json", title="validation report"
    )
    with scenario.step("VER-01"):
        problems = oracle.judge_validation_report(report)
        assert not problems, "; ".join(problems)


def test_ciphertext(
    scenario: Scenario, carrier: Carrier, device: Device, service: Service, product: Product
) -> None:
    """The ciphertext of the service comes back as the ID."""
    code = carrier.get_challenge_auth_code(service.get_server_random(device.id2))
    ciphertext = service.verify_and_encrypt(device.id2, product.product_key, code, device.id2)
    scenario.evidence(
        "ciphertext.hex", ciphertext.hex().upper().encode(), title="ciphertext for ID2_CIPHER_DATA"
    )
    with scenario.step("VER-02"):
        assert carrier.decrypt(ciphertext).decode("ascii", "backslashreplace") == device.id2


def test_server_code(scenario: Scenario, carrier: Carrier, oracle: Oracle) -> None:
    """The server code given to id2_app verifies, a changed one does not."""
    code = oracle.server_code(CHALLENGE)
    with scenario.step("VER-03"):
        carrier.verify_server(code, CHALLENGE)
        with refused(-1, by="the device"):
            carrier.verify_server(oracle.server_code(CHALLENGE[::-1]), CHALLENGE)
        with refused(-1, by="the device"):
            carrier.verify_server(code.replace("10~", "11~", 1), CHALLENGE, b"extra")
