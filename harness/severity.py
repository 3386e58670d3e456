"""How much a defect or a finding matters: one scale for known defects, consoles, misbehaviours and runs."""

from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters to someone who would ship the device."""

    INFO = "info"
    """It costs time, or tells outsiders more than it should, and breaks nothing."""
    MINOR = "minor"
    """A documented function does not do what it should."""
    MAJOR = "major"
    """It weakens what ID² is for."""
    CRITICAL = "critical"
    """Keys or identity fall."""
