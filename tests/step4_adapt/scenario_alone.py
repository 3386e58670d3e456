"""A scenario without a run around it: what its steps came to, and what it found."""

import inspect
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from harness.errors import BenchError, DeviceError


@dataclass
class ScenarioAlone:
    """Takes what a scenario says.

    Attributes:
        steps: By requirement: `passed`, `n/a: …`, `failed: …`, `blocked: …` or `not_run: …`.
        findings: Ids and severities of the findings.
        notes: The notes.
    """

    steps: dict = field(default_factory=dict)
    findings: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    measured: list = field(default_factory=list)

    @contextmanager
    def step(self, requirement):
        self.steps[requirement] = "entered"
        try:
            yield
        except (AssertionError, DeviceError) as error:
            self.steps[requirement] = f"failed: {error}"
            raise
        except BenchError as error:
            self.steps[requirement] = f"blocked: {error}"
            raise
        except pytest.skip.Exception as error:
            self.steps[requirement] = f"not_run: {error}"
            raise
        self.steps[requirement] = "passed"

    def does_not_apply(self, requirement, reason):
        assert reason
        self.steps[requirement] = f"n/a: {reason}"

    def finding(self, defect, *, severity, title, detail):
        assert title
        assert detail
        self.findings.append((defect, str(severity)))

    def note(self, text):
        self.notes.append(text)

    def measure(self, name, value, *, unit, low=None, high=None, samples=(), uncertainty=None):
        del low, samples, uncertainty
        self.measured.append((name, float(value), unit))
        assert high is None or value <= high, f"{name} is {value}"

    def progress(self, done, total, what):
        del done, total, what


def judged(module, given, names=None):
    """Run the scenarios of a module one after the other, each with what it asks for out of `given`.

    Returns:
        What all of them came to, together.
    """
    together = ScenarioAlone()
    for name, function in inspect.getmembers(module, inspect.isfunction):
        wanted = set(inspect.signature(function).parameters) - {"scenario"}
        if not name.startswith("test_") or not wanted <= set(given) or (names and name not in names):
            continue
        alone = ScenarioAlone()
        try:
            function(alone, **{each: given[each] for each in wanted})
        except (AssertionError, DeviceError, BenchError, pytest.skip.Exception) as error:
            if not any(each.startswith(("failed", "blocked", "not_run")) for each in alone.steps.values()):
                raise RuntimeError(f"{name} ended outside of its steps") from error
        together.steps |= alone.steps
        together.findings += alone.findings
        together.notes += alone.notes
        together.measured += alone.measured
    return together
