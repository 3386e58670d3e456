"""Step 5 as the vendor describes it: id2_app is built with what the service gives, flashed and run again."""

import pytest

from harness.fixtures.types import Cloud, Product, Rebuild, Scenario, Service

pytestmark = [pytest.mark.verifies, pytest.mark.rebuilds]


def test_rebuilt_with_answer(scenario: Scenario, rebuild: Rebuild) -> None:
    """The service verifies the report of id2_app, and id2_app, built with its answer, decrypts the ciphertext."""
    with scenario.step("VER-07"):
        first = rebuild.first_start()
    with scenario.step("VER-08"):
        verified = rebuild.verify(first)
    with scenario.step("VER-07"):
        second = rebuild.start_with_answer(verified)
    with scenario.step("VER-09"):
        rebuild.require_decryption(verified, second)
    with scenario.step("VER-14"):
        rebuild.require_no_secret()


def test_rebuilt_with_server_code(scenario: Scenario, rebuild: Rebuild) -> None:
    """Built with the server code of the service, id2_app accepts it."""
    if rebuild.has_no_server_code():
        scenario.does_not_apply("VER-10", "the service's console gives no server code")
        return
    with scenario.step("VER-10"):
        rebuild.require_server_code()


def test_rebuilt_with_foreign_ciphertext(
    scenario: Scenario, rebuild: Rebuild, service: Service, cloud: Cloud, product: Product
) -> None:
    """Built with the ciphertext of another device, id2_app refuses it."""
    del product  # it has a licence
    rebuild.proceed()
    with scenario.step("VER-07"):
        start = rebuild.start_with_foreign_ciphertext(service.get_server_random(rebuild.id2), cloud.now_ms())
    with scenario.step("VER-12"):
        rebuild.require_refused_ciphertext(start)
    with scenario.step("VER-14"):
        rebuild.require_no_secret()


@pytest.mark.authentications(1)
def test_rebuilt_with_fresh_challenge(scenario: Scenario, rebuild: Rebuild, service: Service) -> None:
    """Built with a fresh challenge and timestamp, id2_app makes its codes over them, and the service verifies one."""
    rebuild.proceed()
    with scenario.step("VER-11"):
        rebuild.require_fresh(service)


def test_rebuilt_with_foreign_server_code(scenario: Scenario, rebuild: Rebuild) -> None:
    """Built with a server code over another challenge, id2_app refuses it."""
    rebuild.proceed()
    with scenario.step("VER-07"):
        start = rebuild.start_with_foreign_server_code()
    with scenario.step("VER-13"):
        rebuild.require_refused_server_code(start)
    with scenario.step("VER-14"):
        rebuild.require_no_secret()
