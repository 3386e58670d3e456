"""The model of what follows from the ID² key: decryption, secrets, derived keys, encryption, passwords."""

from collections.abc import Callable
from typing import Any

from harness.explore.expected import ANYTHING, Answer, Expected, equal_to
from harness.explore.state import BAD, EXCESS, GENERIC, Call, Judge, State
from harness.explore.steps import (
    DecryptCall,
    DeriveKeyCall,
    EncryptCall,
    PasswordCall,
    PasswordIndexCall,
    SecretCall,
)
from harness.explore.values import data_of
from harness.id2 import ciphers, derive, secrets, totp
from harness.id2.errors import Id2Error
from harness.id2.keys import Key

_DERIVING = ("3DES", "AES", "SM4")
_ENCRYPTING = ("AES", "SM4")


def decrypt(state: State, step: DecryptCall) -> Call | None:
    """Return a call that has something decrypted; None when the key that makes it is not known."""
    plain, key = data_of(step.plain), state.world.identity.key
    cipher = plain if step.padding == "raw" else None if key is None else _cipher(key, plain, step.padding)
    if cipher is None or not state.world.key_type.symmetric:
        return None
    wrong: set[int] = set()
    if not cipher or len(cipher) % state.world.key_type.block_size:
        wrong.add(BAD)
    if len(cipher) > ciphers.CRYPT_MAX:
        wrong.add(EXCESS)
    words, judge, codes = _decrypted(state, key, cipher)
    if judge is None and not wrong:
        wrong = set(codes)
    too_long = (GENERIC,) if len(cipher) > state.world.longest_cipher else ()
    expected = state.expect_of_key(words, judge or _accepted, wrong, *codes, *too_long, early=True)

    def learn(answer: Answer) -> None:
        if key is None and not wrong and state.fewest:
            state.same("decrypted", cipher)(answer.value if not answer.code else None)

    return Call("decrypt", {"cipher": cipher}, expected, learn)


def _cipher(key: Key, plain: bytes, padding: str) -> bytes | None:
    """Return a ciphertext as the service would send it, or with a padding that it never makes."""
    block = key.key_type.block_size
    padded = bytearray(ciphers.pad(plain, block))
    if padding == "zero":
        padded[-1] = 0
    elif padding == "above":
        padded[-1] = block + 1
    elif padding == "mixed":
        if padded[-1] < 2:
            padded[-2:] = b"\x03\x02"
        else:
            padded[-2] ^= 0x40
    try:
        return ciphers.ecb_encrypt(key, bytes(padded))
    except Id2Error:  # SM1
        return None


def _decrypted(state: State, key: Key | None, cipher: bytes) -> tuple[str, Judge | None, tuple[int, ...]]:
    """Return what must come of a ciphertext: words, a judge or None for a refusal, and the codes that are allowed."""
    block = state.world.key_type.block_size
    if key is None:
        return "what it gave before", state.same("decrypted", cipher), (GENERIC,)
    if not cipher or len(cipher) % block:
        return "", None, ()
    opened = ciphers.ecb_decrypt(key, cipher)
    try:
        plain = ciphers.unpad(opened, block)
    except Id2Error:
        if opened[-1]:
            return "", None, (GENERIC,)

        def whole(value: Any) -> str:
            if value != opened:
                return "wrong padding is accepted"
            state.world.findings.add("k.2")  # a known defect: it is taken as it is
            return ""

        return "-1, as the padding is wrong", whole, (GENERIC,)
    if not plain:
        return "nothing", equal_to(b""), (GENERIC, BAD)  # the sources do not say
    return f"{len(plain)} bytes that were encrypted", equal_to(plain), ()


def _accepted(value: Any) -> str:
    del value
    return "accepted"


def get_secret(state: State, step: SecretCall) -> Call:
    """Return a call for a secret."""
    seed = state.text(step.seed)
    wrong = _wrong_seed(seed) | ({BAD} if not seed else set())
    judge = _computed(state, lambda key, _: secrets.get_secret(key, seed), "secret", seed)
    expected = _deriving(state, "64 upper-case hex digits that follow from key and seed", judge, wrong)
    return Call("get_secret", {"seed": seed}, expected, secret=True)


