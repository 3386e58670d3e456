"""Which boards the scenarios of the port are for, and what a board file must say of its network."""

from pathlib import Path

import pytest
import yaml

from harness.board.plan.applies import evaluate
from harness.board.plan.facts import facts_of
from harness.board.reading.checks import advice
from harness.board.reading.file import load
from harness.errors import BenchError, UsageError
from harness.fixtures.port.network import network_of
from harness.fixtures.requirements import load as load_requirements

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = load_requirements(ROOT / "suites" / "requirements.yaml").by_id
FIRMWARE = {"kind": "firmware", "machine": "linux", "carrier": "demo"}
SERIAL = {"kind": "serial", "port": "/dev/ttyUSB0"}


@pytest.fixture
def board(tmp_path):
    def make(transport=FIRMWARE, **sections):
        path = tmp_path / "made-up.yaml"
        plan = {
            "pattern": "own-platform",
            "carrier": "demo",
            "platform": "third-party-os",
            "key_type": "aes-128",
        }
        document = {
            "version": 1,
            "name": "made-up",
            "plan": plan,
            "transports": {"console": transport},
            "console": {"transport": "console"},
            "probe": {},
            **sections,
        }
        path.write_text(
            yaml.safe_dump({name: value for name, value in document.items() if value is not None})
        )
        return load(path)

    return make


@pytest.mark.parametrize(
    ("requirement", "port", "reason"),
    [
        ("OSA-TIME-01", ["osa"], ""),
        ("OSA-TIME-01", ["net"], "declaration.port: net, without osa"),
        ("OSA-TIME-01", [], "declaration.port: none declared"),
        ("OSA-TIME-04", ["osa"], "no controller starts the board anew"),
        ("OSA-TIME-04", ["osa", "board"], ""),
        ("OSA-MUTEX-02", ["mutex"], "declaration.port: mutex, without thread"),
        ("OSA-MUTEX-02", ["thread", "mutex"], ""),
        ("NET-03", ["net"], ""),
        ("BOARD-01", ["osa"], "declaration.port: osa, without board"),
        ("PORT-01", ["kv"], ""),
        ("PORT-01", [], "declaration.port: none declared"),
    ],
)
def test_what_is_not_declared_does_not_apply(board, requirement, port, reason):
    facts = facts_of(board(declaration={"port": port}))
    decided = evaluate(REQUIREMENTS[requirement].applies_when, facts)
    assert decided.applies is (not reason)
    assert reason in decided.reason


def test_without_a_probe_nothing_of_the_port_applies(board):
    facts = facts_of(board(probe=None, declaration={"port": ["osa"]}))
    decided = evaluate(REQUIREMENTS["PORT-01"].applies_when, facts)
    assert (decided.applies, decided.reason) == (
        False,
        "probe: none is in the firmware; link the probe: docs/probe.md",
    )


@pytest.mark.parametrize(
    ("sections", "says"),
    [
        (
            {"declaration": {"port": ["oas"]}},
            "declaration.port[0]: 'oas' is not a valid word here; did you mean",
        ),
        ({"declaration": {"port": ["osa", "osa"]}}, "declaration.port: says osa twice"),
        ({"declaration": {"thread_stack": 1}}, "declaration.thread_stack"),
        ({"limits": {"drift_ppm": 10}}, "limits.drift_ppm"),
        ({"network": {"listen": "lab.example"}}, "network.listen: must be an address of this machine"),
        ({"network": {"host": "a b"}}, "network.host"),
    ],
)
def test_what_cannot_be_declared_is_refused_with_its_place(board, sections, says):
    with pytest.raises(UsageError) as refused:
        board(**sections)
    assert says in str(refused.value)


@pytest.mark.parametrize("requirement", [f"NET-0{number}" for number in range(1, 7)])
def test_the_network_of_a_board_that_nobody_can_reach_is_not_judged(board, requirement):
    net = {"declaration": {"port": ["net"]}}
    alone = board(SERIAL, **net)
    decided = evaluate(REQUIREMENTS[requirement].applies_when, facts_of(alone))
    assert decided.reason == "network: nothing says how the board reaches this computer"
    said = [problem.text for problem in advice(alone) if problem.loc == ("declaration", "port")]
    assert len(said) == 1
    assert "write `network: {listen: ADDRESS}`" in said[0]
    for reached in (board(**net), board(SERIAL, network={}, **net)):
        assert evaluate(REQUIREMENTS[requirement].applies_when, facts_of(reached)).applies
        assert not [problem for problem in advice(reached) if problem.loc == ("declaration", "port")]


def test_a_real_board_must_say_how_it_reaches_this_computer(board):
    assert network_of(board()).listen == "127.0.0.1"
    told = board(SERIAL, network={"listen": "192.168.7.1", "host": "bench"})
    assert (network_of(told).listen, network_of(told).host) == ("192.168.7.1", "bench")
    with pytest.raises(BenchError, match="nothing says how the board reaches this computer"):
        network_of(board(SERIAL))
