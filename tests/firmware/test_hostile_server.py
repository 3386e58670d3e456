"""The link of the firmware against servers that are wrong in one thing each, under ASan and UBSan."""

import subprocess
from pathlib import Path

import pytest

from tests.firmware.conftest import ROOT, compile_c

pytestmark = pytest.mark.slow  # ASan and UBSan take a few seconds to build, and many to play

FIRMWARE = ROOT / "firmware"
PARTS = ("link/itls_*.c", "link/mqtt.c", "link/link_traffic.c", "client/crypto/*.c")
SANITIZED = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@pytest.fixture(scope="module")
def play(tmp_path_factory):
    program = tmp_path_factory.mktemp("hostile") / "hostile-server"
    files = sorted(file for part in PARTS for file in FIRMWARE.glob(part))
    folders = [f"-I{FIRMWARE / name}" for name in ("include", "client", "link", ".")]
    options = (*SANITIZED, "-D_GNU_SOURCE", "-DID2_LINK=1", "-DID2_CARRIER=ID2_CARRIER_KM", *folders)
    own = Path(__file__).with_name("hostile_server.c")
    said = compile_c(program, own, *files, options=(*options, "-Wno-conversion"))
    assert said is None, said

    def run(rounds, seed):
        return subprocess.run(
            [program, str(rounds), str(seed)], capture_output=True, text=True, timeout=1800, check=False
        )

    return run


def test_a_hostile_server_does_no_harm(play):
    done = play(150, 1)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout.split()[0]) >= 150 / 16, "the sound servers among them are let in"


@pytest.mark.parametrize("seed", [2, 3])
def test_thousands_of_hostile_servers_do_no_harm(play, seed):
    done = play(3000, seed)
    assert (done.returncode, done.stderr) == (0, "")
