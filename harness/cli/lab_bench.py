"""`harness lab bench`: the end of a client's connection on a bench.

A client of ours starts it, always in the same words, and again for each connection. So it is taken before the command
line is made, which costs more than all that it needs itself.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

_RUNS = "--runs="


def runs_asked(arguments: Sequence[str]) -> Path | None:
    """Return the folder of runs when these are the words of a client; None for any other command line."""
    if len(arguments) == 3 and tuple(arguments[:2]) == ("lab", "bench") and arguments[2].startswith(_RUNS):
        return Path(arguments[2].removeprefix(_RUNS))
    return None


def serve(runs: Path) -> int:
    """Answer one client on stdin and stdout until it is gone."""
    from harness.lab.bench_end import BenchEnd
    from harness.lab.starting import own_command

    BenchEnd(runs, own_command(sys.argv[0], sys.executable)).serve()
    return 0
