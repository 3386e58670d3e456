"""Switches of the power that are programs: their success is read back, not believed.

The texts and exit codes of the stand-ins are those of the tools: uhubctl 2.5, usbrelay 1.0, ykushcmd, labgrid 26.
"""

import shutil

import pytest

from harness.board.opening.actions import operate
from harness.controller.kind import Ability
from harness.errors import BenchError, UsageError

OFF, ON = Ability.POWER_OFF, Ability.POWER_ON
QUIET = {"probe": {}}
"""A board that need not print: what it shows is judged in test_power_effects.py."""

HUB = {"kind": "uhubctl", "hub": "1-1", "port": 2, "timeout_s": 5}
RELAY = {"kind": "usbrelay", "board": "HW554", "channel": 3}
YKUSH = {"kind": "ykush", "serial": "YK12345", "port": 1}
PLACE = {"kind": "labgrid", "labgrid_place": "bench-1"}

PORTS = {
    "on": "  Port 2: 0103 power enable connect [1a86:7523 USB Serial]",
    "off": "  Port 2: 0000 off",
}


def uhubctl(*, obeys="on off", kind="ppks", second=""):
    """Return a script for uhubctl of a hub of this kind whose port obeys these actions; `second` is a half that does not."""
    kind = kind.replace("ppks", "ppps")
    half = (
        f'echo "Current status for hub 2-1 [05e3:0626, USB 3.10, 4 ports, ppps]"; echo "{second}"'
        if second
        else ""
    )
    return f"""
        test -f $S || echo on > $S
        show() {{
            echo "$1 status for hub 1-1 [05e3:0610 USB2.0 Hub, USB 2.10, 4 ports, {kind}]"
            if grep -q on $S; then echo "{PORTS["on"]}"; else echo "{PORTS["off"]}"; fi
        }}
        show Current
        case "$*" in
            *"-a off"*) echo "Sent power off request"; case "{obeys}" in *off*) echo off > $S;; esac; show New;;
            *"-a on"*) echo "Sent power on request"; case "{obeys}" in *on*) echo on > $S;; esac; show New;;
        esac
        {half}
        exit 0"""


def test_a_port_of_a_hub(use, tool):
    calls = tool("uhubctl", uhubctl())
    board = use({"hub": {**HUB, "repeat": 100}}, **QUIET)
    operate(board, OFF)
    assert calls() == ["-l 1-1 -p 2", "-l 1-1 -p 2 -a off -r 100", "-l 1-1 -p 2"]
    assert "power_off by uhubctl, hub 1-1 port 2: reads back off" in board.notes
    board.close()
    assert calls()[-2] == "-l 1-1 -p 2 -a on"


def test_uhubctl_ends_with_0_and_the_hub_did_not_obey(use, tool):
    tool("uhubctl", uhubctl(obeys="on"))
    with pytest.raises(BenchError, match="hub 1-1 port 2 was switched and is on"):
        operate(use({"hub": HUB}, **QUIET), OFF)


def test_the_other_half_of_a_usb_3_hub_stays_on(use, tool):
    tool("uhubctl", uhubctl(second="  Port 2: 0203 power 5gbps U0 enable connect [1d6b:0003]"))
    with pytest.raises(BenchError, match="was switched and is on"):
        operate(use({"hub": HUB}, **QUIET), OFF)


def test_both_halves_are_switched_when_the_board_file_names_both(use, tool):
    calls = tool("uhubctl", uhubctl())
    operate(use({"hub": {**HUB, "usb3_half": "2-1"}}, **QUIET), OFF)
    assert [call for call in calls() if "-a off" in call] == ["-l 1-1 -p 2 -a off", "-l 2-1 -p 2 -a off"]


def test_a_ganged_hub_is_not_switched_unless_the_board_is_alone_on_it(use, tool):
    calls = tool("uhubctl", uhubctl(kind="ganged"))
    board = use({"hub": HUB}, **QUIET)
    with pytest.raises(UsageError, match="hub 1-1 switches all its ports at once"):
        operate(board, OFF)
    assert not [call for call in calls() if "-a off" in call]
    board.close()
    board = use({"hub": {**HUB, "ganged": True}}, **QUIET)
    occupied = board.file.controllers["hub"].occupies()
    assert occupied[:2] == ("hub 1-1", "hub 1-1 port 1"), "the whole hub is locked, and each port of it"
    assert len(occupied) == 33
    operate(board, OFF)


def test_a_hub_that_uhubctl_does_not_have(use, tool):
    tool("uhubctl", 'echo "No compatible devices detected at location 1-1!"; exit 1')
    with pytest.raises(BenchError, match=r"uhubctl failed \(exit code 1\)") as raised:
        operate(use({"hub": HUB}, **QUIET), OFF)
    assert raised.value.traffic == ("No compatible devices detected at location 1-1!",)


def test_a_port_that_is_not_shown_is_unknown(use, tool):
    tool("uhubctl", 'echo "Current status for hub 1-1 [05e3:0610, USB 2.10, 1 ports, ppps]"; exit 0')
    with pytest.raises(BenchError, match="it shows no port 2 of hub 1-1"):
        operate(use({"hub": HUB}, **QUIET), OFF)


