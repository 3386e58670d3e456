"""A board without a probe: what cannot be judged says so, with the page to read, and is never left out silently."""

import pytest

from harness.board.plan.applies import evaluate, facts_of
from harness.board.plan.preview import PlannedScenario, as_text, preview
from harness.fixtures.requirements import load as load_requirements
from harness.fixtures.suites import SUITES
from harness.probe.linking import LINK_THE_PROBE

REQUIREMENTS = load_requirements(SUITES / "requirements.yaml").by_id
NEEDS_A_PROBE = ("OSA-MEM-01", "HAL-ID-01", "HAL-PART-01", "HAL-RND-01", "PORT-01")
FILE = """\
version: 1
name: lab
plan: {{pattern: own-platform, carrier: {carrier}, platform: third-party-os, key_type: aes-128}}
transports:
  console: {{kind: serial, port: /dev/ttyS0}}
console: {{transport: console}}
{more}
"""
PAGE = "docs/probe.md"


@pytest.fixture
def board(load_text):
    return lambda carrier, more="": load_text(FILE.format(carrier=carrier, more=more))


def decided(board, requirement):
    return evaluate(REQUIREMENTS[requirement].applies_when, facts_of(board))


def of_the_port():
    return [name for name in REQUIREMENTS if "probe and port" in REQUIREMENTS[name].applies_when]


@pytest.mark.parametrize("carrier", ["km", "tee", "demo"])
def test_what_needs_a_probe_says_so_once(board, carrier):
    file = board(carrier)
    assert len(of_the_port()) > 50
    for name in of_the_port():
        found = decided(file, name)
        assert not found.applies
        assert found.reason.count(LINK_THE_PROBE) == 1, name
        assert "none declared" not in found.reason
    assert LINK_THE_PROBE.endswith(PAGE)


@pytest.mark.parametrize("carrier", ["km", "tee", "demo", "module", "se"])
def test_what_needs_the_client_says_how_it_is_reached(board, carrier):
    found = decided(board(carrier), "SRV-01")
    assert not found.applies
    assert LINK_THE_PROBE in found.reason
    wanted = {"module": "carrier section", "se": "wire it to this computer"}.get(
        carrier, "none is in the firmware"
    )
    assert wanted in found.reason


def test_chip_scenarios_of_an_se_behind_a_console_say_how_it_is_reached(board):
    assert "wire it to this computer" in decided(board("se"), "SE-ID-01").reason


def test_with_a_probe_nothing_asks_for_one(board):
    file = board("km", "probe: {}\ncarrier: {kind: probe}\ndeclaration: {port: [osa], features: []}\n")
    assert decided(file, "PORT-01").applies
    for name in REQUIREMENTS:
        assert LINK_THE_PROBE not in decided(file, name).reason


def test_a_chip_without_a_firmware_is_not_told_to_link_one(load_text, sound):
    file = load_text(sound)
    found = decided(file, "PORT-01")
    assert (found.applies, LINK_THE_PROBE in found.reason) == (False, False)


def test_a_console_that_is_played_back_is_not_told_to_link_one(load_text):
    text = FILE.format(carrier="km", more="").replace(
        "kind: serial, port: /dev/ttyS0", "kind: simulated-console, file: x.log"
    )
    assert LINK_THE_PROBE not in decided(load_text(text), "PORT-01").reason


@pytest.mark.parametrize(("carrier", "judged"), [("km", True), ("tee", True)])
def test_what_is_judged_from_outside_applies_without_a_probe(board, carrier, judged):
    link = (
        "link: {listen: 0.0.0.0, device_name: lab-1, offers: [provisioning, mqtt, reconnect]}\n"
        "declaration: {features: [otp]}\n"
    )
    file = board(carrier, link)
    # Console, link, provisioning and its ledger, persistence over a restart, device random, secrets on the wire.
    for name in ("LOG-01", "LOG-08", "LOG-10", "LINK-01", "LINK-03", "LINK-04", "RND-02"):
        assert decided(file, name).applies is judged, name


def test_plan_counts_what_waits_for_a_probe(board):
    scenarios = [
        PlannedScenario("step1_plan", "The plan can be built", ("PLAN-01",)),
        PlannedScenario(
            "step4_adapt", "One", ("PORT-01",), f"probe: none is in the firmware; {LINK_THE_PROBE}"
        ),
        PlannedScenario("step4_adapt", "Two", ("OSA-MEM-01",), f"probe: none; {LINK_THE_PROBE}"),
        PlannedScenario("step4_adapt", "Three", ("SE-ID-01",), "chip: there is no chip section"),
    ]
    text = as_text(preview(board("km")), scenarios)
    assert "1 would run, 3 do not apply" in text
    assert f"2 of those that do not apply need a probe in the firmware; {LINK_THE_PROBE}" in text
    assert "a probe in the firmware" not in as_text(preview(board("km")), scenarios[:1])
