"""Who signed a report, whether anybody vouches for that, and whether tester and approver are two people."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import UsageError
from harness.seal import signers, sshsig, tree
from harness.seal.names import NAMESPACE, RECORD, SUMS, Role
from harness.seal.problems import Findings
from harness.seal.record import Record
from harness.seal.signers import Signer

_LARGEST_SIGNATURE = 64 * 1024
_UNSEEN = frozenset({"Cf"})
"""Categories of characters that nobody sees, such as a space without width."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What a reader trusts.

    Attributes:
        signers: A file of allowed signers, published elsewhere than in the report; None for nobody.
        revoked: A file of revoked keys, or None.
        roots: Certificates of authorities, in PEM, that vouch for time stamp services; None for nobody.
        at: The moment for which keys must be valid, as ssh-keygen takes it (YYYYMMDD…); empty for now.
    """

    signers: Path | None = None
    revoked: Path | None = None
    roots: Path | None = None
    at: str = ""


@dataclass(frozen=True, slots=True)
class SignedBy:
    """One signature that holds.

    Attributes:
        role: What for.
        name: Who it is by what the report says; empty when it says nothing.
        kind: Type of the key.
        fingerprint: Its fingerprint.
        principals: Whose key it is by the file of allowed signers; empty when nobody vouches for it.
    """

    role: Role
    name: str
    kind: str
    fingerprint: str
    principals: tuple[str, ...] = ()


def check(
    folder: Path, sealed: Record | None, trust: Trust, findings: Findings, *, awaits_approval: bool
) -> list[SignedBy]:
    """Check each signature over the sums of a folder; return those that hold.

    Raises:
        UsageError: the file of signers cannot be read.
        BenchError: a file cannot be read, or there is no ssh-keygen.
    """
    known = signers.read(trust.signers) if trust.signers else ()
    if trust.at and signers.moment(trust.at) is None:
        raise UsageError(f"{trust.at!r} is no moment", hint="give YYYYMMDDZ or YYYYMMDDHHMMZ, UTC")
    if trust.revoked:
        signers.require_revoked(trust.revoked)
    made = [
        signed
        for role in Role
        if (signed := _signature(folder, role, sealed, known, trust, findings, awaits_approval)) is not None
    ]
    by_role = {signed.role: signed for signed in made}
    tester, approver = by_role.get(Role.TESTER), by_role.get(Role.APPROVER)
    if sealed is not None and tester is not None and tester.fingerprint != sealed.tester.key:
        findings.wrong(
            "contradicts",
            RECORD,
            f"names {sealed.tester.key} as the tester's key, {tester.fingerprint} signed",
        )
    if tester is not None and approver is not None:
        _must_differ(tester, approver, findings)
    if not trust.signers and made:
        findings.remark(
            "nobody vouches for these keys: name the laboratory's file of allowed signers with --signers"
        )
    return made


def same_person(one: str, other: str) -> bool:
    """Return whether two names are one person's: case, spaces and forms of a character make no difference."""
    return bool(one.strip()) and _plain(one) == _plain(other)


def _plain(name: str) -> str:
    seen = (each for each in unicodedata.normalize("NFKC", name) if unicodedata.category(each) not in _UNSEEN)
    return " ".join("".join(seen).casefold().split())


def _signature(
    folder: Path,
    role: Role,
    sealed: Record | None,
    known: Sequence[Signer],
    trust: Trust,
    findings: Findings,
    awaits_approval: bool,
) -> SignedBy | None:
    path = folder / role.signature
    expected = sealed.approver if sealed and role is Role.APPROVER else None
    name = expected or (sealed.tester if sealed and role is Role.TESTER else None)
    told = name.name if name else ""
    if not path.exists() and not path.is_symlink():
        if role is Role.TESTER:
            findings.wrong("removed", role.signature, "the tester's signature is not there")
        elif expected is not None and not awaits_approval:
            whose = f" of {expected.name}" if expected.name else ""
            findings.wrong("removed", role.signature, f"the approver's signature{whose} is not there (yet)")
        elif sealed is not None and expected is None:
            findings.remark("nobody approved it: there is no approver's signature, and none was announced")
        return None
    if path.is_symlink() or not path.is_file():
        return None  # named already as what it is
    try:
        signature = sshsig.Signature.read(tree.content(path, _LARGEST_SIGNATURE))
    except (sshsig.BrokenSignatureError, tree.UnfitError) as error:
        findings.wrong("changed", role.signature, error.message)
        return None
    if not sshsig.holds(folder / SUMS, path):
        findings.wrong(
            "changed", role.signature, f"is no signature over this {SUMS}: one of the two was changed"
        )
        return None
    principals = _principals(folder, path, role, signature, known, trust, findings) if trust.signers else ()
    if principals and told and not any(same_person(told, each) for each in principals):
        findings.remark(
            f"the report names {told} as {role}, the file of signers calls this key {', '.join(principals)}"
        )
    return SignedBy(role, told, signature.kind, signature.fingerprint, principals)