def derive_key(state: State, step: DeriveKeyCall) -> Call:
    """Return a call for a derived key."""
    seed, length = state.text(step.seed), step.length
    wrong = _wrong_seed(seed) | (set() if 1 <= length <= derive.DERIVED_MAX else {BAD})

    def judge(value: Any) -> str:
        if len(value) != length:
            return f"it has {len(value)} bytes"
        return _computed(
            state, lambda key, id2: secrets.derive_key(key, id2, seed, length), "key", seed, length
        )(value)

    words = f"{length} bytes that follow from key, ID and seed"
    expected = _deriving(state, words, judge, wrong, *_empty_seed(seed, wrong))
    return Call("derive_key", {"seed": seed, "length": length}, expected, secret=True)


def encrypt(state: State, step: EncryptCall) -> Call:
    """Return a call that has something encrypted."""
    plain, seed = data_of(step.plain), state.text(step.seed)
    wrong = _wrong_seed(seed) | ({BAD} if not plain else set())
    if len(plain) > ciphers.CRYPT_MAX:
        wrong.add(EXCESS)
    arguments = {"plain": plain, "seed": seed}
    if state.world.key_type.family not in _ENCRYPTING:
        return Call("encrypt", arguments, ANYTHING)
    judge = _computed(
        state, lambda key, id2: secrets.encrypt(key, id2, seed, plain), "ciphertext", seed, plain
    )
    words = "the text encrypted under the key that follows from the seed"
    expected = state.expect_of_key(words, judge, wrong, *_empty_seed(seed, wrong))
    return Call("encrypt", arguments, expected)


def password(state: State, step: PasswordCall) -> Call:
    """Return a call for a time-based password."""
    arguments = {
        "timestamp": step.timestamp,
        "index": step.index,
        "step": step.period,
        "length": step.length,
    }
    try:
        totp.build_from_secret("0" * 64, **arguments)
    except Id2Error:
        # The sources give the limits, and not what lies beyond them.
        return Call("dpm_get_totp", arguments, _unsaid(state))
    judge = _computed(
        state,
        lambda key, id2: totp.build(key, id2, **arguments),
        "password",
        *arguments.values(),
    )

    def learn(answer: Answer) -> None:
        if not answer.code and isinstance(answer.value, str) and answer.value:
            state.password = answer.value

    expected = _deriving(state, f"{step.length} digits", judge, set())
    return Call("dpm_get_totp", arguments, expected, learn)


def password_index(state: State, step: PasswordIndexCall) -> Call:
    """Return a call that takes the index out of a password."""
    text = state.text(step.password)
    try:
        index = totp.recover_index(text)
    except Id2Error:
        return Call("dpm_get_index", {"password": text}, _unsaid(state))
    # Digits that no device made may be refused, or give whatever they hide.
    also = () if text == state.password and state.password.strip("0") else (GENERIC, BAD)
    expected = state.expect(f"index {index}", equal_to(index), set(), *also)
    return Call("dpm_get_index", {"password": text}, expected)


def _unsaid(state: State) -> Expected:
    """Return what may come of arguments that no source says anything of: nothing before init, else anything."""
    if state.most or not state.world.counted:
        return ANYTHING
    return Expected("a refusal", None, None)


def _wrong_seed(seed: str) -> set[int]:
    return {EXCESS} if len(seed) > derive.SEED_MAX else set()


def _empty_seed(seed: str, wrong: set[int]) -> tuple[int, ...]:
    """Return the code that an empty seed may be refused with: no source says whether it is one."""
    if seed:
        return ()
    if wrong:
        wrong.add(BAD)
    return (BAD,)


def _deriving(state: State, words: str, judge: Judge, wrong: set[int], *also: int) -> Expected:
    if state.world.key_type.family not in _DERIVING:
        return _unsaid(state)
    return state.expect_of_key(words, judge, wrong, *also)


def _computed(state: State, right: Callable[[Key, str], Any], *what: object) -> Judge:
    """Return a judge that computes the value when the key is known, and else wants the same as before."""
    identity = state.world.identity
    if identity.key is None:
        return state.same(identity.id2, *what)

    def judge(value: Any) -> str:
        assert identity.key is not None
        return (
            "" if value == right(identity.key, identity.id2) else "it is not what the key of the device gives"
        )

    return judge
