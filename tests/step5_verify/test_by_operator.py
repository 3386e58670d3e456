"""`harness verify` where no controller builds and flashes: a person at the terminal does, and is told what and how."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.pages import ROOT
from tests.step5_verify.bench import Bench

pytestmark = pytest.mark.slow

PLAN = {"pattern": "own-platform", "carrier": "demo", "platform": "third-party-os", "key_type": "aes-128"}
MAKE = ["make", "--no-print-directory", "-s", "-C", str(ROOT / "firmware"), "MACHINE=linux", "CARRIER=demo"]


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    made.start()
    yield made
    made.close()


def board(folder, port):
    document = {
        "version": 1,
        "name": "by_hand",
        "plan": PLAN,
        "transports": {"console": {"kind": "serial", "port": port}},
        "console": {"transport": "console", "program": "id2_app", "boot_timeout_s": 2},
        "controllers": {"button": {"kind": "command", "acts_on": "the button", "reset": ["touch", "reset"]}},
        "device": {"id": "2122232425262728292A2B2C", "key": {"published": "aes-128"}},
        "service": {"endpoint": "mock", "product": {"name": "by_hand", "licences": 10}},
    }
    path = folder / "by_hand.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


class Person:
    """Who sits at the terminal, builds what the harness asks for, and flashes it."""

    def __init__(self, folder, bench):
        self.folder, self.bench = folder, bench
        self.images = []
        self.screen = ""

    def build(self, values):
        given = dict(re.findall(r'^#define (\w+) "(.*)"$', values, re.MULTILINE))
        image = self.folder / f"image-{len(self.images)}.elf"
        options = ["image", "LINK_PROBE=0", f"IMAGE_DIR={self.folder / 'objects'}"]
        subprocess.run([*MAKE, *options], env={**os.environ, **given}, check=True, stdout=subprocess.DEVNULL)
        shutil.copy(self.folder / "objects" / "firmware.elf", image)
        self.images.append((image, given))
        return str(image)

    def flash(self, image):
        draft = self.folder / "flash.new"
        shutil.copy(image, draft)
        draft.rename(self.bench.flash)
        return "done"

    def answer(self, asked):
        if asked.rstrip().endswith("image"):
            values = Path(re.findall(r"has its values: (\S+)", self.screen)[-1])
            return self.build(values.read_text())
        return self.flash(re.findall(r"Flash (\S+) into the board", self.screen)[-1])

    def sit(self, path):
        terminal, slave = pty.openpty()
        command = [sys.executable, "-m", "harness.cli.main", "verify", "--without-pdf", path]
        command.append(f"--runs={self.folder / 'runs'}")
        process = subprocess.Popen(
            ["setsid", "-c", "-w", *command],
            cwd=ROOT,
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        seen, until = 0, time.monotonic() + 300
        try:
            while time.monotonic() < until:
                ready, _, _ = select.select([terminal], [], [], 1.0)
                try:
                    data = os.read(terminal, 65536) if ready else b""
                except OSError:
                    break  # the other side is closed
                self.screen += data.decode(errors="replace")
                prompt = re.search(r"\r?\n {2}((?:image|result)) \([^\n]*\): $", self.screen[seen:])
                if prompt:
                    seen = len(self.screen)
                    os.write(terminal, self.answer(prompt[1]).encode() + b"\n")
            return process.wait(timeout=30)
        finally:
            process.kill()
            process.wait()
            os.close(terminal)


def test_a_person_builds_and_flashes(tmp_path, bench):
    person = Person(tmp_path, bench)
    code = person.sit(board(tmp_path, bench.port))
    assert code == 0, person.screen
    report = json.loads((tmp_path / "runs" / "latest" / "report.json").read_text())
    steps = {step["requirement"]: step["verdict"] for one in report["scenarios"] for step in one["steps"]}
    wanted = {f"VER-{number:02d}" for number in range(7, 15)}
    assert {name: steps[name] for name in wanted} == dict.fromkeys(wanted, "passed")
    assert len(person.images) == 4
    assert not person.images[0][1]["ID2_CIPHER_DATA"]
    assert len(person.images[1][1]["ID2_CIPHER_DATA"]) == 64
    assert "ID2_PRODUCT_SECRET" not in person.images[0][1], "it is shown to nobody"
    kept = [each["sha256"] for each in report["inputs"] if each["role"] == "firmware"]
    assert len(set(kept)) == 4, "each is in the report by its hash"
    assert bench.flash.read_bytes() == person.images[0][0].read_bytes(), "and the first one is back"
