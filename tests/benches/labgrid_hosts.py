"""labgrid on hosts of one machine: a real coordinator, and a real exporter for each host."""

import os
import subprocess
from pathlib import Path

from harness.lab.labgrid.coordinator import Coordinator, CoordinatorGoneError
from tests.benches.bench_hosts import ROOT, until

ADDRESS = "127.0.0.1:20408"
PROGRAMS = Path(os.environ.get("LABGRID", ROOT / ".venv-bench" / "bin"))


class Labgrid:
    def __init__(self, lab):
        self.lab = lab
        self.folder = lab.root / "coordinator"
        self.folder.mkdir()
        self.process = None
        self.exporters = {}

    def set_up(self, **section):
        lab = self.lab
        self.start()
        lab.write(labgrid={"coordinator": ADDRESS, **section})
        for host in lab.hosts:
            self.export(host)
        made = self.words("places")
        assert len(made.splitlines()) == sum(len(host.boards) for host in lab.hosts)

    def words(self, *words):
        done = subprocess.run(
            self.lab.command(*words),
            cwd=self.lab.folder,
            capture_output=True,
            text=True,
            check=True,
            env=self.environment(),
        )
        return done.stdout

    @staticmethod
    def environment():
        return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}

    def start(self):
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [PROGRAMS / "labgrid-coordinator", "-l", ADDRESS],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                env=self.environment(),
            )
        until(self.answers, 30)

    def answers(self):
        try:
            with Coordinator(ADDRESS, "test"):
                return True
        except CoordinatorGoneError:
            return False

    def restart(self):
        # Only what was saved is there after a kill; it saves now and then.
        until((self.folder / "places.yaml").exists, 30)
        self.process.kill()
        self.process.wait(30)
        self.start()
        for host in self.lab.hosts:
            if self.exporters[host.name].poll() is None:
                self.exporters[host.name].wait(60)
            self.export(host)

    def export(self, host):
        file = host.folder / "exporter.yaml"
        file.write_text(self.words("exporter-config", host.name))
        with (host.folder / "exporter.log").open("wb") as log:
            self.exporters[host.name] = subprocess.Popen(
                [
                    PROGRAMS / "labgrid-exporter",
                    "-c",
                    ADDRESS,
                    "-n",
                    host.name,
                    "--hostname",
                    host.address,
                    file,
                ],
                stdout=log,
                stderr=log,
                env=self.environment(),
            )
        until(lambda: b"Exporter ready" in (host.folder / "exporter.log").read_bytes(), 30)

    def places(self):
        with Coordinator(ADDRESS, "test") as coordinator:
            return coordinator.places()

    def holders(self):
        return {place.name: place.acquired for place in self.places().values()}

    def close(self):
        for process in [*self.exporters.values(), self.process]:
            if process is not None:
                process.kill()
                process.wait()
