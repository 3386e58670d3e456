"""Step 2: authorization. What a licence is spent on, and what is refused."""

import pytest

from harness.fixtures.expect import refused
from harness.fixtures.types import Cloud, Device, Scenario


@pytest.mark.needs_mock("it makes a product without licences, and the service forget the device's use")
def test_zero_quota_refuses_activation(scenario: Scenario, cloud: Cloud, device: Device) -> None:
    """A product without licences refuses the device."""
    empty = cloud.create_product("without_licences", licences=0)
    with scenario.step("LIC-01"):
        with refused(16, by="the service"):
            device.authenticate(empty)
        assert cloud.licences(empty).used == 0, "a licence was consumed by a refused activation"
        assert not cloud.is_activated(device.id2), "the device is activated although it was refused"


@pytest.mark.needs_mock("it makes a product, and the service forget the device's use")
def test_first_success_consumes_one(scenario: Scenario, cloud: Cloud, device: Device) -> None:
    """The first success consumes one licence, a later one none."""
    product = cloud.create_product("two_licences", licences=2)
    with scenario.step("LIC-02"):
        device.authenticate(product)
        used = cloud.licences(product).used
        assert used == 1, f"{used} licences used after the first success"
        assert cloud.is_activated(device.id2)
    with scenario.step("LIC-03"):
        device.authenticate(product)
        used = cloud.licences(product).used
        assert used == 1, f"{used} licences used after the second success"


@pytest.mark.needs_mock("it makes products, and the service forget the device's use")
def test_wrong_product_is_refused(scenario: Scenario, cloud: Cloud, device: Device) -> None:
    """A bound device is refused under another product, and under one that does not exist."""
    first = cloud.create_product("first_product", licences=1)
    second = cloud.create_product("second_product", licences=1)
    device.authenticate(first)
    with scenario.step("LIC-04"):
        with refused(12, by="the service"):
            device.authenticate(second)
        assert cloud.licences(second).used == 0
    with scenario.step("LIC-05"), refused(51, by="the service"):
        device.authenticate_under("a1nosuchpro")
