"""The id2_client API of a firmware as its C functions: buffers of any size, any NULL pointer, and the bare return code.

Source: docs/probe-protocol.md, group client; SDK 3.1.0 include/id2/id2_client.h.
"""

from dataclasses import dataclass, replace

from harness.probe.functions import FUNCTIONS
from harness.probe.link import NULL, Answer, Null, ProbeLink

MOST_INITS = 256
"""Inits that SDK 3.1 can count: it counts in one byte."""

LARGEST_CODE = 512
"""Bytes that suffice for every auth code. Source: device-protocol.md a.1."""

_SECRETS = frozenset(("sec", "dky"))
"""Functions whose results must stand in no recording."""

_CHALLENGE = b"55B83408399FA660F05C82E4F25333DC"
_TIMESTAMP = b"1512022279204"
_SEED = b"appKey"
_RANDOM = b"0123456789ABCDEF"
_SERVER_CODE = b"10~2~" + _RANDOM + b"~" + b"A" * 64
"""A code of the right form; the signature in it is that of nobody."""


@dataclass(frozen=True, slots=True)
class ClientCall:
    """One call of a function of the API.

    Attributes:
        function: Its three letters in the probe's protocol.
        what: What is special about it, behind the function's name: `with NULL for the ID`.
        a: What goes into slot a.
        b: What goes into slot b.
        c: What goes into slot c.
        out: Bytes of the output buffer, or a NULL pointer in its place.
        no_length: Whether the pointer to the length is NULL.
    """

    function: str
    what: str = ""
    a: bytes | Null = NULL
    b: bytes | Null = NULL
    c: bytes | Null = NULL
    out: int | Null = NULL
    no_length: bool = False

    def __str__(self) -> str:
        name = FUNCTIONS[self.function].calls[0].removeprefix("id2_client_")
        return f"{name} {self.what}".rstrip()

    def into(self, size: int) -> "ClientCall":
        """Return the same call with an output buffer of `size` bytes."""
        return replace(self, out=size, what=f"into {size} bytes")


GET_ID = ClientCall("gid", out=64)
CHALLENGE_CODE = ClientCall("cac", a=_CHALLENGE, out=LARGEST_CODE)
TIMESTAMP_CODE = ClientCall("tac", a=_TIMESTAMP, out=LARGEST_CODE)
EMPTY_EXTRA = ClientCall(
    "cac", "with a pointer to an extra of length 0", a=_CHALLENGE, b=b"", out=LARGEST_CODE
)
DEVICE_CHALLENGE = ClientCall("dch", out=16)
SECRET = ClientCall("sec", c=_SEED, out=64)
DERIVED_KEY = ClientCall("dky", c=_SEED, out=16)
VERIFY_SERVER = ClientCall("vsv", a=_SERVER_CODE, c=_RANDOM)

SIZED = (GET_ID, CHALLENGE_CODE, TIMESTAMP_CODE, SECRET)
"""Calls whose answers have a length of their own, which the caller is told."""

CALLS: tuple[ClientCall, ...] = (
    ClientCall("ver", out=4),
    GET_ID,
    CHALLENGE_CODE,
    TIMESTAMP_CODE,
    ClientCall("dec", a=bytes(48), out=64),
    ClientCall("enc", a=b"plain", c=_SEED, out=64),
    DEVICE_CHALLENGE,
    VERIFY_SERVER,
    SECRET,
    DERIVED_KEY,
    ClientCall("pst", out=1),
)
"""One call of each function that changes nothing in the device; what they answer is another matter."""

FIRST_CALLS = tuple(call for call in CALLS if call.function in ("ver", "gid", "cac", "tac", "dec"))
"""Those that every release refuses before init; 2.0 derives without it. Source: SDK 2.0.0 id2_client.c."""

NULL_CALLS: tuple[ClientCall, ...] = (
    ClientCall("ver", "with NULL for the version"),
    ClientCall("gid", "with NULL for the ID", out=Null(64)),
    ClientCall("gid", "with NULL for the length", out=64, no_length=True),
    *(
        call
        for function, text, random in (("cac", "challenge", _CHALLENGE), ("tac", "timestamp", _TIMESTAMP))
        for call in (
            ClientCall(function, f"with NULL for the {text}", out=LARGEST_CODE),
            ClientCall(function, "with NULL for the code", a=random, out=Null(LARGEST_CODE)),
            ClientCall(function, "with NULL for the length", a=random, out=LARGEST_CODE, no_length=True),
        )
    ),
    ClientCall("dec", "with NULL for the input", a=Null(48), out=64),
    ClientCall("dec", "with NULL for the output", a=bytes(48), out=Null(64)),
    ClientCall("dec", "with NULL for the length", a=bytes(48), out=64, no_length=True),
    ClientCall("dch", "with NULL for the challenge", out=Null(16)),
    ClientCall("dch", "with NULL for the length", out=16, no_length=True),
    ClientCall("vsv", "with NULL for the code", a=Null(64), c=_RANDOM),
    ClientCall("vsv", "with NULL for the device random", a=_SERVER_CODE, c=Null(16)),
    ClientCall("sec", "with NULL for the seed", out=64),
    ClientCall("sec", "with NULL for the secret", c=_SEED, out=Null(64)),
    ClientCall("sec", "with NULL for the length", c=_SEED, out=64, no_length=True),
    ClientCall("dky", "with NULL for the seed", out=16),
    ClientCall("dky", "with NULL for the key", c=_SEED, out=Null(16)),
    ClientCall("pst", "with NULL for the state"),
)
"""Calls with a NULL pointer that the API refuses. Source: SDK 3.1.0 modules/id2/lib id2_client.c, id2_otp.c; stub."""


def decrypting(cipher: bytes) -> ClientCall:
    """Return a decryption of `cipher`."""
    return ClientCall("dec", a=cipher, out=LARGEST_CODE)


def seeded(call: ClientCall, length: int) -> ClientCall:
    """Return the same call with a seed of `length` characters."""
    return replace(call, c=b"s" * length, what=f"with a seed of {length} characters")


def answering(call: ClientCall, length: int) -> ClientCall:
    """Return the same call over a device random of `length` characters."""
    return replace(call, c=b"5" * length, what=f"with a device random of {length} characters")


class ClientCalls:
    """The client of a firmware, called through its probe.

    Every method may raise what `ProbeLink.call` raises.

    Args:
        link: The probe.
    """

    def __init__(self, link: ProbeLink) -> None:
        self._link = link

    @property
    def starts(self) -> int:
        """How many starts of the firmware were seen."""
        return self._link.starts

    @property
    def room(self) -> int:
        """Bytes of the largest output buffer that the probe offers."""
        return self._link.hello.result

    @property
    def text_room(self) -> int:
        """Characters of the longest seed or device random that the probe takes."""
        return self._link.hello.slots[2]

    def has(self, function: str) -> bool:
        """Tell whether the firmware has a function, by its three letters."""
        return function in self._link.functions

    def make(self, call: ClientCall) -> Answer:
        """Make a call and return what it answered, whatever that is."""
        return self._link.call(
            call.function,
            a=call.a,
            b=call.b,
            c=call.c,
            out=call.out,
            no_length=call.no_length,
            secret=call.function in _SECRETS,
        )

    def init(self) -> int:
        """Call id2_client_init and return its code."""
        return self._link.call("ini").rc

    def cleanup(self) -> int:
        """Call id2_client_cleanup and return its code."""
        return self._link.call("cln").rc

    def get_version(self) -> Answer:
        """Call id2_client_get_version; the result has 4 bytes, 0x00MMmmpp."""
        return self.make(ClientCall("ver", out=4))
