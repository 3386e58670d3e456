"""What a line of an SDK log can say. Source: device-protocol.md i.1 to i.3 and j.1."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an event stood in its line and who printed it.

    Attributes:
        text: The printed text without prefix, tag, function head, escape sequences and control characters.
        prefix: What stood in front: time stamps, a prompt, an unfinished line of someone else.
        tagged: The SDK's `<LS_LOG>` tag was there.
        error: The line is marked as an error (`ERROR:`, `ERR`, `E`). A passing run has such lines too.
        function: Name of the function that printed it, empty when the line names none.
        source_line: Its line in the source. It differs between SDK versions: never decide by it.
        repaired: A shell prompt in the middle of the text was taken out before the text was understood.
    """

    text: str
    prefix: str = ""
    tagged: bool = False
    error: bool = False
    function: str = ""
    source_line: int | None = None
    repaired: bool = False


def replace_text(origin: Origin, text: str) -> Origin:
    """Return the same origin with another text."""
    return replace(origin, text=text)


@dataclass(frozen=True, slots=True)
class Event:
    """Anything a line can say. The subclasses are the known; `Message`, `Blank` and `Other` are the rest."""

    origin: Origin

    @property
    def text(self) -> str:
        """The printed text."""
        return self.origin.text

    @property
    def error(self) -> bool:
        """The line is marked as an error."""
        return self.origin.error


@dataclass(frozen=True, slots=True)
class Blank(Event):
    """Nothing but white space."""


@dataclass(frozen=True, slots=True)
class Other(Event):
    """Text in no known form: foreign output, a line of the validation report, garbage."""


@dataclass(frozen=True, slots=True)
class Message(Event):
    """A log line of the SDK (tagged, or with a function head) with no more specific meaning."""


@dataclass(frozen=True, slots=True)
class ChipMessage(Event):
    """A line of the SE adapter: `ID2=> text`; `chip_text` is the text after the arrow."""

    chip_text: str


@dataclass(frozen=True, slots=True)
class ChipCall(Event):
    """The SE driver is entered (`=> SE transmit.`) or left (`<= SE transmit, (ret = 0, rsp_len = 2).`).

    Attributes:
        call: `open session`, `transmit` or `close session`.
        returned: False when entered.
        result: What the driver returned, None when entered.
        response_length: Bytes of the answer with its status word, None when not printed.
    """

    call: str
    returned: bool
    result: int | None = None
    response_length: int | None = None


@dataclass(frozen=True, slots=True)
class DumpStart(Event):
    """The heading of a hex dump: `Command APDU: [length = 0x0007]`, and in 1.0.0 `hash: [length = 0x0020]`.

    Attributes:
        name: What is dumped.
        length: How many bytes are announced; the rows that follow are `DumpRow`.
        direction: `command` or `response` for an APDU, empty for anything else.
    """

    name: str
    length: int
    direction: Literal["command", "response", ""]


@dataclass(frozen=True, slots=True)
class DumpRow(Event):
    """Up to 16 bytes of a hex dump."""

    data: bytes


class TestResult(StrEnum):
    """What the SDK's own tests say of themselves."""

    PASS = "pass"  # noqa: S105 - the word the program prints
    FAIL = "fail"
    NOT_SUPPORTED = "not supported"


class TestSuite(StrEnum):
    """Whose tests they are."""

    CLIENT = "ID2 Client"
    HAL = "HAL"


@dataclass(frozen=True, slots=True)
class TestMark(Event):
    """A test begins or ends, without a verdict: `====> ID2 Client Test Get ID Start.`."""

    suite: TestSuite
    name: str
    started: bool


@dataclass(frozen=True, slots=True)
class TestVerdict(Event):
    """A test's verdict.

    `=====>ID2 Client Test Get ID Pass.`, `==> HAL Hash Test Fail.`, `=== ID2 Client KPM Test Success!`.
    """

    suite: TestSuite
    name: str
    result: TestResult


@dataclass(frozen=True, slots=True)
class HalStep(Event):
    """One step inside a HAL test: `AES_ECB_128 test success!`."""

    name: str
    result: TestResult


@dataclass(frozen=True, slots=True)
class ReportMark(Event):
    """The making of the validation report: `start`, `banner` (the JSON follows), `end`, `fail`."""

    mark: Literal["start", "banner", "end", "fail"]


