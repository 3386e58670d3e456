"""Step 2: what erasing a device costs."""

import pytest

from harness.fixtures.link.identity import must_be_new_when_erased
from harness.fixtures.types import LinkUnderTest, Scenario


@pytest.mark.destructive
@pytest.mark.needs_mock("it erases the device and has it provisioned again, and reads the ledger of licences")
def test_erased_device_is_a_new_one(scenario: Scenario, link: LinkUnderTest) -> None:
    """An erased device gets another ID with another key, and costs one licence more."""
    with scenario.step("LIC-06"):
        old, new = must_be_new_when_erased(link, scenario)
    with scenario.step("LIC-07"):
        assert new != old, f"the erased device is {new} again"
        before, after = link.mock.admin.device(old), link.mock.admin.device(new)
        assert after.key.reveal() != before.key.reveal(), "the new ID comes with the key of the old one"
        assert before.state == "bound", (
            f"the service has the old ID as {before.state}: its licence stays used"
        )
