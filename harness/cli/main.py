"""The `harness` command: registers the commands and turns errors into one clear line and an exit code."""

import contextlib
import dataclasses
import errno
import gc
import importlib
import json
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.exceptions import TyperException

from harness import __version__
from harness.cli import lab_bench, late_methods
from harness.cli.streams import outlast
from harness.errors import HarnessError
from harness.plain_words import plain

_COMMANDS = (
    "run",
    "verify",
    "explore",
    "plan",
    "probe",
    "boards",
    "lab",
    "check_log",
    "report",
    "runs",
    "campaigns",
    "seal",
    "compare",
    "history",
    "trace",
    "simulate",
    "service",
    "bench",
    "ledger",
    "id2",
    "itls",
    "at",
    "explain",
    "discover",
    "doctor",
)
"""The modules of the commands, in the order of the help."""

_INTERRUPTED = 130
_PIPE_CLOSED = 141
_JSON = "--json"
_GARBAGE = (
    50_000  # objects made between two looks for rings of them; imports make many objects, and no garbage
)
_COMPLETING = "_HARNESS_COMPLETE"  # set by a shell that asks for words


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"harness {__version__}")
        raise typer.Exit


def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of the harness itself."""
    del version


def application(arguments: Sequence[str] = ()) -> typer.Typer:
    """Return the command line with the command that the arguments begin with; with all of them for any others."""
    app = typer.Typer(
        rich_markup_mode=None,  # help in plain text: laying it out with rich would take longer than everything else
        name="harness",
        help="Drive an ID² board or chip through onboarding and self-verification, and leave a report that can be "
        "checked.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        epilog="Exit codes: 0 passed, 1 failed, 2 usage, 3 blocked (bench), 4 tool error, 5 incomplete (what was "
        "judged passed, something planned was not judged).",
    )
    app.callback()(options)
    first = arguments[0].replace("-", "_") if arguments else ""
    for name in [first] if first in _COMMANDS and _COMPLETING not in os.environ else _COMMANDS:
        importlib.import_module(f"harness.cli.{name}").register(app)
    return app


def main() -> None:
    """Run the command line; every ending is an exit code, no traceback reaches a user."""
    gc.set_threshold(_GARBAGE)
    late_methods.compile_when_called()
    outlast()
    sys.exit(invoke(sys.argv[1:]))


def invoke(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        runs = lab_bench.runs_asked(arguments)
        if runs is not None:
            return lab_bench.serve(runs)
        code = application(arguments)(args=arguments, prog_name="harness", standalone_mode=False)
        sys.stdout.flush()  # what is held back until here may find a full disk, or nobody who reads
    except SystemExit as ending:
        if isinstance(ending.__context__, BrokenPipeError):
            return _reader_left()
        return ending.code if isinstance(ending.code, int) else 0
    except typer.Abort:
        return _INTERRUPTED
    except TyperException as error:
        error.message = plain(error.message)
        error.show()  # type: ignore[attr-defined]  # every one that a command line can cause has it
        if _JSON in arguments:
            _print_json({"message": error.format_message()}, error.exit_code)
        return error.exit_code
    except HarnessError as error:
        if _JSON in arguments:
            _print_json(_as_json(error), error.exit_code)
        return _report(error)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except OSError as error:
        print(
            f"error: {error.filename or 'the output'} cannot be written or read: {error.strerror}",
            file=sys.stderr,
        )
        if error.filename is None:
            _drop_output()
        # A name that no disk can hold was never a file: it is the command line that is wrong.
        return 2 if error.errno in {errno.ENAMETOOLONG, errno.ELOOP} else 3
    except Exception as error:  # noqa: BLE001 - the last line of defence: a user sees a sentence, not a traceback
        return _defect(error)
    return code if isinstance(code, int) else 0


def _as_json(error: HarnessError) -> dict[str, object]:
    """Return an error as JSON values; what is empty is left out, and where it was raised."""
    from harness.run.failure import ErrorRecord
    from harness.run.safe import Mask

    record = dataclasses.replace(ErrorRecord.of(error, Mask()), trace=())
    return {name: value for name, value in dataclasses.asdict(record).items() if value not in ("", (), None)}


def _print_json(error: dict[str, object], exit_code: int) -> None:
    """Leave the one JSON document that was asked for where a command could not: why not."""
    with contextlib.suppress(OSError):
        print(json.dumps({"error": error, "exit_code": exit_code}, indent=2), flush=True)


def _reader_left() -> int:
    """End quietly when the reader of our output has left (`harness trace | head`): that is its right."""
    _drop_output()
    return _PIPE_CLOSED


def _drop_output() -> None:
    """Let go of what was not written yet, or Python would try again as it ends, and end in its own way."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report(error: HarnessError) -> int:
    place = "".join(
        f"{part}: " for part in (error.board, error.transport) if part and part not in error.message
    )
    print(f"error: {place}{error.message}", file=sys.stderr)
    for line in error.traffic[-8:]:
        print(f"  last: {line}", file=sys.stderr)
    if error.hint:
        print(f"  try: {error.hint}", file=sys.stderr)
    return error.exit_code


def _defect(error: Exception) -> int:
    if os.environ.get("HARNESS_TRACEBACK"):
        raise error
    print(f"error: a defect of the harness: {type(error).__name__}: {error}", file=sys.stderr)
    print("  try: run again with HARNESS_TRACEBACK=1 and report what it prints", file=sys.stderr)
    return 4


if __name__ == "__main__":
    main()
