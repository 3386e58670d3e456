"""What a board without a probe is told, wherever something could not be judged for want of one."""

LINK_THE_PROBE = "link the probe: docs/probe.md"
"""The next thing to do, and the page to read; reports find the scenarios that wait for a probe by it."""
