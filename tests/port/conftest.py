"""All scenarios of the port, run on a made-up firmware: which requirement comes to which verdict."""

from contextlib import ExitStack, contextmanager
from importlib import import_module
from types import SimpleNamespace

import pytest

from harness.board.models import Declaration, Limits
from harness.errors import HarnessError
from harness.fixtures.port import far_end, under_test
from harness.fixtures.port.far_end import FarEnd
from harness.fixtures.port.network import NetworkUnderTest
from harness.fixtures.port.under_test import PortUnderTest
from harness.hostload import Duration, Span, overloaded
from harness.probe.functions import Group
from harness.probe.net import Net
from tests.port.made_up_firmware import MadeUpFirmware

GROUPS = tuple(group for group in Group)
SCENARIOS = {
    "test_port": ("declared_functions",),
    "test_osa_time": ("resolution", "clock_over_time", "clock_over_reset"),
    "test_osa_sleep": ("sleep",),
    "test_osa_memory": ("calloc", "malloc", "leak", "exhausted"),
    "test_osa_text": ("print", "snprintf", "truncation"),
    "test_osa_tasks": ("mutex", "mutual_exclusion", "semaphore_in_vain", "semaphore_posted", "thread"),
    "test_network": ("connect", "refused", "data", "timeout", "half_closed"),
    "test_board": ("reset", "uptime", "crash"),
}


class Seen:
    """Takes what scenarios say, as the run does."""

    def __init__(self):
        self.verdicts = {}
        self.errors = {}
        self.findings = []
        self.notes = []
        self.measured = {}

    @contextmanager
    def step(self, requirement):
        self.verdicts[requirement] = "passed"
        try:
            yield
        except AssertionError as error:
            self.verdicts[requirement] = "failed"
            self.errors[requirement] = str(error)
            raise
        except HarnessError as error:
            self.verdicts[requirement] = error.outcome
            self.errors[requirement] = error.message
            raise

    def does_not_apply(self, requirement, reason):
        self.verdicts[requirement] = "not_applicable"
        self.errors[requirement] = reason

    def measure(self, name, value, *, unit, low=None, high=None, samples=(), uncertainty=None):
        assert low is None or low <= value, f"{name}: {value:.3f} {unit}, at least {low:g}"
        if high is not None and value > high:
            if isinstance(value, Duration) and Span(value, value.late).excuses(high):
                raise overloaded(name, Span(value, value.late), high)
            raise AssertionError(f"{name}: {value:.3f} {unit}, at most {high:g}")
        self.measured[name] = value

    def finding(self, defect, *, severity, title, detail):
        self.findings.append((defect, severity, title, detail))

    def note(self, text):
        self.notes.append(text)

    def progress(self, *_):
        pass

    @property
    def failed(self):
        return {name for name, verdict in self.verdicts.items() if verdict == "failed"}


class Fresh:
    """Inputs of a run that is not replayed."""

    def random(self, purpose, size):
        raise NotImplementedError

    def number(self, purpose, now):
        return now()

    def begin(self):
        raise NotImplementedError


class Bench:
    """A board that is a made-up firmware, and what is declared of it."""

    def __init__(self, firmware, *, simulated=False, controller=True, **declared):
        self.firmware = firmware
        self.seen = Seen()
        self.limits = Limits()
        self.declaration = Declaration(**{"port": GROUPS, "rtc": firmware.rtc, **declared})
        file = SimpleNamespace(
            limits=self.limits,
            declaration=self.declaration,
            simulated=simulated,
            probe=SimpleNamespace(start_s=10.0),
            controller=lambda _: self if controller else None,
        )
        session = SimpleNamespace(replayed=False, note=self.seen.note)
        self.port = PortUnderTest(
            SimpleNamespace(file=file, console=lambda: firmware), firmware, session, firmware.time
        )
        self.port.pause = firmware.time.pass_by

    def run(self, *modules):
        with ExitStack() as stack:
            far_end = stack.enter_context(FarEnd("127.0.0.1", "127.0.0.1", Fresh()))
            network = NetworkUnderTest(Net(self.firmware, self.firmware.time), far_end)
            for module, names in SCENARIOS.items():
                code = import_module(f"harness.suites.step4_adapt.port.{module}")
                for name in names if not modules or module in modules else ():
                    scenario = getattr(code, f"test_{name}")
                    wanted = {"scenario": self.seen, "port": self.port, "network": network}
                    names_of = scenario.__code__.co_varnames[: scenario.__code__.co_argcount]
                    with ExitStack() as trying:
                        trying.push(lambda kind, error, _: isinstance(error, AssertionError | HarnessError))
                        scenario(**{one: wanted[one] for one in names_of})
        self.firmware.close()
        return self.seen


@pytest.fixture
def bench(monkeypatch):
    """Make a bench with a firmware of this fault; a reset by its controller starts the firmware anew."""

    def make(fault="", *, missing=frozenset(), rtc=False, **given):
        monkeypatch.setattr(far_end, "_LONGEST_S", 1.0)
        firmware = MadeUpFirmware(fault, missing=missing, rtc=rtc)
        monkeypatch.setattr(under_test, "operate", lambda *_: firmware.reset("pin"))
        return Bench(firmware, **given)

    return make
