"""The known defects of the vendor's SDK, as data: the report of a board that shows one names it.

A defect is named where it is seen, never by the version alone: a maker may have mended it. docs/known-defects.md is
made of this table: `python -m harness.id2.defects docs/known-defects.md` writes it.
Source: device-protocol.md k, and i.3 for the label of the KPM item.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from harness.id2.errors import Id2Error, quoted
from harness.severity import Severity


@dataclass(frozen=True, slots=True)
class Defect:
    """A known defect.

    Attributes:
        id: `k.2`, the number in the protocol page.
        title: What it is, in a few words.
        meaning: What it means for the board, and what to do.
        severity: How much it matters.
        reference: Where it is described.
        seen: What shows it: scenarios by their requirement, and the console.
        versions: Releases of the SDK whose sources or programs have it.
    """

    id: str
    title: str
    meaning: str
    severity: Severity
    reference: str
    seen: str
    versions: str = "3.1.0"


def _k(number: int, title: str, severity: Severity, meaning: str, also: str = "") -> Defect:
    reference = f"device-protocol.md k.{number}" + (f", {also}" if also else "")
    seen, versions = _SEEN[number]
    return Defect(f"k.{number}", title, meaning, severity, reference, seen, versions)


_SEEN: dict[int, tuple[str, str]] = {
    1: ("console: km_sign or km_asym_decrypt with 0xFFFF0003", "3.1.0"),
    2: ("API-DEC-02; console: a plaintext that ends with 00", "2.0.0 to 3.1.0"),
    3: ("API-EXT-02", "2.0.0 to 3.1.0"),
    4: ("HAL-RND-01 to 03, RND-04; console: codes and challenges of the demo's generator", "3.1.0"),
    5: ("API-BUF-02", "3.0.0 to 3.1.0"),
    6: ("console: CONFIG_CHIP_DEBUG, APDU dumps", "3.0.0 to 3.1.0"),
    7: ("console: an APDU dump with another status word", "3.0.0 to 3.1.0"),
    8: ("API-EXT-01", "2.0.0 to 3.1.0"),
    9: ("a link suite: the misbehaviour no-premaster", "3.1.0"),
    10: ("API-CODE-02; console: a timestamp code of type 0 or 2", "3.0.0 to 3.1.0"),
    11: ("API-LIM-04; console: Get Secret and Derive Key Not Support", "3.1.0"),
    12: ("console: codes of the demo's ID that its private key fits; board file: device.key.public", "3.1.0"),
}
"""What shows each defect of the list k, and in which releases it is."""


DEFECTS: tuple[Defect, ...] = (
    _k(
        1,
        "RSA on a secure element gives no auth code",
        Severity.MINOR,
        "The key manager answers 0xFFFF0003 and the call returns -1; decrypting with SM2 or RSA reads an "
        "uninitialised key type. Use a symmetric key on the chip.",
        "b.3, c.1",
    ),
    _k(
        2,
        "decryption accepts the padding byte 0x00",
        Severity.MINOR,
        "A ciphertext whose plaintext ends in 0x00 is returned whole, as if it had been padded. Check the "
        "length of what is decrypted.",
        "a.4",
    ),
    _k(
        3,
        "an extra with a NUL byte is signed wrongly",
        Severity.MAJOR,
        "Every byte after the first NUL is signed as 0x00, so those bytes are not protected. Pass text, "
        "hex or base64 as extra.",
        "a.4",
    ),
    _k(
        4,
        "the SDK's demo random is seeded by the millisecond clock",
        Severity.MAJOR,
        "Two codes of the same millisecond hold the same device random, and each random gives the next one. Port "
        "ls_hal_get_random to a true source, and never ship the Demo carrier.",
        "a.4",
    ),
    _k(
        5,
        "the ID buffer must have 48 bytes although an ID has 24",
        Severity.INFO,
        "id2_client_get_id answers -3 to the 24 bytes that the manual names. Give 48.",
        "a.2",
    ),
    _k(
        6,
        "APDU dumps are switched on in the secure-element template",
        Severity.INFO,
        "Every command and answer, not the keys, stands on the console. Undefine CONFIG_CHIP_DEBUG for a "
        "product.",
        "i.1",
    ),
    _k(
        7,
        "every status word but 9000 becomes -1",
        Severity.INFO,
        "The program cannot tell a locked key from a bad length; only the APDU dump on the console shows "
        "the status word.",
        "e.2",
    ),
    _k(
        8,
        "an extra pointer with length 0 is an error",
        Severity.INFO,
        "It returns -4. Pass NULL when there is no extra.",
        "a.4",
    ),
    _k(
        9,
        "iTLS accepts a ServerHello without the pre-master",
        Severity.MAJOR,
        "The handshake completes with an empty pre-master, so all keys follow from what is on the wire. "
        "Update the library, or protect the link otherwise.",
        "h.3",
    ),
    _k(
        10,
        "the module sample answers timestamps with challenge codes",
        Severity.MINOR,
        "The type is 0 or 2 where 1 or 3 is due, so the service judges the time as a challenge. Correct "
        "the module's firmware.",
        "f",
    ),
    _k(
        11,
        "an SM2 carrier derives no keys and no secrets",
        Severity.MINOR,
        "get_secret and derive_key return -8. Plan without them, or use SM4.",
        "c.2",
    ),
    _k(
        12,
        "the K-256 demo's public key does not belong to its private key",
        Severity.INFO,
        "Codes of the PUF demo verify only against the point computed from the private key. Ignore the "
        "published constant.",
        "b.3",
    ),
    Defect(
        "e.2",
        "SIGN begins with the length that the chip puts before its answer",
        "The SE adapter leaves the two bytes of length where they are, so the service gets a SIGN that is two bytes "
        "too long. Take them off in the adapter, and ask the service whether it accepts such codes.",
        Severity.MINOR,
        "device-protocol.md e.2",
        "console: SIGN of an SM2 code with its own length before it",
    ),
    Defect(
        "e.3",
        "the MTK adapter is made for 3DES only",
        "It pads and unpads by 8 bytes whatever the cipher is, so that AES codes and ciphertexts come out wrong, and "
        "six functions of the SDK's hardware layer are not in it, so that a build that calls them does not link. "
        "Use an MTK chip with a 3DES key, or complete the adapter.",
        Severity.MAJOR,
        "device-protocol.md e.3; alibaba/id2_client_sdk 3.1.0 modules/irot/se/src/core/mtk_se_adapter.c",
        "console: CHIP_TYPE_SE_MTK_CMD in a build for another key type than 3DES",
    ),
    Defect(
        "f.1",
        "the module sample serves one connection at a time",
        "The vendor's host makes a second connection to verify a code of the service while the first is open, and "
        "waits for ever for the answer to its init; when it gives up, the sample ends, because it writes to a "
        "connection that is gone. Have the module's firmware serve each connection by itself.",
        Severity.MAJOR,
        "device-protocol.md f; alibaba/id2_client_sdk 3.0.0 sample/sample_mdu_applet.c, 3.1.0 modules/id2/stub",
        "MDU-CON-01",
        "3.0.0 to 3.1.0",
    ),
    Defect(
        "h.2",
        "iTLS accepts an extension in ServerHello that it did not ask for",
        "It passes the extension over and completes the handshake, where RFC 5246 has a client end it with "
        "unsupported_extension (110). Keys and identity hold; but what a server adds is not noticed. Update the "
        "library, and have it refuse what it did not offer.",
        Severity.MINOR,
        "device-protocol.md h.2, h.3; RFC 5246 7.4.1.4; alibaba/id2_client_sdk 3.1.0 modules/itls/src/ssl_cli.c",
        "a link suite: the misbehaviour that adds an extension to ServerHello",
    ),
    Defect(
        "i.3",
        "the KPM item of the validation report is a challenge code",
        "Its argument is called timestamp, but the code inside is of type 0. Read the type from the code.",
        Severity.INFO,
        "device-protocol.md i.3",
        "console: the KPM item of the validation report",
    ),
)


def get(defect_id: str) -> Defect:
    """Return the defect with this id.

    Raises:
        Id2Error: No such defect; the message lists them.
    """
    for defect in DEFECTS:
        if defect.id == defect_id:
            return defect
    known = ", ".join(defect.id for defect in DEFECTS)
    raise Id2Error(f"defect {quoted(defect_id, 12)} is not known; known are {known}", field="defect")


BEGIN = "<!-- begin of the generated part: python -m harness.id2.defects docs/known-defects.md -->"
END = "<!-- end of the generated part -->"


def table() -> str:
    """Return all defects as a table in Markdown."""
    head = ("id", "defect", "releases", "severity", "what it means", "what shows it", "reference")
    rows: list[tuple[str, ...]] = [head, tuple("---" for _ in head)]
    for each in DEFECTS:
        told = (each.id, each.title, each.versions, str(each.severity))
        rows.append((*told, each.meaning, each.seen, each.reference))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def write_into(path: Path) -> None:
    """Put the table between the marks of the page at `path`."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    path.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    write_into(Path(sys.argv[1]))
