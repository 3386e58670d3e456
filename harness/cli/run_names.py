"""How a command names a run: a folder, the name of one below the folder of runs, or `latest`."""

from pathlib import Path

from harness.errors import UsageError


def run_path(word: Path, runs: Path) -> Path:
    """Return the path of the run that is meant.

    Args:
        word: What stands on the command line.
        runs: Where the run folders are.

    Raises:
        UsageError: there is no such run.
    """
    if len(word.parts) == 1 and not word.is_dir():
        word = runs / word
    if not word.is_dir():
        raise UsageError(
            f"{word}: there is no such run",
            hint=f"harness runs --runs {runs} lists those that there are",
        )
    return word
