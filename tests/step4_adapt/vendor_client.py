"""Stand-ins for a firmware with a probe that hold what the vendor's SDK really does, release by release.

Written from the sources of alibaba/id2_client_sdk (1.0 to 3.1 as facts, see device-protocol.md a, c, k), with its known
defects; `Vendor(…)` takes each peculiarity as a switch, so that a test can break one thing.
"""

from dataclasses import dataclass, field
from types import SimpleNamespace

from harness.id2 import authcode, ciphers, hashes, secrets, servercode
from harness.id2.keys import Key, KeyType
from harness.probe.answers import Answer, Null
from harness.probe.errors import CallLostError, CrashedError
from harness.probe.functions import Group

ID = "2122232425262728292A2B2C"
AES = Key.parse(KeyType.AES_128, "2122232425262728292A2B2C2D2E2F30")
CLIENT = [
    "ini",
    "cln",
    "ver",
    "gid",
    "cac",
    "tac",
    "enc",
    "dec",
    "dch",
    "vsv",
    "sec",
    "dky",
    "pst",
    "oac",
    "lod",
    "prv",
]
SUCCESS, GENERIC, BAD, SHORT, EXCESS, UNSUPPORTED, NO_ID = 0, -1, -2, -3, -4, -8, -11
CHALLENGE_MAX, EXTRA_MAX, CRYPT_MAX, SEED_MAX = 32, 512, 1024, 128


class RefusedError(Exception):
    """A function gives this code."""

    def __init__(self, rc, length=None):
        super().__init__(rc)
        self.rc, self.length = rc, length


def unless(right, rc, length=None):
    if not right:
        raise RefusedError(rc, length)


@dataclass
class Arguments:
    a: object
    b: object
    c: object
    out: object
    no_length: bool
    k: int
    m: int

    @property
    def size(self):
        return self.out.length if isinstance(self.out, Null) else self.out

    def bytes(self, slot):
        value = getattr(self, slot)
        return None if isinstance(value, Null) else value

    @property
    def has_output(self):
        return not isinstance(self.out, Null)


