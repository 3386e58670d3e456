"""The names of a seal: its files, its signers, what signatures are made for. Source: report.md 4."""

from enum import StrEnum
from typing import Final

SUMS: Final = "SHA256SUMS"
GUIDE: Final = "VERIFY.txt"
RECORD: Final = "seal.json"
PDF: Final = "report.pdf"
APPROVED_PDF: Final = "report-approved.pdf"
APPROVED_PDF_SIGNATURE: Final = "report-approved.pdf.sig"
ATTESTATION: Final = "attestation.dsse.json"
ATTESTATION_KEY: Final = "attestation.pub"

NAMESPACE: Final = "harness-report@v1"
"""What a signature was made for; `ssh-keygen` refuses one that was made for anything else."""


class Role(StrEnum):
    """Who signs: two people with two keys."""

    TESTER = "tester"
    APPROVER = "approver"

    @property
    def signature(self) -> str:
        """Name of the file with this one's signature."""
        return f"{SUMS}.{self}.sig"

    @property
    def token(self) -> str:
        """Name of the file with the time stamp of that signature."""
        return f"{self.signature}.tsr"

    @property
    def token_signature(self) -> str:
        """Name of the file with this one's signature over the time stamp, whose service signs only a part of it."""
        return f"{self.token}.sig"


UNLISTED = frozenset(
    {
        SUMS,
        APPROVED_PDF,
        APPROVED_PDF_SIGNATURE,
        ATTESTATION,
        *(role.signature for role in Role),
        *(role.token for role in Role),
        *(role.token_signature for role in Role),
    }
)
"""Files at the top of a folder that SHA256SUMS cannot list: they are made after it, and each is checked by itself."""
