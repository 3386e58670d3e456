"""An attestation for machines: an in-toto statement of the test's result in a DSSE envelope, signed with Ed25519.

Its subject is SHA256SUMS, so it stands beside the seal; the public key that it is checked with is sealed.
Source: in-toto Statement v1, test-result v0.1; DSSE 1.0.
"""

import base64
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.report.records import RunReport
from harness.run.verdict import Verdict
from harness.seal import strict_json
from harness.seal.names import SUMS

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_TYPE = "application/vnd.in-toto+json"
_RESULTS = {Verdict.PASSED: "PASSED", Verdict.FAILED: "FAILED"}
_FIRMWARE = "firmware"


def load(path: Path) -> "Ed25519PrivateKey":
    """Return the key of an attestation: Ed25519 without a passphrase, in PEM or as ssh-keygen writes it.

    Raises:
        UsageError: it is none.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  # few need it
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # as above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415  # as above

    try:
        data = path.read_bytes()
        is_ssh = b"OPENSSH PRIVATE KEY" in data
        read = serialization.load_ssh_private_key if is_ssh else serialization.load_pem_private_key
        key = read(data, password=None)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(
            f"{path}: is no Ed25519 key without a passphrase",
            hint="make one for attestations alone: openssl genpkey -algorithm ed25519 -out attest.pem",
        )
    return key


def public(key: "Ed25519PrivateKey") -> bytes:
    """Return the public part of a key in PEM, which is sealed."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # as above

    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def make(report: RunReport, sums: bytes, key: "Ed25519PrivateKey") -> bytes:
    """Return the envelope for a run that is sealed by this SHA256SUMS."""
    payload = json.dumps(_statement(report, sums), ensure_ascii=False, sort_keys=True).encode()
    return _envelope(payload, key.sign(_pae(payload)), _key_id(public(key)))


def problem(envelope: bytes, key: bytes, report: RunReport, sums: bytes) -> str:
    """Return what is wrong with an envelope, given the public key that was sealed; empty when nothing is."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # as above
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # as above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415  # as above

    try:
        said = strict_json.read(envelope)
        payload = base64.b64decode(said["payload"], validate=True)
        signature = base64.b64decode(said["signatures"][0]["sig"], validate=True)
        opened = serialization.load_pem_public_key(key)
    except (ValueError, TypeError, KeyError, IndexError):
        return "is no attestation"
    if envelope != _envelope(payload, signature, _key_id(key)) or not isinstance(opened, Ed25519PublicKey):
        return "is not as it was written"
    try:
        opened.verify(signature, _pae(payload))
    except InvalidSignature:
        return "was changed: its signature does not hold"
    if strict_json.read(payload) != _statement(report, sums):
        return "says something else than the journal"
    return ""


def _statement(report: RunReport, sums: bytes) -> dict[str, Any]:
    firmware = [
        {"name": each.name, "digest": {"sha256": each.sha256}}
        for each in report.inputs
        if _FIRMWARE in each.role
    ]
    others = [
        {"name": each.name, "digest": {"sha256": each.sha256}}
        for each in report.inputs
        if _FIRMWARE not in each.role
    ]
    by_verdict = {
        verdict.value: [each.key for each in report.scenarios if each.verdict is verdict]
        for verdict in Verdict
    }
    # The predicate knows three results: what is neither passed nor failed is warned of, and told apart below.
    warned = [each.key for each in report.scenarios if each.verdict not in _RESULTS]
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": SUMS, "digest": {"sha256": hashlib.sha256(sums).hexdigest()}}, *firmware],
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {
            "result": _RESULTS.get(report.verdict, "WARNED"),
            "configuration": others,
            "passedTests": by_verdict["passed"],
            "warnedTests": warned,
            "failedTests": by_verdict["failed"],
            "id2": {
                "run": report.run,
                "mode": report.mode,
                "verdict": report.verdict.value,
                "verdicts": by_verdict,
            },
        },
    }


def _envelope(payload: bytes, signature: bytes, key_id: str) -> bytes:
    made = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": _TYPE,
        "signatures": [{"keyid": key_id, "sig": base64.b64encode(signature).decode()}],
    }
    return json.dumps(made).encode() + b"\n"


def _key_id(pem: bytes) -> str:
    return hashlib.sha256(pem).hexdigest()


def _pae(payload: bytes) -> bytes:
    """Return what is signed. Source: DSSE protocol, "pre-authentication encoding"."""
    return b"DSSEv1 %d %b %d %b" % (len(_TYPE), _TYPE.encode(), len(payload), payload)