@dataclass(frozen=True, slots=True)
class ClientVersion(Event):
    """`ID2 Client Version: 0x00030100`."""

    version: int

    @property
    def dotted(self) -> str:
        """The version as the validation report writes it: `3.1.0`."""
        return f"{self.version >> 16 & 0xFF}.{self.version >> 8 & 0xFF}.{self.version & 0xFF}"


@dataclass(frozen=True, slots=True)
class BuildTime(Event):
    """`ID2 Client Build Time: …`, `Demo KM Build Time: …`."""

    component: str
    time: str


@dataclass(frozen=True, slots=True)
class ConfigFlag(Event):
    """A build setting: `CONFIG_ID2_DEBUG is not defined!`, `CONFIG_CHIP_TYPE: …`, `ID2_OTP_SUPPORTED : 1`.

    Attributes:
        name: The setting.
        value: Its value; `defined` or `not defined` for a switch.
    """

    name: str
    value: str

    @property
    def on(self) -> bool:
        """The switch is defined, or its value is not zero."""
        return self.value not in ("not defined", "0", "")


@dataclass(frozen=True, slots=True)
class KeyTypeSetting(ConfigFlag):
    """The build's key type: `CONFIG_ID2_KEY_TYPE: ID2_KEY_TYPE_AES`; `key_type` is `AES`."""

    key_type: str


@dataclass(frozen=True, slots=True)
class IrotType(Event):
    """`id2 irot type, 2`. Source: device-protocol.md e.1."""

    number: int

    @property
    def carrier(self) -> str:
        """The carrier's name: NONE, KM, SE, PUF, TEE, DEMO; the number when it is unknown."""
        names = ("NONE", "KM", "SE", "PUF", "TEE", "DEMO")
        return names[self.number] if self.number < len(names) else str(self.number)


@dataclass(frozen=True, slots=True)
class DemoCarrierWarning(Event):
    """The Demo carrier says that it must not be in a product."""


@dataclass(frozen=True, slots=True)
class ProvisioningState(Event):
    """`id2 has been provisioned`, `id2 prov state: true`, `no id2 in device, need to prov first!!`."""

    provisioned: bool


@dataclass(frozen=True, slots=True)
class DeviceId(Event):
    """`ID2: …`, `Get ID2: …`, `ID: …`. The text is what the device printed, of any length."""

    id2: str


@dataclass(frozen=True, slots=True)
class AuthCodeHeading(Event):
    """`authcode[no extra]:` or `authcode[extra = abcd1234]:`; the code follows on the next line.

    Attributes:
        extra: The extra that was used, None for none.
    """

    extra: str | None


@dataclass(frozen=True, slots=True)
class AuthCodeLine(Event):
    """An auth code: ` [118] code`, `auth_code: [118] code`, `AUTHCODE:|118|extra|code`.

    Attributes:
        length: The length that the device printed beside it.
        code: The code as printed; nothing about it is checked here.
        form: Which layout. `payload`: the extra stands in the `AuthCodeHeading` before. `labelled`: the line
            does not say whether there was one. `piped` and `headed` (heading and code on one line): it does.
        extra: The extra where the line says it, else None.
    """

    length: int
    code: str
    form: Literal["payload", "labelled", "piped", "headed"]
    extra: str | None = None


@dataclass(frozen=True, slots=True)
class SignedMessage(Event):
    """1.0.0 prints the message that is signed: `signature input data: …`."""

    message: str


@dataclass(frozen=True, slots=True)
class DeviceChallenge(Event):
    """`Device Challenge: 2110A9D40CEBAAF8 16`, and in 2.0 `device random: [16] …`."""

    challenge: str
    length: int


@dataclass(frozen=True, slots=True)
class Seed(Event):
    """The seed of the secret or key that follows: `seed: appKey`."""

    seed: str


@dataclass(frozen=True, slots=True)
class DeviceSecret(Event):
    """`device secret: [64] …`, the answer of get_secret for the seed before."""

    length: int
    secret: str


@dataclass(frozen=True, slots=True)
class DerivedKeyRow(Event):
    """One to four bytes of a derived key: `key: 0x73 0x00 0x1b 0xcf`."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Totp(Event):
    """`Generated TOTP: 521622323414110`."""

    digits: str


@dataclass(frozen=True, slots=True)
class CallFailed(Event):
    """A call that went wrong: `id2 get id fail, -11`, `id2_client_decrypt return -2 error!`.

    Attributes:
        call: What was called, in the program's words.
        code: What it returned.
    """

    call: str
    code: int
