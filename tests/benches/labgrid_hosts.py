"""labgrid on hosts of one machine: a real coordinator, and a real exporter for each host."""

import io
import os
import subprocess
from contextlib import redirect_stdout
from pathlib import Path

from harness.cli.main import invoke
from harness.lab.labgrid.coordinator import Coordinator, CoordinatorGoneError
from tests.benches.bench_hosts import ROOT, until

ADDRESS = "127.0.0.1:20408"
PROGRAMS = Path(os.environ.get("LABGRID", ROOT / ".venv-bench" / "bin"))


class Labgrid:
    """A coordinator and its exporters, which may serve one lab after another: hosts and boards have the same names."""

    def __init__(self, folder):
        self.folder = folder
        self.lab = None
        self.process = None
        self.exporters = {}

    def serve(self, lab, **section):
        """Serve this lab: what runs goes on, what is gone starts, and nobody has a place."""
        self.lab = lab
        lab.write(labgrid={"coordinator": ADDRESS, **section})
        if self.process is None or self.process.poll() is not None:
            self.start()
        self.export_all()
        boards = sum(len(host.boards) for host in lab.hosts)
        if len(self.places()) < boards:
            assert len(self.words("places").splitlines()) == boards
        with Coordinator(ADDRESS, "test") as coordinator:
            for place in coordinator.places().values():
                if place.acquired:
                    coordinator.release(place.name, place.acquired)

    def words(self, *words):
        said = io.StringIO()
        with redirect_stdout(said):
            assert invoke(["lab", *words, f"--lab={self.lab.folder / 'lab.yaml'}"]) == 0
        return said.getvalue()

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
        self.export_all()

    def export_all(self):
        """Start the exporters that are gone: those that lose their coordinator end, and expect to be started again."""
        started = {
            host: self.export(host)
            for host in self.lab.hosts
            if host.name not in self.exporters or self.ends(self.exporters[host.name])
        }
        for log in started.values():
            until(lambda log=log: b"Exporter ready" in log.read_bytes(), 30)

    def ends(self, exporter):
        if exporter.poll() is None and exporter.coordinator is not self.process:
            exporter.wait(60)
        return exporter.poll() is not None

    def export(self, host):
        file = self.folder / f"{host.name}.yaml"
        file.write_text(self.words("exporter-config", host.name))
        log = self.folder / f"{host.name}.log"
        with log.open("wb") as out:
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
                stdout=out,
                stderr=out,
                env=self.environment(),
            )
        self.exporters[host.name].coordinator = self.process
        return log

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
