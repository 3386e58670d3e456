"""Writes consoles of `id2_app` as the vendor's versions print them, for any key and carrier.

It stands on `harness.id2` and `harness.chip.crc` only: nothing in it comes from the code under test.
"""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.chip.crc import crc16
from harness.id2 import authcode, report, secrets, totp
from harness.id2.keys import Key, KeyType

CHALLENGE = "55B83408399FA660F05C82E4F25333DC"
TIMESTAMP = "1512022279204"
EXTRA = "abcd1234"
SEED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BUILT = "Nov 22 2026 18:00:18"
ALGORITHMS = {"3DES": 0x01, "AES": 0x03, "SM4": 0x11}
RULE = "=" * 80


@dataclass
class Maker:
    """One console; every attribute may be changed before `text` is asked for.

    Attributes:
        key: Key of the device.
        id2: Its identifier.
        carrier: Number that `id2 irot type` prints: 2 SE, 5 Demo, 4 TEE.
        dumps: APDU dumps: empty for none, `ica`, `t0` (61xx and 6Cxx before each answer) or `mtk`.
        version: `3.1.0`, `3.0.0` or `2.0.0`.
        sign: Signs a message; the key's own signature by default.
        kind_of: What type the code of a kind gets, given kind and right type.
        next_random: Gives device randoms.
        clock_ms: What the device's clock says when it makes the one-time password.
        debug: A debug build, which prints codes where they are made.
        after_report: Lines behind the report.
    """

    key: Key
    id2: str
    carrier: int = 2
    dumps: str = ""
    version: str = "3.1.0"
    sdk_in_report: str = ""
    date: str = "Nov 22 2026 18:00:21"
    kpm: bool = False
    sign: Callable[[bytes], bytes] | None = None
    kind_of: Callable[[str, int], int] = lambda _kind, right: right
    next_random: Callable[[], str] | None = None
    clock_ms: int = 1_790_000_000_911
    debug: bool = False
    after_report: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        source = random.Random(5)
        self._hex = lambda count: "".join(source.choice("0123456789ABCDEF") for _ in range(count))
        if self.next_random is None:
            self.next_random = lambda: self._hex(16)

    @property
    def family(self) -> str:
        return self.key.key_type.family

    def text(self) -> bytes:
        """Return the whole console."""
        self.banner()
        if self.version == "3.1.0":
            self.say("id2 has been provisioned")
        self.unit_tests()
        self.report()
        self.lines += self.after_report
        return ("\n".join(self.lines) + "\n").encode()

    def say(self, text: str) -> None:
        self.lines.append(f"<LS_LOG> {text}")

    def banner(self) -> None:
        number = "".join(f"{int(part):02x}" for part in self.version.split("."))
        self.say(f"ID2 Client Version: 0x00{number}")
        self.say(f"ID2 Client Build Time: {BUILT}")
        self.say("CONFIG_ID2_DEBUG is not defined!")
        self.say("CONFIG_ID2_OTP is not defined!")
        self.say(f"CONFIG_ID2_KEY_TYPE: ID2_KEY_TYPE_{self.family}")
        if self.dumps:
            self.say("ID2=> CONFIG_CHIP_DEBUG is defined!")
            kind = "MTK" if self.dumps == "mtk" else "STD"
            self.say(f"ID2=> CONFIG_CHIP_TYPE: CHIP_TYPE_SE_{kind}_CMD")
            self.say(f"ID2=> CONFIG_CHIP_KEY_TYPE: CHIP_KEY_TYPE_{self.family}")
        if self.carrier == 5:
            self.say(f"km_init 360: Demo KM Build Time: {BUILT}")
            self.say("km_init 361: SE, PUF, TEE or Soft KM must be selected for formal product!!!")
        if self.version == "3.1.0":
            self.say(f"id2_client_init 928: id2 irot type, {self.carrier}")

    # the chip

    def exchange(self, command: bytes, answer: bytes) -> None:
        """Print one command with its answer, as the adapter dumps them."""
        if self.dumps == "t0" and len(answer) > 2:
            if command[1] == 0xF8:
                self.dump(command, b"\x6c" + bytes([len(answer) - 2]))
                command = command[:4] + bytes([len(answer) - 2])
            else:
                self.dump(command, b"\x61" + bytes([len(answer) - 2]))
                command = b"\x00\xc0\x00\x00" + bytes([len(answer) - 2])
        elif self.dumps == "mtk" and command[1] == 0xDC:
            self.dump(command, b"\x9f" + bytes([len(answer) - 2]))
            command = b"\x00\xb2\xff\xff" + bytes([len(answer) - 2])
        self.dump(command, answer)

    def dump(self, command: bytes, answer: bytes) -> None:
        self.say(f"ID2=> {RULE}")
        self.rows("Command", command)
        self.say("ID2=> => SE transmit.")
        self.say(f"ID2=> <= SE transmit, (ret = 0, rsp_len = {len(answer)}).")
        self.rows("Response", answer)
        self.say(f"ID2=> {RULE}")

    def rows(self, name: str, data: bytes) -> None:
        self.say(f"ID2=> {name} APDU: [length = 0x{len(data):04x}]")
        for start in range(0, len(data), 16):
            row = data[start : start + 16]
            shown = "".join(f"{byte:02X} " + ("  " if at == 7 else "") for at, byte in enumerate(row))
            self.say(f"ID2=> {shown}")

    def show(self, name: str, data: bytes) -> None:
        """Print a dump of a debug build."""
        self.say(f"id2_log_hex_dump 110: {name} [length = 0x{len(data):04x}]")
        for start in range(0, len(data), 16):
            row = data[start : start + 16]
            shown = "".join(f"{byte:02X} " + ("  " if at == 7 else "") for at, byte in enumerate(row))
            self.say(f"id2_log_hex_dump 120: {shown}")

    def get_id_from_chip(self) -> None:
        if not self.dumps:
            return
        body = bytes.fromhex("81800C" + self.id2)
        if self.dumps == "mtk":
            self.exchange(bytes.fromhex("00A4000C021D02"), b"\x90\x00")
            self.exchange(bytes.fromhex("00DCFFFF0352E602"), body + crc16(body) + b"\x90\x00")
        else:
            self.exchange(bytes.fromhex("80F8000000"), body + b"\x90\x00")

    def signed(self, message: bytes) -> bytes:
        """Return SIGN of a message, and print what the chip was asked."""
        sign = authcode.sign(self.key, message) if self.sign is None else self.sign(message)
        if self.debug:
            self.show("id2 sign input:", message)
            padded = authcode.sign_input(self.key.key_type, message)
            self.show("id2 cipher input:", padded)
            self.show("id2 cipher output:", sign)
            self.show("id2 sign output:", sign)
        if self.dumps and self.key.key_type.symmetric:
            padded = authcode.sign_input(self.key.key_type, message)
            if self.dumps == "mtk":
                self.exchange(bytes.fromhex("00A4000C021D02"), b"\x90\x00")
                head = bytes.fromhex("00DCFFFF") + bytes([len(padded) + 10])
                command = head + bytes.fromhex("510001510212") + len(padded).to_bytes(2) + padded
                answer = sign + sign[-8:]
                self.exchange(command + crc16(command), answer + crc16(answer) + b"\x90\x00")
            else:
                data = bytes([0x51, ALGORITHMS[self.family], 0]) + len(padded).to_bytes(2) + padded
                self.exchange(bytes([0x80, 0xF6, 0, 1, len(data)]) + data, sign + b"\x90\x00")
        elif self.dumps:  # SM2: the chip takes the message itself
            data = bytes([0x53, 0x05, 0]) + len(message).to_bytes(2) + message
            self.exchange(bytes([0x80, 0xF4, 0, 1, len(data)]) + data, sign + b"\x90\x00")
        return sign

    # the program

    def code(self, kind: str, extra: str = "") -> str:
        right = (0 if kind == "challenge" else 1) + (2 if extra else 0)
        value = CHALLENGE if kind == "challenge" else TIMESTAMP
        assert self.next_random is not None
        device_random = self.next_random()
        sign = self.signed(authcode.message(self.id2, device_random, value, extra.encode()))
        number = authcode.AuthCodeType(self.kind_of(kind, right))
        code = authcode.AuthCode(number, self.key.key_type.hash, device_random, value, sign).text
        if self.debug:
            self.say(f"_id2_gen_auth_code 840: base64 output: {code.rpartition('~')[2]}")
            self.say(f"_id2_gen_auth_code 850: client authcode: [{len(code)}] {code}")
        return code

    def start(self, name: str) -> None:
        self.say(f"id2_client_test 19: ====> ID2 Client Test {name} Start.")
        if self.version != "3.1.0":
            self.banner()

    def end(self, name: str, result: str = "Pass") -> None:
        self.say(f"id2_client_test 46: ====> ID2 Client Test {name} End.")
        self.say(f"id2_client_unit_test 318: =================>ID2 Client Test {name} {result}.")
        self.lines.append("")

    def unit_tests(self) -> None:
        order = {
            "3.1.0": (
                self.get_id,
                self.challenges,
                self.challenge_codes,
                self.timestamp_codes,
                self.secret,
                self.derive,
                self.one_time,
            ),
            "3.0.0": (self.get_id, self.challenge_codes, self.timestamp_codes, self.secret, self.derive),
            "2.0.0": (
                self.get_id,
                self.challenge_codes,
                self.timestamp_codes,
                self.old_challenges,
                self.secret,
            ),
        }
        for step in order[self.version]:
            step()

    def get_id(self) -> None:
        self.start("Get ID")
        self.say("id2_client_get_id 988: ERROR: short buffer, 0.")
        self.get_id_from_chip()
        self.say(f"id2_client_get_id 1022: ID2: {self.id2}")
        self.say(f"id2_client_test_get_id 41: ID2: {self.id2}")
        self.end("Get ID")

    def challenges(self) -> None:
        self.start("Get Device Challenge")
        for length in (16, 32, 48, 64, 80, 96, 112, 128):
            self.say(
                f"id2_client_test_get_device_challenge 67: Device Challenge: {self._hex(length)} {length}"
            )
        self.end("Get Device Challenge")

    def old_challenges(self) -> None:
        self.start("Get Device Challenge")
        for length in (1, 5, 9, 13, 16, 16):
            self.say(
                f"id2_client_test_get_device_challenge 60: device random: [{length}] {self._hex(length)}"
            )
        self.say("id2_client_test 46: ====> ID2 Client Test Get Device Challenege End.")
        self.say("id2_client_unit_test 318: =================>ID2 Client Test Get Device Challenge Pass.")

    def challenge_codes(self) -> None:
        self.codes("Challenge", "challenge")

    def timestamp_codes(self) -> None:
        self.codes("Timestamp", "timestamp")

    def codes(self, name: str, kind: str) -> None:
        self.start(f"Get {name} Auth Code")
        size = 512 if self.family == "RSA" else 256
        self.say(f"_id2_gen_auth_code 781: ERROR: auth code short buffer, 0 {size}.")
        function = f"id2_client_test_get_{kind}_auth_code"
        for heading, extra in (("no extra", ""), (f"extra = {EXTRA}", EXTRA)):
            code = self.code(kind, extra)
            self.say(f"{function} 120: authcode[{heading}]:")
            self.lines.append(f" [{len(code)}] {code}")
        self.end(f"Get {name} Auth Code")

    def secret(self) -> None:
        if self.family not in ALGORITHMS:
            self.unsupported("Get Secret", SEED, "id2 client get secret fail, -8")
            return
        self.start("Get Secret")
        self.say("id2_client_get_secret 1462: ERROR: short buffer, 0.")
        self.say(f"id2_client_get_secret 1467: seed: {SEED}")
        self.signed(SEED.encode())
        self.say(f"id2_client_test_get_secret 209: device secret: [64] {secrets.get_secret(self.key, SEED)}")
        self.end("Get Secret")

    def unsupported(self, name: str, seed: str, told: str) -> None:
        """Print how a test of an asymmetric build ends."""
        self.start(name)
        if name == "Get Secret":
            self.say("id2_client_get_secret 1462: ERROR: short buffer, 0.")
        self.say(f"id2_client_get_secret 1467: seed: {seed}")
        self.say("id2_client_get_secret 1473: not support id2 asymmetric key type")
        self.say(f"id2_client_test 200: {told}")
        self.end(name, "Not Support")

    def derive(self) -> None:
        if self.family not in ALGORITHMS:
            self.unsupported("Derive Key", "appKey", "id2 client derive key fail, -8")
            return
        self.start("Derive Key")
        self.say("id2_client_derive_key 1535: seed: appKey")
        self.signed(f"{self.id2}appKey".encode())
        derived = secrets.derive_key(self.key, self.id2, "appKey", 16)
        for at in range(0, 16, 4):
            row = " ".join(f"0x{byte:02x}" for byte in derived[at : at + 4])
            self.say(f"id2_client_test_derive_key 236: key: {row}")
        self.end("Derive Key")

    def one_time(self) -> None:
        if self.family not in ALGORITHMS:
            self.say("id2_client_get_secret 1473: not support id2 asymmetric key type")
            self.say("id2_client_dpm_get_totp 260: ERROR: id2 get secret fail, -8")
            self.say("id2_client_test_dpm_otp 280: dpm generate totp fail, -8")
            self.say("id2_client_unit_test 376: =====>ID2 Client Test One-Time Password Not Support.")
            return
        for _ in range(2):
            self.say(f"id2_client_get_secret 1467: seed: {self.id2}")
            self.signed(self.id2.encode())
        now = self.clock_ms
        password = totp.build(
            self.key,
            self.id2,
            timestamp=now // 1000,
            index=now % 100,
            step=max(180, now % 1800 + 1),
            length=max(6, now % 16 + 1),
        )
        self.say(f"id2_client_test_dpm_otp 304: Generated TOTP: {password}")
        self.say("id2_client_unit_test 374: =================>ID2 Client Test One-Time Password Pass.")

    def report(self) -> None:
        self.say("id2_client_generate_authcode 143: ====> ID2 Client Generate AuthCode Start.")
        challenge, timestamp = self.code("challenge", EXTRA), self.code("timestamp", EXTRA)
        kpm_code = None
        if self.kpm:
            kpm_code = self.kpm_code()
        layout = report.Layout.V3 if self.version == "3.1.0" else report.Layout.V2
        text = report.build(
            self.id2,
            challenge,
            timestamp,
            kpm_code=kpm_code,
            sdk_version=self.sdk_in_report or self.version,
            date=self.date,
            layout=layout,
        )
        self.say("id2_client_generate_authcode 246: ")
        self.lines += report.on_console(text).splitlines()[1:]
        self.say("id2_client_generate_authcode 257: =====>ID2 Client Generate AuthCode End.")

    def kpm_code(self) -> str:
        from harness.id2 import kpm

        inner = authcode.build(self.key, self.id2, challenge=TIMESTAMP)
        return kpm.build_code(self.id2, 1, kpm.KeyInfo.AES_128, inner).text


def symmetric(key_type: KeyType, **changes: object) -> Maker:
    """Return a console of a device with some symmetric key."""
    # A key that cannot be guessed: one that can is a failure of its own.
    key = Key.parse(key_type, hashlib.sha512(b"a made-up key").digest()[: key_type.key_size].hex())
    return Maker(key, "00A1B2C3D4E5F60718293A4B", **changes)  # type: ignore[arg-type]