@dataclass
class Vendor:
    """A link to a firmware with the client of SDK 3.1.0 in it.

    Attributes:
        key: The ID² key; None for a device that has none.
        version: The release.
        id_room: Bytes that get_id wants.
        code_room: Bytes that a code wants.
        zero_padding: Known defect k.2.
        nul_in_extra: Known defect k.3.
        extra_of_nothing: What a pointer to an extra of length 0 gives; None for no extra.
        missing: Functions that are not in the firmware.
        unsupported: Functions that answer -8.
        broken: Names of things that are broken.
    """

    key: Key | None = AES
    id2: str = ID
    version: tuple = (3, 1, 0)
    id_room: int = 48
    code_room: int = 256
    challenge_max: int = 128
    zero_padding: bool = True
    nul_in_extra: bool = True
    extra_of_nothing: int | None = EXCESS
    missing: frozenset = frozenset()
    unsupported: frozenset = frozenset()
    broken: frozenset = frozenset()
    slots: tuple = (1040, 513, 144)
    result: int = 1024
    inits: int = 0
    starts: int = 0
    calls: list = field(default_factory=list)

    name = "console"

    @property
    def functions(self):
        return frozenset(CLIENT) - self.missing

    @property
    def hello(self):
        return SimpleNamespace(slots=self.slots, result=self.result, groups=frozenset({Group.CLIENT}))

    def call(self, function, *, a=Null(), b=Null(), c=Null(), out=Null(), no_length=False, k=0, m=0, **_):  # noqa: B008
        assert function in self.functions, f"{function} was called, and the firmware does not have it"
        self.calls.append(function)
        given = Arguments(a, b, c, out, no_length, k, m)
        try:
            answer = getattr(self, f"_{function}")(given)
        except RefusedError as refused:
            length = given.size if refused.length is None else refused.length
            return Answer(refused.rc, length, b"", self._behind(function, given, refused.rc))
        if isinstance(answer, int):
            answer = (answer, b"")
        length, data = answer
        kept = data[: given.size]
        return Answer(SUCCESS, length, kept, self._behind(function, given, 0))

    def _behind(self, function, given, rc):
        writes_nul = f"nul-behind-{function}" in self.broken
        return 1 if writes_nul and rc == 0 and given.has_output else 0

    # ---- what each function checks first
    def _ready(self, function=""):
        if f"answers-before-init-{function}" not in self.broken:
            unless(self.inits, GENERIC)
        unless(function not in self.unsupported, UNSUPPORTED)

    def _goes_down(self):
        return (
            "null-crashes" in self.broken
            or "null-resets" in self.broken
            or ("reset-once" in self.broken and not self.starts)
        )

    def _points(self, *there):
        if not all(there) and self._goes_down():
            self.inits, self.starts = 0, self.starts + 1
            if "null-crashes" in self.broken:
                raise CrashedError("the board started anew; its console shows a crash")
            raise CallLostError("the board started anew")
        if "null-taken" not in self.broken:
            unless(all(there), GENERIC if "null-gives-minus-one" in self.broken else BAD)

    # ---- functions
    def _ini(self, _):
        uncounted = self.version < (3, 1, 0) or "init-not-counted" in self.broken
        self.inits = 1 if uncounted else self.inits + 1
        return 0

    def _cln(self, _):
        if "cleanup-without-init-fails" in self.broken:
            unless(self.inits, GENERIC)
        uncounted = self.version < (3, 1, 0)
        self.inits = 0 if uncounted else max(0, self.inits - 1)
        if "cleanup-ends-nothing" in self.broken:
            self.inits = max(1, self.inits)
        return 0

    def _ver(self, given):
        self._ready()
        self._points(given.has_output)
        return 4, bytes((0, *self.version))

    def _gid(self, given):
        self._ready("gid")
        self._points(given.has_output, not given.no_length)
        told = given.size if "length-not-reported" in self.broken else self.id_room
        told = len(self.id2) - 1 if "length-too-small" in self.broken else told
        if "id-cut-to-buffer" in self.broken:
            return given.size, self.id2.encode()[: given.size]
        unless(given.size >= self.id_room, SHORT, told)
        unless(self.key is not None, NO_ID)
        return len(self.id2), self.id2.encode()

    def _code(self, given, mode, function):
        self._ready(function)
        random, extra = given.bytes("a"), given.bytes("b")
        self._points(random is not None, given.has_output, not given.no_length)
        unless(1 <= len(random) <= CHALLENGE_MAX, BAD)
        if extra == b"":
            if self.extra_of_nothing is not None:
                raise RefusedError(self.extra_of_nothing)
            extra = None
        unless(len(extra or b"") <= EXTRA_MAX, EXCESS)
        told = self.code_room if "length-not-reported" not in self.broken else given.size
        unless(given.size >= self.code_room, SHORT, told)
        unless(self.key is not None, NO_ID)
        signed = extra or b""
        if self.nul_in_extra:
            signed = signed.partition(b"\x00")[0].ljust(len(signed), b"\x00")
        elif "extra-cut-at-nul" in self.broken:
            signed = signed.partition(b"\x00")[0]
        which = {"timestamp" if mode else "challenge": random.decode()}
        made = authcode.build(self.key, self.id2, extra=signed, **which).text.encode()
        made = b"%d" % (mode + 2 * (extra is not None)) + made[1:]
        unless(given.size > len(made), SHORT)
        return len(made), made

    def _cac(self, given):
        return self._code(given, 0, "cac")

    def _tac(self, given):
        return self._code(given, 1, "tac")

    def _dec(self, given):
        self._ready("dec")
        cipher = given.bytes("a")
        self._points(cipher is not None, cipher != b"", given.has_output, not given.no_length)
        unless(len(cipher) <= CRYPT_MAX, EXCESS)
        unless(len(cipher) % 16 == 0, BAD)
        try:
            unpad = ciphers.unpad_like_sdk if self.zero_padding else ciphers.unpad
            plain = unpad(ciphers.ecb_decrypt(self.key, cipher), 16)
        except Exception as error:
            raise RefusedError(GENERIC) from error
        unless(given.size >= len(plain) or "decrypt-cuts" in self.broken, SHORT)
        return min(len(plain), given.size), plain

    def _enc(self, given):
        self._ready("enc")
        plain = given.bytes("a")
        self._points(plain, given.has_output, not given.no_length)
        size = len(plain) // 16 * 16 + 16
        unless(given.size >= size, SHORT)
        return size, bytes(size)

    def _dch(self, given):
        self._ready("dch")
        self._points(given.has_output, not given.no_length, given.size)
        size = given.size if "challenge-not-clipped" in self.broken else min(given.size, self.challenge_max)
        digits = b"0123456789abcdef" if "challenge-lower-case" in self.broken else b"0123456789ABCDEF"
        return size, (digits * 20)[:size]

    def _vsv(self, given):
        self._ready("vsv")
        code, random = given.bytes("a"), given.bytes("c")
        self._points(code, random)
        if self.version >= (3, 0, 0) and "any-device-random" not in self.broken:
            unless(len(random) <= 128, EXCESS)
        if "any-server-code" in self.broken:
            return 0
        unless(self.key is not None, NO_ID)
        right = servercode.build(self.key, self.id2, random.decode()[:128]).text.encode()
        unless(code == right, GENERIC)
        return 0

    def _seed(self, given, *, may_be_empty):
        seed = given.bytes("c")
        self._points(seed is not None, given.has_output)
        unless(seed or may_be_empty or "empty-seed-taken" in self.broken, BAD)
        unless(len(seed) <= SEED_MAX or "long-seed-taken" in self.broken, EXCESS)
        return seed.decode()[:SEED_MAX]

    def _sec(self, given):
        self._ready()
        self._points(not given.no_length)
        seed = self._seed(given, may_be_empty=False)
        unless(given.size >= 64, SHORT, 64)
        unless("sec" not in self.unsupported, UNSUPPORTED)
        unless(self.key is not None, GENERIC)
        return 64, (secrets.get_secret(self.key, seed) if seed else "0" * 64).encode()

    def _dky(self, given):
        self._ready()
        self._points(given.has_output)
        if "key-of-33" not in self.broken:
            unless(1 <= given.size <= 32, BAD)
        seed = self._seed(given, may_be_empty=True)
        unless("dky" not in self.unsupported, UNSUPPORTED)
        unless(self.key is not None, NO_ID)
        key = secrets.derive_key(self.key, self.id2, seed, 32)
        if "other-short-keys" in self.broken and given.size < 32:
            key = hashes.digest(hashes.HashType.SHA256, key)
        return given.size, key.ljust(given.size, b"\x00")

    def _pst(self, given):
        self._ready("pst")
        self._points(given.has_output)
        return 1, bytes((self.key is not None or "says-it-has-an-id" in self.broken,))


