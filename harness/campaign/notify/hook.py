"""One command that is told of a campaign, carried out: bounded in time, ended with all that it started."""

import os
import re
import select
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError
from harness.report.text import one_line
from harness.run.programs import end_group, start_program
from harness.run.safe import Mask
from harness.secret import Secret
from harness.settings.notify import Occasion

TOLD = "HARNESS_NOTIFY"
"""The environment variable that says what the command is told of."""

_POLL_S = 0.1
_KEPT = 8_192
_SHORTEST = 8  # characters of an argument that may be a secret, such as an address with a token in it
_SHOWN = 200  # characters of the last line that it printed
_LINE_END = re.compile(r"[\r\n]+")
_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|AUTH|WEBHOOK|(PASS|KEYS?|KEYID)\d*(_|$)|(^|_)PIN(_|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Hook:
    """A command that is told of a campaign.

    Attributes:
        command: Program and arguments.
        on: What it is told of.
        timeout_s: Seconds that it may take.
        folder: Where it runs.
        named_in: Where it is written down, for messages.
        secrets: What it may know and print, and nobody may read.
    """

    command: tuple[str, ...]
    on: frozenset[Occasion]
    timeout_s: float
    folder: Path
    named_in: str
    secrets: tuple[Secret, ...] = ()

    def tell(
        self, occasion: Occasion, document: bytes, environment: Mapping[str, str], stop: threading.Event
    ) -> str:
        """Run the command with a document on its standard input; return what went wrong, empty for nothing.

        Args:
            occasion: What it is told of.
            document: The document.
            environment: Its environment.
            stop: Ends it when it is set.
        """
        with tempfile.TemporaryFile() as given:
            given.write(document)
            given.seek(0)
            try:
                process = start_program(
                    self.command,
                    self.folder,
                    {**environment, TOLD: occasion},
                    named_in=self.named_in,
                    given=given,
                )
            except HarnessError as error:
                return error.message
            try:
                ended, said = _until_it_ends(process, self.timeout_s, stop)
            finally:
                end_group(process)
                if process.stdout is not None:
                    process.stdout.close()
        if ended and process.returncode == 0:
            return ""
        how = f"exit code {process.returncode}"
        if not ended:
            how = "ended with the campaign" if stop.is_set() else f"did not end within {self.timeout_s:g} s"
        last = _last_line(self._hidden(said, environment))
        return f"{self.named_in}: {self.command[0]!r} was told of {occasion}: {how}{last}"

    def _hidden(self, said: bytes, environment: Mapping[str, str]) -> bytes:
        """Return what it printed without its arguments, and without what it finds in its environment or knows else."""
        mask = Mask()
        for secret in self.secrets:
            mask.add(secret)
        named = {
            name
            for name in environment
            if any(f"${name}" in word or f"${{{name}" in word for word in self.command)
        }
        words = [value for name, value in environment.items() if name in named or _SECRET_NAME.search(name)]
        for word in (*self.command[1:], *words):
            if len(word) >= _SHORTEST:
                mask.add(Secret(word.encode(errors="surrogateescape")))
        return mask.data(said)


def _last_line(said: bytes) -> str:
    lines = [line for line in _LINE_END.split(said.decode(errors="backslashreplace")) if line.strip()]
    if not lines:
        return ""
    return f": {'…' if len(lines[-1]) > _SHOWN else ''}{one_line(lines[-1][-_SHOWN:], _SHOWN)}"


def _until_it_ends(
    process: subprocess.Popen[bytes], limit: float, stop: threading.Event
) -> tuple[bool, bytes]:
    """Wait for a process; return whether it ended by itself, and the last of what it printed."""
    assert process.stdout is not None, "it was started with a pipe"
    output, said = process.stdout.fileno(), b""
    deadline = time.monotonic() + limit
    while not stop.is_set() and time.monotonic() < deadline:
        over = process.poll() is not None
        ready, _, _ = select.select([output], [], [], 0 if over else _POLL_S)
        part = os.read(output, 65_536) if ready else b""
        said = (said + part)[-_KEPT:]
        # What it printed last may still be in the pipe; what its children print is not waited for.
        if over and not part:
            return True, said
        if ready and not part:  # it closed its output and goes on
            stop.wait(_POLL_S)
    return process.poll() is not None, said