def _principals(
    folder: Path,
    path: Path,
    role: Role,
    signature: sshsig.Signature,
    known: Sequence[Signer],
    trust: Trust,
    findings: Findings,
) -> tuple[str, ...]:
    """Return whose key it is; say why when ssh-keygen does not take it for anybody's."""
    assert trust.signers is not None
    lines = [signer for signer in known if signer.key == signature.key and not signer.authority]
    names = dict.fromkeys(name for signer in lines for name in signer.principals if not name.startswith("!"))
    taken = tuple(
        name
        for name in names
        if sshsig.is_trusted(folder / SUMS, path, trust.signers, name, at=trust.at, revoked=trust.revoked)
    )
    if taken:
        return taken
    findings.wrong(_why(lines, trust), role.signature, _told(lines, signature, trust))
    return ()


def _why(lines: Sequence[Signer], trust: Trust) -> str:
    moment = _moment(trust)
    if not lines:
        return "untrusted"
    if all(line.before is not None and line.before <= moment for line in lines):
        return "expired"
    if trust.revoked and not any(_outside(line, moment) for line in lines):
        return "revoked"
    return "untrusted"


def _told(lines: Sequence[Signer], signature: sshsig.Signature, trust: Trust) -> str:
    key = f"the key {signature.fingerprint}"
    moment = _moment(trust)
    if not lines:
        return f"{key} is not in {trust.signers}"
    for line in lines:
        if line.before is not None and line.before <= moment:
            return f"{key} of {line.name} was valid until {line.before:%Y-%m-%d %H:%M} UTC"
        if line.after is not None and line.after > moment:
            return f"{key} of {line.name} is valid from {line.after:%Y-%m-%d %H:%M} UTC on"
        if line.namespaces and NAMESPACE not in line.namespaces:
            return f"{key} of {line.name} may sign for {', '.join(line.namespaces)} and not for {NAMESPACE}"
    if trust.revoked:
        return f"{key} of {lines[0].name} was revoked, as {trust.revoked} says"
    return f"{key} stands in {trust.signers}, and ssh-keygen does not take it"


def _outside(line: Signer, moment: datetime) -> bool:
    return (
        (line.before is not None and line.before <= moment)
        or (line.after is not None and line.after > moment)
        or bool(line.namespaces and NAMESPACE not in line.namespaces)
    )


def _moment(trust: Trust) -> datetime:
    return signers.moment(trust.at) or datetime.now(UTC)


def _must_differ(tester: SignedBy, approver: SignedBy, findings: Findings) -> None:
    shared = {_plain(name) for name in tester.principals} & {_plain(name) for name in approver.principals}
    if tester.fingerprint == approver.fingerprint:
        findings.wrong("one person", Role.APPROVER.signature, "tester and approver signed with the same key")
    elif shared:
        findings.wrong(
            "one person",
            Role.APPROVER.signature,
            f"both keys are {', '.join(sorted(shared))}'s by the file of signers",
        )
    elif same_person(tester.name, approver.name):
        findings.wrong(
            "one person", Role.APPROVER.signature, f"the report names {tester.name} as tester and approver"
        )


def require_two(name: str, other: str) -> None:
    """Refuse an approver who is the tester.

    Raises:
        UsageError: both names are one person's.
    """
    if same_person(name, other):
        raise UsageError(
            f"{name} tested, and cannot approve too",
            hint="have another person approve, with a key of their own",
        )
