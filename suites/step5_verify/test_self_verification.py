"""Step 5: the device-side adaptation verification, as the console does it."""

import pytest

from harness.fixtures.expect import refused, require_decrypted
from harness.fixtures.oracle import Oracle
from harness.fixtures.published import CHALLENGE, EXTRA
from harness.fixtures.server_codes import require_fields_compared, require_whole_comparison
from harness.fixtures.types import (
    Carrier,
    ConsoleVerification,
    Device,
    ProbeVerification,
    Product,
    Scenario,
    Service,
)

pytestmark = pytest.mark.verifies


def test_validation_report(scenario: Scenario, carrier: Carrier, oracle: Oracle) -> None:
    """The validation report of the device verifies, item by item."""
    report = oracle.validation_report(carrier)
    scenario.evidence(
        "validation-report.json", report.encode(), media_type="application/json", title="validation report"
    )
    with scenario.step("VER-01"):
        problems = oracle.judge_validation_report(report)
        assert not problems, "; ".join(problems)


@pytest.mark.authentications(1)
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
        require_decrypted(carrier, ciphertext, device.id2.encode())


def test_server_code(scenario: Scenario, carrier: Carrier, oracle: Oracle) -> None:
    """The server code given to id2_app verifies, a changed one does not."""
    code = oracle.server_code(CHALLENGE)
    with scenario.step("VER-03"):
        carrier.verify_server(code, CHALLENGE)
        with refused(-1, by="the device"):
            carrier.verify_server(oracle.server_code(CHALLENGE[::-1]), CHALLENGE)
        with refused(-1, by="the device"):
            carrier.verify_server(code.replace("10~", "11~", 1), CHALLENGE, b"extra")


def test_verification_in_console(
    scenario: Scenario, carrier: Carrier, oracle: Oracle, console_verification: ConsoleVerification
) -> None:
    """The vendor's console accepts the validation report, and the device decrypts its ciphertext."""
    report = scenario.evidence(
        "validation-report.json",
        oracle.validation_report(carrier).encode(),
        media_type="application/json",
        title="validation report for the console",
    )
    result, ciphertext = console_verification.verify(report)
    scenario.evidence("ciphertext.hex", ciphertext.hex().upper().encode(), title="ciphertext of the console")
    with scenario.step("VER-04"):
        assert result == "passed", "the console does not accept the validation report"
    with scenario.step("VER-02"):
        console_verification.judge_decryption(ciphertext, carrier, oracle)
    with scenario.step("VER-05"):
        assert console_verification.confirm(oracle.id2) == "passed", (
            "the console does not finish the verification"
        )


def test_nearly_right_server_code(scenario: Scenario, carrier: Carrier, oracle: Oracle) -> None:
    """The device looks at the whole of a server code, of its own challenge and of the server extra."""
    challenge, extra = CHALLENGE * 2, EXTRA * 64
    with scenario.step("VER-06"):
        require_whole_comparison(carrier, oracle.server_code(challenge), challenge, None)
        require_whole_comparison(carrier, oracle.server_code(challenge, extra), challenge, extra)


def test_fields_of_server_code(scenario: Scenario, carrier: Carrier, oracle: Oracle) -> None:
    """The device looks at hash and device random of a server code too, which its signature does not change with."""
    with scenario.step("VER-16"):
        require_fields_compared(carrier, oracle.server_code(CHALLENGE), CHALLENGE, None)
        require_fields_compared(carrier, oracle.server_code(CHALLENGE, EXTRA), CHALLENGE, EXTRA)


@pytest.mark.needs_mock("the service's console is asked without a person")
def test_report_off_console(
    scenario: Scenario, probe_verification: ProbeVerification, product: Product, foreign_ciphertext: bytes
) -> None:
    """The report on the console verifies, and the client does for its probe what a rebuilt id2_app would do."""
    with scenario.step("VER-15"):
        probe_verification.verify(product.product_key, foreign_ciphertext)
