"""What is read from and written to the kernel's virtual controller, on a copy of its files."""

import pytest

from harness.cli.main import invoke
from harness.errors import BenchError
from harness.simulator.usb import vhci
from harness.simulator.usb.apdu_pipe import ApduPipe
from harness.simulator.usb.vhci import Plug, Port, detach, plugged_in, ports

HEAD = "hub port sta spd dev      sockfd local_busid\n"
FREE = "hs  {:04} 004 000 00000000 000000 0-0\n"
USED = "hs  {:04} 006 002 00010002 000003 3-{}\n"
FAST = "ss  0008 004 000 00000000 000000 0-0\n"


class NoChip:
    def session(self):
        return self


@pytest.fixture
def device():
    return ApduPipe(NoChip())


@pytest.fixture
def controller(tmp_path):
    (tmp_path / "status").write_text(HEAD + USED.format(0, 1) + FREE.format(1) + FAST)
    return tmp_path


def test_ports(controller):
    assert ports(controller) == (Port(0, 6, "3-1"), Port(1, 4, "0-0"))


def test_a_kernel_without_the_controller(tmp_path, device):
    with pytest.raises(BenchError) as caught:
        Plug(device, controller=tmp_path).insert()
    assert "modprobe vhci-hcd" in caught.value.hint


def test_a_free_port_is_taken_and_a_device_that_does_not_come_up_is_let_go(controller, device):
    plug = Plug(device, patience=0.05, controller=controller)
    with pytest.raises(BenchError, match=r"did not take simulated APDU pipe 1209:1d01 within"):
        plug.insert()
    number, _, device_id, speed = (controller / "attach").read_text().split()
    assert (number, device_id, speed) == ("1", str(0x10003), "2")
    assert (controller / "detach").read_text() == "1"
    assert plug.wait_until_out()


def test_the_place_is_the_kernel_s(controller, device, monkeypatch, tmp_path):
    devices = tmp_path / "devices"
    (devices / "3-2" / "3-2:1.0").mkdir(parents=True)
    monkeypatch.setattr(vhci, "DEVICES", devices)

    def attached(self, kernel_end):
        (controller / "status").write_text(HEAD + USED.format(1, 2))
        self.other_end = kernel_end.dup()
        return 1

    monkeypatch.setattr(Plug, "_attach", attached)
    with Plug(device, controller=controller, patience=5.0) as plug:
        assert plug.place == "3-2"
        assert not plug.wait_until_out(0.01)
        (devices / "3-2" / "3-2:1.0").rmdir()
        (devices / "3-2").rmdir()
        plug.other_end.close()
        assert plug.wait_until_out(10)


def test_no_free_port(controller, device):
    (controller / "status").write_text(HEAD + USED.format(0, 1))
    with pytest.raises(BenchError, match="no free port"):
        Plug(device, controller=controller).insert()


def test_nothing_to_pull_out(tmp_path):
    with pytest.raises(BenchError, match="port 3 of vhci-hcd"):
        detach(3, tmp_path / "missing")


def test_serial_numbers_of_what_is_plugged_in(controller, monkeypatch, tmp_path):
    (controller / "status").write_text(HEAD + USED.format(0, 1) + USED.format(1, 2))
    (tmp_path / "devices" / "3-1").mkdir(parents=True)
    (tmp_path / "devices" / "3-1" / "serial").write_text("board.chip\n")
    monkeypatch.setattr(vhci, "DEVICES", tmp_path / "devices")
    assert plugged_in(controller) == {0: "board.chip", 1: ""}


@pytest.mark.skipif(vhci.CONTROLLER.exists(), reason="this machine has the controller")
@pytest.mark.parametrize("action", ["attach", "detach"])
def test_the_commands_say_which_module_is_missing(action, capsys):
    assert invoke(["simulate", action, "boards/virtual-se-i2c.yaml"]) == 3
    assert "modprobe vhci-hcd" in capsys.readouterr().err


def test_attach_wants_a_virtual_board(capsys):
    assert invoke(["simulate", "attach", "boards/example-se-i2c.yaml"]) == 2
    assert "has no simulated transports" in capsys.readouterr().err
