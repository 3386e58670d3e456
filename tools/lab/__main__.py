"""`python -m tools.lab RESULTS -- COMMAND...`: run a command in the guest, with its exit code."""

import argparse
import sys
from pathlib import Path

from harness.errors import HarnessError
from tools.lab.guest import Guest
from tools.lab.kernel import kernel
from tools.lab.stored import stored


def main() -> int:
    """Read the command line and run the guest."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.lab",
        description="Run a command in a virtual machine with a kernel of its own and this machine's files.",
    )
    parser.add_argument("results", type=Path, help="folder that the guest sees as /mnt and may write to")
    parser.add_argument("command", nargs="*", help="command and its arguments; none only fills the cache")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds after which the guest is ended")
    parser.add_argument("--quiet", action="store_true", help="write what it prints to console.log only")
    given = parser.parse_args()
    try:
        ready = kernel()
        waiting = stored(ready)
        if not given.command:
            sys.stdout.write(f"kernel {ready.version} and a guest are ready in {ready.image.parent.parent}\n")
            return 0
        guest = Guest(ready, waiting, given.results, limit=given.limit, quiet=given.quiet)
        return guest.run(given.command, Path.cwd())
    except HarnessError as error:
        sys.stderr.write(f"error: {error.message}\n")
        for line in error.traffic:
            sys.stderr.write(f"  {line}\n")
        if error.hint:
            sys.stderr.write(f"  hint: {error.hint}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
