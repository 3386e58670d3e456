"""PAdES signatures inside report.pdf, by pyHanko (the extra `[pades]`): the first certifies, the second countersigns.

A signature is added behind the file, so that the bytes before it stay as typst made them.
"""

import os
import sys
from getpass import getpass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from harness.disk import write_whole
from harness.errors import BenchError, UsageError
from harness.seal.names import Role

if TYPE_CHECKING:
    from pyhanko.sign.signers import SimpleSigner

PASSPHRASE = "HARNESS_P12_PASSPHRASE"  # noqa: S105  # the name of the variable, not its value
"""Environment variable with the passphrase of a PKCS #12 file."""


def load(path: Path) -> "SimpleSigner":
    """Return the key and certificate of a PKCS #12 file.

    Raises:
        UsageError: pyHanko is missing, or the file is none, or its passphrase is not known.
    """
    try:
        from pyhanko.sign.signers import SimpleSigner  # noqa: PLC0415  # takes long, and few need it
    except ImportError as error:
        raise UsageError(
            "signing a PDF takes pyHanko, which is not installed",
            hint="install the extra: pip install 'id2-harness[pades]'; or seal without --pades",
        ) from error
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read: {error.strerror}", hint="name a PKCS #12 file (.p12, .pfx)"
        ) from error
    given = os.environ.get(PASSPHRASE)
    for passphrase in (given.encode(),) if given is not None else (b"", None):
        if (signer := _opened(SimpleSigner, data, passphrase)) is not None:
            return signer
    if given is None and sys.stdin is not None and sys.stdin.isatty():
        asked = getpass(f"Passphrase of {path.name}: ").encode()
        if (signer := _opened(SimpleSigner, data, asked)) is not None:
            return signer
    raise UsageError(
        f"{path}: is no PKCS #12 file with a key and a certificate, or its passphrase is another one",
        hint=f"give the passphrase in the environment variable {PASSPHRASE}, or run this in a terminal",
    )


def _opened(kind: "type[SimpleSigner]", data: bytes, passphrase: bytes | None) -> "SimpleSigner | None":
    from cryptography.hazmat.primitives.serialization import pkcs12  # noqa: PLC0415  # as above

    try:
        # Asked first, as pyHanko logs a traceback for what it cannot open.
        pkcs12.load_pkcs12(data, passphrase)
    except (ValueError, TypeError):
        return None
    opened: SimpleSigner | None = kind.load_pkcs12_data(data, other_certs=[], passphrase=passphrase)
    return opened


def sign(source: Path, into: Path, signer: "SimpleSigner", role: Role, name: str) -> None:
    """Add a signature to the PDF at `source`, and write it to `into`.

    Args:
        source: A PDF; with the tester's signature for the approver.
        into: Where the signed PDF goes; may be `source`.
        signer: What `load` returned.
        role: Whose signature it is: the tester's certifies the PDF, and allows only more signatures after it.
        name: Who signs, as the PDF shows it; empty for the certificate's word.

    Raises:
        UsageError: the PDF cannot be signed.
        BenchError: it cannot be read, or the disk refuses.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415  # as above
    from pyhanko.pdf_utils.misc import PdfError  # noqa: PLC0415  # as above
    from pyhanko.sign import fields, signers  # noqa: PLC0415  # as above
    from pyhanko.sign.general import SigningError  # noqa: PLC0415  # as above

    try:
        data = source.read_bytes()
    except OSError as error:
        raise BenchError(f"{source}: cannot be read: {error.strerror}") from error
    field = role.value.capitalize()
    meta = signers.PdfSignatureMetadata(
        field_name=field,
        certify=role is Role.TESTER,
        docmdp_permissions=fields.MDPPerm.FILL_FORMS,
        subfilter=fields.SigSeedSubFilter.PADES,
        name=name or None,
        reason="tested" if role is Role.TESTER else "approved",
    )
    try:
        writer = IncrementalPdfFileWriter(BytesIO(data))
        signed = signers.sign_pdf(writer, meta, signer=signer, new_field_spec=fields.SigFieldSpec(field))
    except (PdfError, SigningError, ValueError) as error:
        raise UsageError(f"{source}: cannot be signed: {error}") from error
    result = signed.getvalue()
    if not result.startswith(data):
        raise UsageError(f"{source}: would be rewritten by a signature, not added to")
    write_whole(into, result)
