"""Every number with which a device, a chip or the service says what went wrong: its meaning, and what to do.

Source: device-protocol.md a.3 (results, KM, HAL), e.2 (status words), h.4 (alerts); service.md 4.4, 5.2, 6.0.
"""

from dataclasses import dataclass

from harness.id2.codebase import Code
from harness.id2.resultcodes import CryptoHalCode, KmCode, ResultCode, StorageHalCode
from harness.id2.servicecodes import ItlsAlert, ServiceCode
from harness.id2.statuswords import StatusWord

__all__ = [
    "Code",
    "CryptoHalCode",
    "Description",
    "ItlsAlert",
    "KmCode",
    "ResultCode",
    "ServiceCode",
    "StatusWord",
    "StorageHalCode",
    "describe_alert",
    "describe_crypto_hal",
    "describe_km",
    "describe_result",
    "describe_service",
    "describe_status",
    "describe_storage_hal",
]


@dataclass(frozen=True, slots=True)
class Description:
    """What a number means, known or not.

    Attributes:
        family: Where it comes from: `result code`, `KM code`, `status word`, `service code` or `iTLS alert`.
        code: The number.
        text: The number as its family writes it: `-3`, `0xFFFF0003`, `6A80`, `16`.
        name: Name of the member; empty when the code is unknown or belongs to a family of status words.
        meaning: What it means.
        hint: What to do; may be empty.
        known: False for codes that no source lists.
    """

    family: str
    code: int
    text: str
    name: str
    meaning: str
    hint: str
    known: bool

    def __str__(self) -> str:
        return f"{self.family} {self.text}: {self.meaning}"


def describe_result(code: int) -> Description:
    """Describe a return code of the client API; numbers above 2³¹ are read as negative."""
    signed = code - (1 << 32) if code >= 1 << 31 else code
    return _describe("result code", ResultCode, signed, str(signed))


def describe_km(code: int) -> Description:
    """Describe a result of the key manager; negative numbers are read as 32 bits."""
    unsigned = code & 0xFFFFFFFF
    return _describe("KM code", KmCode, unsigned, f"0x{unsigned:08X}")


def describe_crypto_hal(code: int) -> Description:
    """Describe a result of the crypto port; negative numbers are read as 32 bits."""
    unsigned = code & 0xFFFFFFFF
    return _describe("crypto HAL code", CryptoHalCode, unsigned, f"0x{unsigned:08X}")


def describe_storage_hal(code: int) -> Description:
    """Describe a result of the storage port; negative numbers are read as 32 bits."""
    unsigned = code & 0xFFFFFFFF
    return _describe("storage HAL code", StorageHalCode, unsigned, f"0x{unsigned:08X}")


def describe_service(code: int) -> Description:
    """Describe a `Code` of the OpenAPI."""
    return _describe("service code", ServiceCode, code, str(code))


def describe_alert(code: int) -> Description:
    """Describe an alert of an iTLS handshake."""
    return _describe("iTLS alert", ItlsAlert, code, str(code))


def describe_status(code: int) -> Description:
    """Describe SW1 SW2, with the families 61xx, 63Cx, 6Cxx, 95xx and the 9Fxx of the MTK command set.

    Source: device-protocol.md e.2 (table 11), e.3.
    """
    high, low = code >> 8, code & 0xFF
    family = {
        0x61: (f"{low or 256} bytes of answer are waiting", f"Send GET RESPONSE, 00 C0 00 00 {low:02X}."),
        0x6C: (f"wrong Le; {low or 256} bytes are available", f"Send the command again with Le = {low:02X}."),
        0x95: (f"{low} bytes are still to be sent", "Send the rest of the data."),
        0x9F: (
            f"{low} bytes of answer are waiting (MTK command set)",
            f"Fetch them with 00 B2 FF FF {low:02X}.",
        ),
    }
    text = f"{code:04X}"
    if high == 0x63 and low >> 4 == 0xC:
        left = low & 0xF
        meaning = f"verification failed, {left} tries left"
        return Description(
            "status word", code, text, "", meaning, "Check the PIN; at 0 it is locked.", known=True
        )
    if high in family:
        meaning, hint = family[high]
        return Description("status word", code, text, "", meaning, hint, known=True)
    return _describe("status word", StatusWord, code, text)


def _describe(family: str, codes: type[Code], code: int, text: str) -> Description:
    for member in codes:
        if member.value == code:
            return Description(family, code, text, member.name, member.meaning, member.hint, known=True)
    return Description(family, code, text, "", f"unknown {family}", "", known=False)
