"""Device randoms of auth codes: repeated ones are found, and the demo's generator is named."""

import itertools
import os
from types import SimpleNamespace

import pytest
from fake_port import FakeScenario

from harness.errors import DeviceError
from harness.fixtures.hal.device_random import CODES, DeviceRandoms
from harness.fixtures.randoms import Randoms


class Codes:
    def __init__(self, randoms):
        self.randoms = iter(randoms)

    def get_challenge_auth_code(self, challenge):
        return f"0~2~{next(self.randoms)}~{challenge}~4sx4q/vZtJeBciBhpfzBwLaw7kXg4s2mmZxSoehsKtyXnA1nt3r97vPi1Bnh6fF1"


def device_randoms(randoms):
    session = SimpleNamespace(randoms=Randoms())
    return DeviceRandoms(None, Codes(randoms), session)


def sound():
    return (os.urandom(8).hex().upper() for _ in itertools.count())


def demo(milliseconds):
    """Yield what the vendor's demo makes: two words of a congruence that each code seeds with the clock."""
    for now in milliseconds:
        first = (now * 1664525 + 1013904223) % 2**32
        second = (first * 1664525 + 1013904223) % 2**32
        yield f"{first:08X}{second:08X}"


def test_sound_randoms_pass():
    found = device_randoms(sound())
    found.make(CODES)
    scenario = FakeScenario()
    found.tell_known_defect(scenario)
    assert found.repeated() == ""
    assert scenario.findings == []
    assert len(found._session.randoms.draws) == CODES


def test_one_repeated_random_is_named():
    values = list(itertools.islice(sound(), 99))
    found = device_randoms([*values, values[10]])
    found.make(100)
    assert found.repeated() == f"99 different device randoms in 100 codes: {values[10]} came 2 times"


def test_demo_of_the_vendor_is_named():
    found = device_randoms(demo([1_000, 1_000, 1_001]))
    found.make(3)
    scenario = FakeScenario()
    found.tell_known_defect(scenario)
    assert "known defect k.4" in found.repeated()
    assert scenario.findings == ["k.4"]


def test_what_is_no_code_is_the_devices_fault():
    found = device_randoms(["nonsense"])
    with pytest.raises(DeviceError, match="is no auth code"):
        found.make(1)
