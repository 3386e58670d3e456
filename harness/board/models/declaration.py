"""What the board claims. A claim decides which scenarios apply; a scenario then holds the board to it."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from harness.probe.functions import Group
from harness.settings.words import Number16, Section, wrong


class ChipAlgorithm(StrEnum):
    """Algorithms of SymmetricCrypt. Source: device-protocol.md e.2; the sm1 ones exist only in the SDK.

    `-mac-m1` and `-mac-m2` are MACs in CBC mode with padding method 1 or 2 of ISO 9797.
    """

    DES_CBC = "des-cbc"
    DES_ECB = "des-ecb"
    AES_CBC = "aes-cbc"
    AES_ECB = "aes-ecb"
    DES_MAC_M1 = "des-mac-m1"
    DES_MAC_M2 = "des-mac-m2"
    AES_MAC_M1 = "aes-mac-m1"
    AES_MAC_M2 = "aes-mac-m2"
    SM4_CBC = "sm4-cbc"
    SM4_ECB = "sm4-ecb"
    SM7_CBC = "sm7-cbc"
    SM7_ECB = "sm7-ecb"
    SM4_MAC_M1 = "sm4-mac-m1"
    SM4_MAC_M2 = "sm4-mac-m2"
    SM7_MAC_M1 = "sm7-mac-m1"
    SM7_MAC_M2 = "sm7-mac-m2"
    SM1_CBC = "sm1-cbc"
    SM1_ECB = "sm1-ecb"
    SM1_MAC_M1 = "sm1-mac-m1"
    SM1_MAC_M2 = "sm1-mac-m2"


class ChipOption(StrEnum):
    """Bits of the option bitmap in GetVendorInfo. Source: device-protocol.md e.2."""

    DES3 = "3des"
    AES = "aes"
    SM4 = "sm4"
    SM7 = "sm7"
    RSA = "rsa"
    RSA_CRT = "rsa-crt"
    SM2 = "sm2"
    SM9 = "sm9"
    ECC = "ecc"
    SHA_1 = "sha-1"
    SHA_224 = "sha-224"
    SHA_256 = "sha-256"
    SHA_384 = "sha-384"
    SHA_512 = "sha-512"
    SM3 = "sm3"


class ChipCommand(StrEnum):
    """Commands that a chip may or may not have. Source: device-protocol.md e.2."""

    GET_VENDOR_INFO = "get-vendor-info"
    GET_CHALLENGE = "get-challenge"
    COMPUTE_DIGEST = "compute-digest"
    SYMMETRIC_MAC = "symmetric-mac"
    ASYMMETRIC_CRYPT = "asymmetric-crypt"
    GENERATE_KEY_PAIR = "generate-key-pair"
    PIN = "pin"


class Feature(StrEnum):
    """Parts of the id2_client API beyond auth codes and decrypt. Source: device-protocol.md a.2."""

    ENCRYPT = "encrypt"
    DERIVE_KEY = "derive-key"
    SECRET = "secret"  # noqa: S105 - the name of an API function
    VERIFY_SERVER = "verify-server"
    OTP = "otp"
    KPM = "kpm"
    TOTP = "totp"


class BuiltIn(StrEnum):
    """Values of a verification that a build may leave as they are in its sources. Source: device-protocol.md i.2."""

    AUTH_CODE = "ID2_AUTH_CODE"
    CHALLENGE = "ID2_CHALLENGE"
    TIMESTAMP = "ID2_TIMESTAMP"


_FEATURES = {
    "encrypt": Feature.ENCRYPT,
    "derive_key": Feature.DERIVE_KEY,
    "get_secret": Feature.SECRET,
    "verify_server": Feature.VERIFY_SERVER,
    "get_device_challenge": Feature.VERIFY_SERVER,
    "get_otp_auth_code": Feature.OTP,
    "load_otp_data": Feature.OTP,
}
_FAMILIES = {"kpm_": Feature.KPM, "dpm_": Feature.TOTP}


def feature_of(function: str) -> Feature | None:
    """Return the feature that a function of the API belongs to; None for one that every client has.

    Args:
        function: Its name without `id2_client_`.
    """
    return _FEATURES.get(function) or _FAMILIES.get(function[:4])


def _no_repeats(values: tuple[StrEnum, ...]) -> tuple[StrEnum, ...]:
    for position, value in enumerate(values):
        if value in values[:position]:
            raise wrong(f"says {value} twice")
    return values


_Once = AfterValidator(_no_repeats)


def _no_repeated_text(values: tuple[str, ...]) -> tuple[str, ...]:
    for position, value in enumerate(values):
        if value in values[:position]:
            raise wrong(f"says {value} twice")
    return values


CommandBytes = Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{4}$")]


class Declaration(Section):
    """The claims of the board's maker; a list that is not written says nothing, an empty one says none."""

    algorithms: Annotated[tuple[ChipAlgorithm, ...], _Once] = Field(
        default=(), description="Algorithms of SymmetricCrypt that the chip does with its ID² key."
    )
    commands: Annotated[tuple[ChipCommand, ...], _Once] = Field(
        default=(),
        description="Optional commands that the chip has; one that is not listed must be refused as unknown. Left out: "
        "not checked.",
    )
    proprietary: Annotated[tuple[CommandBytes, ...], AfterValidator(_no_repeated_text)] = Field(
        default=(),
        description="Commands beyond the specification that the chip is meant to have, each by CLA and INS in hex, "
        "such as 80CA, in quotes; any other that answers is a fault.",
    )
    options: Annotated[tuple[ChipOption, ...], _Once] | None = Field(
        default=None,
        description="Bits that the option bitmap of GetVendorInfo must show, exactly; left out: not checked.",
    )
    vendor: Number16 | None = Field(
        default=None, description="Vendor id that the chip must report, such as 0x8180 for Huada."
    )
    features: Annotated[tuple[Feature, ...], _Once] = Field(
        default=(),
        description="Parts of the id2_client API that the device offers beyond auth codes and decrypt.",
    )
    sdk_version: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){2}$")] | None = Field(
        default=None, description="Version of the ID² Client SDK in the firmware, such as 3.1.0."
    )
    build_without: Annotated[tuple[BuiltIn, ...], _Once] = Field(
        default=(),
        description="Values that the build of id2_app does not take, as its sources have no constant for them or may "
        "not be changed; what they decide is not judged then. Left out: the build takes all.",
    )
    port: Annotated[tuple[Group, ...], _Once] = Field(
        default=(),
        description="Groups of functions that the board's port has; each is then judged through the probe in its "
        "firmware.",
    )
    chip_fitted: bool = Field(
        default=True,
        description="The secure element is on the board. Without one, as on a first board or with the chip taken off, "
        "the SE driver is held to give an error code in time, and to nothing else.",
    )
    rtc: bool = Field(
        default=False,
        description="A clock of the board goes on over a reset, and ls_osa_get_time_ms with it. Without one the time "
        "starts anew.",
    )
    thread_stack: int = Field(
        default=4096,
        description="Bytes of stack that a thread of the board can be given and that suffice to print a line; for "
        "ls_osa_thread_create.",
        ge=256,
        le=1 << 20,
    )

    def declares(self, field: str) -> bool:
        """Tell whether a field was written, empty or not: what nobody has claimed is held against nobody."""
        return field in self.model_fields_set