class Stub(Vendor):
    """The vendor's stub in front of a module: it is not initialised by itself, counts nothing and checks less."""

    def __init__(self, **changes):
        super().__init__(unsupported=frozenset({"dch"}), **changes)

    def _ini(self, _):
        assert not self.inits, "the stub would lose the socket to its module"
        self.inits = 1
        return 0

    def _cln(self, _):
        unless(self.inits, GENERIC)
        self.inits = 0
        return 0

    def _gid(self, given):
        self._points(given.has_output, not given.no_length)
        unless(self.inits, GENERIC)
        unless(given.size >= len(self.id2), SHORT)
        return len(self.id2), self.id2.encode()

    def _code(self, given, mode, function):
        random = given.bytes("a")
        self._points(random is not None, given.has_output, not given.no_length)
        module = Vendor(key=self.key, inits=self.inits, extra_of_nothing=None)
        inner = Arguments(given.a, given.b, given.c, 512, no_length=False, k=0, m=0)
        length, code = module._code(inner, mode, function)
        unless(given.size >= length, SHORT)
        return length, code

    def _dch(self, given):
        self._points(given.has_output, not given.no_length)
        raise RefusedError(UNSUPPORTED)

    def _sec(self, given):
        seed = given.bytes("c")
        self._points(seed is not None, given.has_output, not given.no_length)
        unless(len(seed) <= SEED_MAX, EXCESS)
        unless(seed, GENERIC)  # the module's word
        unless(given.size >= 64, SHORT)
        return 64, secrets.get_secret(self.key, seed.decode()).encode()


def release_2(**changes):
    """SDK 2.0.0: IDs of 24, challenges of 16, nothing counted, and derivation without init."""
    return Vendor(version=(2, 0, 0), id_room=24, challenge_max=16, missing=frozenset({"enc"}), **changes)
