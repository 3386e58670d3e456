"""TLS for a listener: a certificate from files, or one of an authority made for this run alone."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError

_OWN_NAMES = ("127.0.0.1", "localhost", "::1")
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on
_BEGIN = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Tls:
    """What a TLS listener needs.

    Attributes:
        context: For the server: certificate, key, TLS 1.2 or newer.
        ca_pem: What a client has to trust, PEM: the authority of this run, or the last certificate of the file.
    """

    context: ssl.SSLContext
    ca_pem: bytes

    @classmethod
    def made(cls, *names: str) -> "Tls":
        """Make an authority and a certificate that it signs; the keys are nowhere but in memory.

        Args:
            names: Host names and addresses that the certificate is for, besides those of this computer.
        """
        import trustme  # noqa: PLC0415 - only for who asks for it

        authority = trustme.CA(organization_name="ID2 harness", organization_unit_name="test only")
        wanted = (*_OWN_NAMES, *(name for name in names if name not in (*_OWN_NAMES, *_WILDCARDS)))
        context = _context()
        authority.issue_cert(*wanted).configure_cert(context)
        return cls(context, authority.cert_pem.bytes())

    @classmethod
    def from_files(cls, certificate: Path, key: Path) -> "Tls":
        """Use a certificate, with its chain if it has one, and its key, both PEM, the key without a password.

        Raises:
            UsageError: A file cannot be read, is not PEM, or the two do not belong together.
        """
        context = _context()
        chain = _read(certificate)
        _read(key)
        try:
            # Without the function, OpenSSL would ask for a password on the terminal.
            context.load_cert_chain(certificate, key, password=lambda: "")
        except ssl.SSLError as error:
            raise UsageError(
                f"TLS certificate {certificate} and key {key} cannot be used: {error.reason or error}",
                hint="both must be PEM, belong together, and the key must have no password",
            ) from None
        return cls(context, _BEGIN + chain.rpartition(_BEGIN)[2])


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"TLS file {path}: {error.strerror}") from None
