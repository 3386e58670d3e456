"""AsymmetricCrypt of the standard chip: RSA, SM2 and ECDSA on K-256.

Choices where the published facts leave room:
    * Every algorithm but RSA 00 signs a message, not a hash: the chip hashes (SM2 with Z of the default
      user id, ECDSA with SHA-256, which is the hash that goes with this key type).
    * Verification takes message and signature as one piece of data; a wrong signature is 6A80.
    * The two bytes of total length stand once, before the first byte of the answer. What does not fit into
      one answer waits for P1 = 40; every part is answered with 9000.

Source: device-protocol.md e.2, b.3.
"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from harness.id2 import asymmetric, sm2
from harness.id2.errors import Id2Error
from harness.id2.keys import Key
from harness.simulator.chip.chaining import HEAD_SIZE, MAX_BLOCK, require_mark, require_size, starts_anew
from harness.simulator.chip.hooks import ChipHooks
from harness.simulator.chip.ica_keys import KeyStore
from harness.simulator.chip.model import Outbox, Received, Refuse
from harness.simulator.chip.randomness import RandomSource
from harness.simulator.chip.status import Sw

ENCRYPT, DECRYPT, SIGN, VERIFY = 0x51, 0x52, 0x53, 0x54
RSA_NONE, RSA_PKCS1, SM2_SM3, ECDSA = 0x00, 0x01, 0x05, 0x06
_RSA_HASHES: dict[int, type[hashes.HashAlgorithm]] = {
    0x01: hashes.SHA1,
    0x02: hashes.SHA256,
    0x03: hashes.SHA384,
    0x04: hashes.SHA512,
}
_FETCH = 0x40
_MOST = 4096  # bytes of one operation that the chip has room for
_PART = 0xF0


@dataclass(slots=True)
class _Operation:
    mode: int
    algorithm: int
    key: Key
    total: int
    data: bytes = b""
    next_block: int = 0


class AsymmetricUnit:
    """The asymmetric part of one session."""

    def __init__(
        self, keys: KeyStore, hooks: ChipHooks, random: RandomSource, *, length_prefix: bool
    ) -> None:
        self._keys = keys
        self._hooks = hooks
        self._random = random
        self._length_prefix = length_prefix
        self._running: _Operation | None = None
        self._rest = b""

    def reset(self) -> None:
        """Forget a chain that was not finished, and an answer that was not fetched."""
        self._running = None
        self._rest = b""

    def run(self, received: Received, outbox: Outbox) -> bytes:
        """Take one block, or hand over the next part of the answer."""
        if received.p1 == _FETCH:
            if not self._rest:
                raise Refuse(Sw.CONDITIONS)
            return outbox.reply(self._next_part(), received.le)
        self._rest = b""
        running, self._running = self._running, None  # any refusal ends the chain
        require_mark(received, self._hooks)
        anew = starts_anew(received, running.next_block if running else None, self._hooks)
        if running is None or anew:
            require_size(received, HEAD_SIZE + MAX_BLOCK, self._hooks)
            running = self._begin(received.data)
            running.data = received.data[HEAD_SIZE:]
        else:
            require_size(received, MAX_BLOCK, self._hooks)
            running.data += received.data
        running.next_block += 1
        if len(running.data) > running.total:
            raise Refuse(Sw.LENGTH)
        if len(running.data) < running.total:
            self._running = running
            return Sw.OK.to_bytes(2)
        answer = self._finish(running)
        if answer:
            self._rest = (len(answer).to_bytes(2) if self._length_prefix else b"") + answer
        return outbox.reply(self._next_part(), received.le)

    def _begin(self, head: bytes) -> _Operation:
        if len(head) < HEAD_SIZE:
            raise Refuse(Sw.LENGTH)
        mode, algorithm, kid = head[:3]
        total = int.from_bytes(head[3:HEAD_SIZE])
        family = _family(algorithm)
        if family not in {key.key_type.family for key in self._keys.all()}:
            raise Refuse(Sw.ALGORITHM)
        if mode not in (ENCRYPT, DECRYPT, SIGN, VERIFY):
            raise Refuse(Sw.BAD_DATA)
        if mode in (ENCRYPT, DECRYPT) and algorithm not in (RSA_NONE, RSA_PKCS1, SM2_SM3):
            raise Refuse(Sw.ALGORITHM)
        key = self._keys.get(kid)
        if key.key_type.family != family:
            raise Refuse(Sw.KEY_TYPE)
        if not total:
            raise Refuse(Sw.LENGTH)
        if total > _MOST:
            raise Refuse(Sw.NO_SPACE)
        return _Operation(mode, algorithm, key, total)

    def _finish(self, running: _Operation) -> bytes:
        try:
            match running.mode:
                case 0x51:
                    return self._encrypt(running)
                case 0x52:
                    return _decrypt(running)
                case 0x53:
                    return _sign(running)
                case _:
                    _verify(running)
                    return b""
        except (Id2Error, ValueError, InvalidSignature) as problem:
            raise Refuse(Sw.BAD_DATA) from problem

    def _encrypt(self, running: _Operation) -> bytes:
        key, data = running.key, running.data
        if running.algorithm == RSA_NONE:
            return asymmetric.rsa_public(key, data)
        if running.algorithm == RSA_PKCS1:
            return asymmetric.rsa_public_key(key).encrypt(data, padding.PKCS1v15())
        nonce = 1 + int.from_bytes(self._random(40)) % (sm2.N - 1)
        return sm2.encrypt(sm2.parse_public(key.public), data, nonce=nonce)

    def _next_part(self) -> bytes:
        size = _PART if self._length_prefix else len(self._rest)
        part, self._rest = self._rest[:size], self._rest[size:]
        return part


def _family(algorithm: int) -> str:
    if algorithm == SM2_SM3:
        return "SM2"
    if algorithm == ECDSA:
        return "ECC"
    return "RSA" if algorithm in (RSA_NONE, *_RSA_HASHES) else ""


def _decrypt(running: _Operation) -> bytes:
    key, data = running.key, running.data
    if running.algorithm == RSA_NONE:
        return asymmetric.rsa_private(key, data)
    if running.algorithm == RSA_PKCS1:
        return asymmetric.rsa_private_key(key).decrypt(data, padding.PKCS1v15())
    return sm2.decrypt(int.from_bytes(key.reveal()), data)


def _sign(running: _Operation) -> bytes:
    key, data = running.key, running.data
    if running.algorithm == RSA_NONE:
        return asymmetric.rsa_private(key, data)
    if running.algorithm in _RSA_HASHES:
        kind = _RSA_HASHES[running.algorithm]
        return asymmetric.rsa_private_key(key).sign(data, padding.PKCS1v15(), kind())
    return asymmetric.sign(key, data)


def _verify(running: _Operation) -> None:
    key, size = running.key, running.key.key_type.sign_size
    message, signature = running.data[:-size], running.data[-size:]
    if running.algorithm == RSA_NONE:
        good = asymmetric.rsa_public(key, signature) == message
    elif running.algorithm in _RSA_HASHES:
        kind = _RSA_HASHES[running.algorithm]
        asymmetric.rsa_public_key(key).verify(signature, message, padding.PKCS1v15(), kind())
        good = True
    else:
        good = asymmetric.verify(key, message, signature)
    if not good:
        raise Refuse(Sw.BAD_DATA)
