"""A client in plain Python for the tests of the explorer: sound, or with one fault that shows after certain calls."""

import dataclasses
import secrets

from harness.carrier.base import Carrier
from harness.carrier.errors import CarrierError
from harness.explore.driver import Driver
from harness.explore.explorer import Explorer
from harness.explore.steps import Event
from harness.explore.world import Identity, World
from harness.id2 import authcode, ciphers, devicechallenge, kpm, otp, servercode, totp
from harness.id2 import secrets as id2_secrets
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType

KEY = Key.parse(KeyType.AES_128, "2122232425262728292A2B2C2D2E2F30")
ID = "2122232425262728292A2B2C"
IDENTITY = Identity(ID, KEY)

FUNCTIONS = frozenset(
    [
        "get_version",
        "get_id",
        "get_prov_stat",
        "get_challenge_auth_code",
        "get_timestamp_auth_code",
        "decrypt",
        "encrypt",
        "get_device_challenge",
        "verify_server",
        "get_secret",
        "derive_key",
        "kpm_get_auth_code",
        "kpm_get_prov_stat",
        "dpm_get_totp",
        "dpm_get_index",
        "get_otp_auth_code",
        "load_otp_data",
    ]
)

FAULTS = {
    "code-after-cleanup": "auth codes are given after the last cleanup",
    "init-after-error": "after a refused call the next init is not counted",
    "old-key": "after new OTP data the key stays the old one until the next init",
    "extra-of-refused": "the extra of a refused code is signed in the next code without extra",
    "answer-leaks": "after an answer of 512 bytes or more the next derived key ends in bytes of it",
    "type-after-decrypt": "after a refused decrypt the next code has the type of the one before",
    "derive-after-encrypt": "the next derived key after an encryption uses its seed",
    "timestamp-after-long": "a timestamp code after too long a challenge is a challenge code",
    "verify-remembered": "a right server code makes the first one after the next init right",
    "challenge-repeats": "the first device challenge after cleanup and init is the last one before",
    "second-init": "while init is counted twice, the device says that it has no ID",
    "secret-after-decrypt": "the secret after a decryption of 1024 bytes is another one",
    "reset-while-counted": "a reset while init is counted twice leaves the client initialised",
    "state-after-otp": "after refused OTP data the provisioning state is told the wrong way round",
    "id-short-after-short-buffers": "after three buffers that were too short the ID has one character less",
    "verify-sign-beginning": "the last byte of the signature of a server code is not looked at",
    "verify-random-beginning": "only the first 8 characters of a device random are looked at",
    "dies-after-three": "the board starts anew in the third decrypt after a start",
}


class Board:
    """The board: what outlives a start, and the client of the present one."""

    events = frozenset({Event.RESET})
    sizes_buffers = True
    far_end = None
    cuts_power = True

    def until_cut(self, make, seconds):
        for _ in range(round(seconds * 1000)):
            make()
        self.happen(Event.POWER_CYCLE)

    short_buffers = 0

    def into_buffer(self, function, arguments, size):
        value = getattr(self.client, function)(**arguments)
        if size < len(value):
            self.short_buffers += 1
            raise CarrierError(function, -3)
        return value

    def __init__(self, fault="", *, events=events, version=0x00030100):
        self.events = events
        self.fault = fault
        self.version = version
        self.identity = IDENTITY
        self.began = 0
        self.client = Client(self)

    def carrier(self):
        return self.client

    def happen(self, event):
        left = 1 if self.fault == "reset-while-counted" and self.client.inits > 1 else 0
        self.client = Client(self)
        self.client.inits = left
        self.short_buffers = 0

    def has_room(self, call):
        return True

    def starts(self):
        return self.began


