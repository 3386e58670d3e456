"""`harness simulate attach` and `detach`, as a user types them on a lab PC."""

import multiprocessing
import os
import sys

from harness.board.reading.file import load
from harness.cli.main import invoke
from harness.simulator.usb.vhci import plugged_in
from harness.transport.serial.find import find_port

BOARD = "boards/virtual-se-mtk.yaml"


def serve(arguments, fileno):
    with os.fdopen(fileno, "w", buffering=1) as sys.stdout:
        code = invoke(arguments)
    sys.exit(code)


def test_attach_and_detach(tmp_path, capsys):
    file = tmp_path / "attached.yaml"
    ours, its = os.pipe()
    arguments = ["simulate", "attach", BOARD, "--board-file", str(file)]
    # A copy of this process: starting Python anew would take the emulated processor half a minute.
    serving = multiprocessing.get_context("fork").Process(target=serve, args=(arguments, its))
    serving.start()
    os.close(its)
    with os.fdopen(ours) as output:
        printed = []
        while (line := output.readline()) and line != "attached\n":
            printed.append(line)
        where = find_port(serial_number="virtual-se-mtk.chip")
        assert where in printed[0]
        assert load(file).transports["chip"].usb.serial_number == "virtual-se-mtk.chip"
        assert invoke(["simulate", "attach", BOARD]) == 3
        assert "is attached already" in capsys.readouterr().err
        assert invoke(["simulate", "detach", BOARD]) == 0
        assert output.read() == "detached\n"
    serving.join(30)
    assert serving.exitcode == 0
    assert "virtual-se-mtk.chip" not in plugged_in().values()
    assert invoke(["simulate", "detach", "virtual-se-mtk"]) == 2
    assert "no board 'virtual-se-mtk' is attached" in capsys.readouterr().err
