"""A run that a command only reads: a run folder by its name, or a zip of one."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.errors import UsageError
from harness.report.records import RunReport


@dataclass(frozen=True, slots=True)
class ReadRun:
    """A run that was read.

    Attributes:
        path: Its folder; None for one that came in a zip.
        report: What it says.
        doubts: What is wrong with the zip that it came in.
    """

    path: Path | None
    report: RunReport
    doubts: tuple[str, ...] = ()


def read(word: Path, runs: Path, name: str) -> ReadRun:
    """Read the run that is meant; a zip is unpacked as one that anybody may have made, and leaves nothing behind.

    Args:
        word: What stands on the command line.
        runs: Where the run folders are.
        name: What the run is called in doubts.

    Raises:
        UsageError: there is no such run, or the zip holds none that can be unpacked without harm.
        BenchError: it cannot be read.
    """
    from harness.cli.run_names import run_path
    from harness.report.model import load

    if word.suffix.lower() != ".zip" or word.is_dir():
        path = run_path(word, runs)
        return ReadRun(path, load(path))
    if not word.is_file():
        raise UsageError(f"{word}: there is no such zip", hint="harness pack RUN makes one of a run folder")
    return _unpacked(word, name)


def _unpacked(file: Path, name: str) -> ReadRun:
    from harness.report.model import load
    from harness.report.text import one_line
    from harness.seal.problems import Findings
    from harness.seal.unpack import unpack

    findings = Findings()
    with TemporaryDirectory(prefix="harness-compare-") as folder:
        path = unpack(file, Path(folder), findings)
        wrong = [" ".join(str(each).split()) for each in findings.problems]
        if path is None:
            raise UsageError(
                f"{file}: is not unpacked: {'; '.join(wrong[:3])}",
                hint=f"harness verify {file} tells all that is wrong with it",
            )
        try:
            report = load(path)
        except UsageError as error:
            message = one_line(error.message.replace(str(path), file.name), 400)
            raise UsageError(message, hint=f"harness verify {file} tells what is wrong with it") from None
    return ReadRun(None, report, tuple(f"{name}, in {one_line(file.name)}: {each}" for each in wrong))