class Client(Carrier):
    """The id2_client API over `harness.id2`."""

    def __init__(self, board):
        super().__init__("stand-in")
        self.board = board
        self.inits = 0
        self.fault = board.fault
        self.key = board.identity.key
        self.session = b""
        self.refused = self.mark = False
        self.kept = None
        self.decrypts = 0
        self.last_type = None
        self.last_challenge = ""

    def has(self, fault):
        return self.fault == fault

    def refuse(self, function, code):
        self.refused = True
        raise CarrierError(function, code)

    def need(self, function):
        if not self.inits:
            self.refuse(function, -1)

    def need_id(self, function):
        self.need(function)
        if not self.board.identity.id2 or (self.has("second-init") and self.inits > 1):
            self.refuse(function, -11)

    def init(self):
        if self.has("init-after-error") and self.refused and self.inits:
            self.refused = False
            return
        self.inits += 1
        self.key = self.board.identity.key
        if self.has("verify-remembered") and self.kept == "right":
            self.kept = "next"

    def cleanup(self):
        self.inits = max(0, self.inits - 1)
        if self.has("challenge-repeats") and not self.inits:
            self.kept = self.last_challenge or None

    def get_version(self):
        self.need("get_version")
        return self.board.version

    def get_id(self):
        self.need_id("get_id")
        if self.has("id-short-after-short-buffers") and self.board.short_buffers > 2:
            return self.board.identity.id2[:-1]
        return self.board.identity.id2

    def get_prov_stat(self):
        self.need("get_prov_stat")
        return bool(self.board.identity.id2) is not (self.has("state-after-otp") and self.mark)

    def get_challenge_auth_code(self, challenge, extra=None):
        if self.has("timestamp-after-long"):
            self.mark = len(challenge) > 32
        return self.code("get_challenge_auth_code", challenge, extra, of_time=False)

    def get_timestamp_auth_code(self, timestamp, extra=None):
        of_time = not (self.has("timestamp-after-long") and self.mark) and not self.has(
            "every-code-of-challenge"
        )
        self.mark = False
        return self.code("get_timestamp_auth_code", timestamp, extra, of_time=of_time)

    def code(self, function, random, extra, *, of_time):
        if not self.has("code-after-cleanup"):
            self.need_id(function)
        if not 1 <= len(random) <= 32:
            self.kept = extra if self.has("extra-of-refused") else self.kept
            self.refuse(function, -2)
        if extra is not None and not 1 <= len(extra) <= 512:
            self.refuse(function, -4)
        signed = extra or b""
        if self.has("extra-of-refused"):
            signed, self.kept = signed or (self.kept or b"")[:512], None
        given = {"timestamp": random} if of_time else {"challenge": random}
        code = authcode.build(self.key, self.board.identity.id2, extra=signed, **given)
        kind = code.type
        if self.has("type-after-decrypt") and self.mark and self.last_type is not None:
            kind = self.last_type
        self.mark, self.last_type = False, kind
        return authcode.AuthCode(kind, code.hash, code.device_random, code.random, code.sign).text

    def decrypt(self, cipher):
        self.need_id("decrypt")
        if self.has("type-after-decrypt"):
            self.mark = True
        self.decrypts += 1
        if self.has("dies-after-three") and self.decrypts == 3:
            self.board.began += 1
            self.board.happen(Event.RESET)
        if not cipher or len(cipher) % 16:
            self.refuse("decrypt", -2)
        if len(cipher) > 1024:
            self.refuse("decrypt", -4)
        try:
            plain = ciphers.decrypt(self.key, cipher)
        except Id2Error:
            self.refuse("decrypt", -1)
        self.mark = self.has("secret-after-decrypt") and len(cipher) == 1024
        return self.given(plain)

    def given(self, data):
        if self.has("answer-leaks"):
            self.kept = data[-4:] if len(data) >= 512 else None
        return data

    def encrypt(self, plain, seed=""):
        self.need_id("encrypt")
        if not plain:
            self.refuse("encrypt", -2)
        if len(plain) > 1024 or len(seed) > 128:
            self.refuse("encrypt", -4)
        if self.has("derive-after-encrypt"):
            self.kept = seed
        return self.given(id2_secrets.encrypt(self.key, self.board.identity.id2, seed, plain))

    def get_device_challenge(self, length):
        self.need("get_device_challenge")
        if not length:
            self.refuse("get_device_challenge", -2)
        text = devicechallenge.from_random(secrets.token_bytes(64), length)
        if self.has("challenge-repeats"):
            text, self.kept = (self.kept or text)[:length].ljust(length, "0")[:128], None
            self.last_challenge = text
        return text

    def verify_server(self, auth_code, device_random, server_extra=None):
        self.need_id("verify_server")
        if not auth_code or not device_random:
            self.refuse("verify_server", -2)
        if len(device_random) > 128 or (server_extra is not None and not 1 <= len(server_extra) <= 512):
            self.refuse("verify_server", -4)
        if self.has("verify-remembered") and self.kept == "next":
            self.kept = None
            return
        if self.has("verify-random-beginning") and auth_code[5:13] == device_random[:8]:
            device_random = auth_code[5:].partition("~")[0]
        if servercode.check(
            self.as_compared(auth_code, device_random, server_extra),
            id2=self.board.identity.id2,
            key=self.key,
            device_random=device_random,
            server_extra=server_extra or b"",
        ):
            self.refuse("verify_server", -1)
        if self.has("verify-remembered"):
            self.kept = "right"

    def as_compared(self, auth_code, device_random, extra):
        """The code as a faulty client takes it: what it does not look at becomes right."""
        if not self.has("verify-sign-beginning"):
            return auth_code
        right = servercode.build(self.key, self.board.identity.id2, device_random, extra or b"")
        given = authcode.parse(auth_code)
        return dataclasses.replace(given, sign=given.sign[:-1] + right.sign[-1:]).text

    def get_secret(self, seed):
        self.need_id("get_secret")
        if not seed:
            self.refuse("get_secret", -2)
        if len(seed) > 128:
            self.refuse("get_secret", -4)
        if self.has("secret-after-decrypt") and self.mark:
            self.mark = False
            seed += "x"
        return id2_secrets.get_secret(self.key, seed)

    def derive_key(self, seed, length):
        self.need_id("derive_key")
        if not 1 <= length <= 32:
            self.refuse("derive_key", -2)
        if len(seed) > 128:
            self.refuse("derive_key", -4)
        kept, self.kept = (
            self.kept,
            None if self.fault in {"answer-leaks", "derive-after-encrypt"} else self.kept,
        )
        if self.has("derive-after-encrypt") and kept is not None:
            seed = kept[:128]
        key = id2_secrets.derive_key(self.key, self.board.identity.id2, seed, length)
        return (key[:-4] + kept)[:length] if self.has("answer-leaks") and kept and length > 4 else key

    def kpm_get_auth_code(self, index, info, mode, random):
        self.need_id("kpm_get_auth_code")
        if index in {0, 255}:
            self.refuse("kpm_get_auth_code", -8)
        inner = authcode.parse(self.code("kpm_get_auth_code", random, None, of_time=bool(mode)))
        return kpm.KpmCode(index, info, self.board.identity.id2, inner).text

    def kpm_get_prov_stat(self, index):
        self.need("kpm_get_prov_stat")
        if index in {0, 255}:
            self.refuse("kpm_get_prov_stat", -8)
        return False

    def dpm_get_totp(self, timestamp, index, step=180, length=12):
        self.need_id("dpm_get_totp")
        try:
            return totp.build(
                self.key, self.board.identity.id2, timestamp=timestamp, index=index, step=step, length=length
            )
        except Id2Error:
            self.refuse("dpm_get_totp", -2)

    def dpm_get_index(self, password):
        self.need("dpm_get_index")
        try:
            return totp.recover_index(password)
        except Id2Error:
            self.refuse("dpm_get_index", -2)

    def get_otp_auth_code(self, token):
        self.need("get_otp_auth_code")
        try:
            parsed = otp.parse_token(token.decode())
        except Id2Error:
            self.refuse("get_otp_auth_code", -2)
        self.session = secrets.token_bytes(16)
        return otp.build_device_code(parsed, self.session, b"demo-uid").data

    def load_otp_data(self, data):
        self.need("load_otp_data")
        try:
            assert self.session
            loaded = otp.parse_data(data)
            key = otp.open_data(loaded, self.session)
        except (Id2Error, AssertionError):
            self.mark = self.has("state-after-otp")
            self.refuse("load_otp_data", -1)
        self.board.identity = Identity(loaded.id2, key)
        if not self.has("old-key"):
            self.key = key


def world(board, **changes):
    known = {"functions": FUNCTIONS, "version": board.version, "identity": IDENTITY} | changes
    return World(KeyType.AES_128, **known)


def explorer(board, seed, **changes):
    driver = Driver(board, world(board, **changes))
    return Explorer(driver, board, seed)
