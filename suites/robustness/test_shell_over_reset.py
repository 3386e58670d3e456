"""Robustness: the shell of the board after a reset."""

from harness.fixtures.types import Scenario, ShellUnderTest


def test_shell_over_reset(scenario: Scenario, shell: ShellUnderTest) -> None:
    """After a reset the shell takes commands again."""
    if none := shell.absence:
        scenario.does_not_apply("ROB-06", none)
        return
    with scenario.step("ROB-06"):
        deaf = shell.deaf_after_reset()
        assert not deaf, deaf
    shell.tell_cause(scenario)
