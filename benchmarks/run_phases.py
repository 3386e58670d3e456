"""Where a run's start goes: processor time of each phase of `harness run` until its first exchange, as a breakdown.

Processor time is that of the process itself, so other work on the machine counts little. Each phase is the median of
several runs; the reference beside them is what the libraries alone take that no run can do without.
"""

import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
BOARD = "boards/virtual-se-i2c.yaml"
RUNS = 5
REFERENCE = "import pytest, typer, pydantic.types, time; print(time.process_time())"
PHASES = (
    "Python, and the command line",
    "imports of the command",
    "pytest, models, board file",
    "plugins of pytest",
    "suites are collected",
    "what applies is planned",
    "header, plan and journal",
    "until the first exchange",
)


class Marks:
    """Takes the processor time at the end of each phase, in the process that is measured."""

    def __init__(self) -> None:
        self.at = [0.0]

    def end(self, phase: int) -> None:
        """Take the end of a phase once; those that were not seen took nothing."""
        while len(self.at) <= phase:
            self.at.append(time.process_time())


def before(owner: object, name: str, seen: Callable[[], object]) -> None:
    """Call `seen` before a function of `owner` is called."""
    real = getattr(owner, name)

    def called(*arguments: object, **more: object) -> object:
        seen()
        return real(*arguments, **more)

    setattr(owner, name, called)


class Imports(MetaPathFinder):
    """Looks at modules as the command imports them: importing them for it would change what is measured."""

    def __init__(
        self, begun: Callable[[str], object], done: dict[str, Callable[[ModuleType], object]]
    ) -> None:
        self._begun, self._done = begun, done

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        self._begun(name)
        done = self._done.pop(name, None)
        if done is None:
            return None
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def executed(module: ModuleType) -> None:
            execute(module)
            done(module)

        spec.loader.exec_module = executed
        return spec


def measured(runs: str) -> None:
    """Run until the first exchange with the board, then print the marks and the modules that are loaded."""
    marks = Marks()

    def first_exchange(*_: object, **__: object) -> None:
        marks.end(8)
        told = {
            "marks": marks.at,
            "modules": sorted(sys.modules),
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        Path(runs, "told.json").write_text(json.dumps(told))
        os._exit(0)

    def pytest_config(module: ModuleType) -> None:
        loaded = module.get_config

        class Hooks:
            def pytest_configure(self) -> None:
                marks.end(4)

            @module.hookimpl(tryfirst=True)
            def pytest_collection_modifyitems(self) -> None:
                marks.end(5)

        def with_marks(*arguments: object, **more: object) -> object:
            found = loaded(*arguments, **more)
            found.pluginmanager.register(Hooks())
            return found

        module.get_config = with_marks

    def session(module: ModuleType) -> None:
        before(module.HarnessSession, "start", lambda: marks.end(6))
        before(module.HarnessSession, "begin", lambda: marks.end(7))

    done = {
        "pytest": lambda module: before(module, "main", lambda: marks.end(3)),
        "_pytest.config": pytest_config,
        "harness.fixtures.session": session,
        "harness.transport.recording.writer": lambda module: setattr(
            module.Recording, "data", first_exchange
        ),
    }
    sys.meta_path.insert(0, Imports(lambda name: marks.end(2) if name == "pytest" else None, done))
    from harness.cli import main

    marks.end(1)
    sys.argv = ["harness", "run", "--quick", "--quiet", f"--runs={runs}", BOARD]
    main.main()


def phases() -> dict[str, object]:
    """Return the marks of one run in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(Path(__file__).resolve()), folder]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        return json.loads(Path(folder, "told.json").read_bytes())


def reference() -> float:
    """Return the processor time of the libraries alone, in seconds."""
    command = [sys.executable, "-c", REFERENCE]
    return float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def show() -> float:
    """Print the breakdown, and return the seconds of processor time until the first exchange."""
    phases(), reference()  # compiles what is not compiled yet
    found = [(phases(), reference()) for _ in range(RUNS)]
    alone = statistics.median(other for _, other in found)
    previous = 0.0
    for number, name in enumerate(PHASES, start=1):
        at = statistics.median(one["marks"][number] for one, _ in found)
        print(f"{name:<30} {at - previous:6.3f} s  {at:6.3f} s")
        previous = at
    ratio = statistics.median(one["marks"][-1] / other for one, other in found)
    print(f"in all {ratio:.2f} x the imports of pytest, typer and pydantic alone ({alone:.3f} s)")
    print(f"modules {len(found[0][0]['modules'])}, peak {found[0][0]['peak_mib']:.0f} MiB until then")
    return previous


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measured(sys.argv[1])
    show()
