"""From the pre-master secret to the keys of both directions, and Finished. All hashes are SHA-256.

Source: device-protocol.md h.3; RFC 5246 5, 6.3, 7.4.9, 8.1.
"""

import hmac
from dataclasses import dataclass

from harness.itls.messages import FINISHED_SIZE
from harness.itls.suites import Suite
from harness.secret import Secret

PREMASTER_SIZE = 48
MASTER_SIZE = 48


def prf(secret: bytes, label: bytes, seed: bytes, size: int) -> bytes:
    """Return `size` bytes of the pseudo-random function of TLS 1.2."""
    seed = label + seed
    step, out = seed, b""
    while len(out) < size:
        step = hmac.digest(secret, step, "sha256")
        out += hmac.digest(secret, step + seed, "sha256")
    return out[:size]


@dataclass(frozen=True, slots=True)
class DirectionKeys:
    """The keys of one direction."""

    mac: Secret
    cipher: Secret


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """All that a session's secrecy rests on.

    Attributes:
        suite: The cipher suite.
        master: 48 bytes.
        client: What the client writes with.
        server: What the server writes with.
        client_random: 32 bytes of the second ClientHello.
    """

    suite: Suite
    master: Secret
    client: DirectionKeys
    server: DirectionKeys
    client_random: bytes

    def finished(self, label: bytes, transcript_hash: bytes) -> bytes:
        """Return the verify data of a Finished: `client finished` or `server finished`."""
        return prf(self.master.reveal(), label, transcript_hash, FINISHED_SIZE)


def derive(suite: Suite, premaster: bytes, client_random: bytes, server_random: bytes) -> SessionKeys:
    """Derive the keys of a session.

    Args:
        suite: The cipher suite.
        premaster: 48 bytes; other lengths are derived from all the same, because a client may be wrong.
        client_random: Of the ClientHello that was answered with the ServerHello.
        server_random: Of the ServerHello.
    """
    master = prf(premaster, b"master secret", client_random + server_random, MASTER_SIZE)
    mac, key = suite.mac_size, suite.key_size
    block = prf(master, b"key expansion", server_random + client_random, 2 * (mac + key))
    at = 2 * mac
    return SessionKeys(
        suite,
        Secret(master),
        DirectionKeys(Secret(block[:mac]), Secret(block[at : at + key])),
        DirectionKeys(Secret(block[mac:at]), Secret(block[at + key :])),
        client_random,
    )
