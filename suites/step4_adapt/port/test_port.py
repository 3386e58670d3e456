"""Step 4: the functions of the board's port that its maker declares."""

from harness.fixtures.types import PortUnderTest, Scenario


def test_declared_functions(scenario: Scenario, port: PortUnderTest) -> None:
    """Every function of a declared group is in the firmware."""
    with scenario.step("PORT-01"):
        missing = port.missing_functions()
        assert not missing, "declared, and not in the firmware: " + "; ".join(missing)
    for group in port.undeclared_groups():
        scenario.note(
            f"the firmware has the group {group}, which declaration.port does not name: it is not judged"
        )