USBRELAY = """
    test -f $S || echo 1 > $S
    case "$*" in HW554_3=*) %s;; esac
    test -n "$*" || { echo HW554_1=0; echo "HW554_3=$(cat $S)"; }
    exit 0"""
OBEYS = 'echo "$*" | cut -d= -f2 > $S'


def test_a_channel_of_a_hid_relay(use, tool):
    calls = tool("usbrelay", USBRELAY % OBEYS)
    board = use({"relay": RELAY}, **QUIET)
    operate(board, OFF)
    operate(board, ON)
    assert calls() == ["HW554_3=0", "", "HW554_3=1", ""]
    assert "power_on by usbrelay HW554_3: reads back on" in board.notes


def test_a_channel_that_is_wired_the_other_way_round(use, tool):
    calls = tool("usbrelay", USBRELAY % OBEYS)
    operate(use({"relay": {**RELAY, "wired": "normally-closed"}}, **QUIET), OFF)
    assert calls() == ["HW554_3=1", ""]


def test_usbrelay_ends_with_0_without_a_relay(use, tool):
    tool("usbrelay", "exit 0")
    with pytest.raises(BenchError, match="it lists no relay HW554_3"):
        operate(use({"relay": RELAY}, **QUIET), OFF)


def test_usbrelay_ends_with_0_and_the_relay_did_not_obey(use, tool):
    tool("usbrelay", USBRELAY % "true")
    with pytest.raises(BenchError, match="usbrelay HW554_3 was switched and is on"):
        operate(use({"relay": RELAY}, **QUIET), OFF)


YKUSHCMD = """
    test -f $S || echo ON > $S
    case "$*" in *-d*) %s;; *-u*) echo ON > $S;; esac
    case "$*" in *-g*) echo "Downstream port 1 is $(cat $S)";; esac"""


def test_a_port_of_a_ykush(use, tool):
    calls = tool("ykushcmd", YKUSHCMD % "echo OFF > $S")
    board = use({"hub": {**YKUSH, "model": "ykush3"}}, **QUIET)
    operate(board, OFF)
    operate(board, ON)
    assert calls() == [f"ykush3 -s YK12345 {action} 1" for action in ("-d", "-g", "-u", "-g")]


def test_a_ykush_that_does_not_obey_or_says_nothing(use, tool):
    tool("ykushcmd", YKUSHCMD % "true")
    with pytest.raises(BenchError, match="port 1 was switched and is on"):
        operate(use({"hub": YKUSH}, **QUIET), OFF)


def test_a_ykush_that_says_nothing_of_the_port(use, tool):
    tool("ykushcmd", "exit 0")
    with pytest.raises(BenchError, match="it says nothing of port 1"):
        operate(use({"hub": YKUSH}, **QUIET), OFF)


def labgrid(script):
    return f'case "$*" in *get*) {script};; esac; exit 0'


def test_off_of_labgrid_is_unknown_as_it_may_mean_that_nobody_knows(use, tool):
    calls = tool("labgrid-client", labgrid('echo "power for place bench-1 is off"'))
    board = use({"place": {**PLACE, "coordinator": "10.0.0.1:20408", "resource": "main"}}, **QUIET)
    operate(board, OFF)
    assert calls()[0] == "-x 10.0.0.1:20408 -p bench-1 power --name main off"
    assert "power_off by labgrid place bench-1: reads back nothing: its state is unknown" in board.notes


def test_a_driver_of_labgrid_without_a_state(use, tool):
    tool("labgrid-client", labgrid("echo NotImplementedError; exit 1"))
    board = use({"place": PLACE}, **QUIET)
    operate(board, OFF)
    assert "power_off by labgrid place bench-1: reads back nothing: its state is unknown" in board.notes


def test_a_place_of_labgrid_that_stays_on(use, tool):
    tool("labgrid-client", labgrid('echo "power for place bench-1 is on"'))
    with pytest.raises(BenchError, match="labgrid place bench-1 was switched and is on"):
        operate(use({"place": PLACE}, **QUIET), OFF)


@pytest.mark.parametrize(
    ("controller", "package"),
    [
        (HUB, "uhubctl (Debian)"),
        (RELAY, "usbrelay (Debian)"),
        (YKUSH, "ykushcmd of Yepkit"),
        (PLACE, "labgrid (PyPI"),
    ],
)
def test_a_tool_that_is_not_there_is_named_with_its_package(use, monkeypatch, tmp_path, controller, package):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="cannot be started: No such file") as raised:
        operate(use({"it": controller}, **QUIET), OFF)
    assert f"install {package}" in raised.value.hint


def test_a_tool_that_hangs_is_ended(use, tool):
    tool("usbrelay", "sleep 60")
    with pytest.raises(BenchError, match=r"usbrelay failed \(did not end within 0\.3 s\)"):
        operate(use({"it": {**RELAY, "timeout_s": 0.3}}, **QUIET), OFF)


@pytest.mark.parametrize(("program", "controller"), [("uhubctl", HUB), ("usbrelay", RELAY)])
def test_the_real_tool_without_its_hardware_is_no_success(use, program, controller):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    with pytest.raises(BenchError):
        operate(use({"it": controller}, **QUIET), OFF)
