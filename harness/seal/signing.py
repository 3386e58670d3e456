"""What sealing and approving share: who signs, the time stamp of a signature, and a folder as it was when it fails."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.disk import write_whole
from harness.errors import UsageError
from harness.report.text import one_line
from harness.run.folder import RunFolder
from harness.seal import people, sshsig, time_stamp
from harness.seal.names import PDF, Role


def one_name(given: str, said: str, role: str) -> str:
    """Return the name of a signer, given what the command and the report say.

    Raises:
        UsageError: they name two people.
    """
    if given and said and not people.same_person(given, said):
        raise UsageError(
            f"the report names {one_line(said)} as {role}, and {one_line(given)} is given",
            hint=f"leave the name out, or test again with another report.{role} in the board file",
        )
    return (given or said).strip()


def stamp(run: RunFolder, role: Role, key: Path, tsa: str) -> None:
    """Have a service stamp the signature of `role`, and sign what it gave: in it, not every byte is the service's word.

    Raises:
        HarnessError: the service gives no token, or the key cannot sign.
    """
    token = run.path / role.token
    write_whole(token, time_stamp.fetch((run.path / role.signature).read_bytes(), tsa))
    sshsig.sign(token, key, run.path / role.token_signature)


@contextmanager
def undone_on_error(run: RunFolder) -> Iterator[list[str]]:
    """Give a list of names to add to before each is written; they are removed when the block fails."""
    written: list[str] = []
    pdf = run.path / PDF
    before = pdf.stat().st_size if pdf.is_file() else 0
    try:
        yield written
    except BaseException:
        with suppress(OSError):
            if before and pdf.stat().st_size > before:
                os.truncate(pdf, before)
        for name in written:
            with suppress(OSError):
                (run.path / name).unlink(missing_ok=True)
        raise
