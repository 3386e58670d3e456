"""The standard ("ICA") chip: the command set of the ID² application specification, as a model.

Choices where the published facts leave room (each one can be read off the answer):
    * The ID² application is selected after power up, so every command works before SELECT, as a chip must
      allow that is driven by an SDK built without CONFIG_CHIP_SEND_SELECT_COMMAND. A SELECT of another name
      is refused with 6A82 and changes nothing.
    * Errors are looked for in this order: form of the APDU (6700), class (6E00), instruction (6D00), P1 P2
      (6A86), length (6700), then the content. A known instruction with another command's class is 6E00.
    * SecurityStorage needs a secure channel, which is not modelled: 6982.
    * A Le that is neither 00 nor the length of a fixed answer is 6Cxx.

Source: device-protocol.md e.2.
"""

from collections.abc import Callable
from dataclasses import dataclass

from harness.id2.keys import Key
from harness.simulator.chip.blockcipher import Family, family_of
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.hooks import Check
from harness.simulator.chip.ica_asymmetric import AsymmetricUnit
from harness.simulator.chip.ica_digest import DigestUnit
from harness.simulator.chip.ica_keys import KeyStore
from harness.simulator.chip.ica_pin import PinUnit
from harness.simulator.chip.ica_symmetric import SymmetricUnit
from harness.simulator.chip.model import ChipModel, ChipSession, GuardedSession, Outbox, Received, Refuse
from harness.simulator.chip.status import Sw

AID = bytes.fromhex("A0000000416C6959756E2E494432")
ID2_KEY = 0x00  # the KID of the ID² key

_FREE_SPACE = 0x0400
_CHALLENGE_SIZES = range(4, 17)
_DIGEST_BITS = 0x3F  # SHA-1 to SHA-512 and SM3
_SYMMETRIC_BITS = {Family.DES: 0x01, Family.AES: 0x02, Family.SM4: 0x04, Family.SM1: 0x00}
_ASYMMETRIC_BITS = {"RSA": 0x01, "SM2": 0x04, "ECC": 0x10}


def option_bitmap(keys: tuple[Key, ...]) -> bytes:
    """Return the four bytes that say which algorithms a chip with these keys offers.

    Source: device-protocol.md e.2 (option bitmap); SM1 has no bit there.
    """
    symmetric = asymmetric = 0
    for key in keys:
        family = family_of(key.key_type)
        if family is None:
            asymmetric |= _ASYMMETRIC_BITS[key.key_type.family]
        else:
            symmetric |= _SYMMETRIC_BITS[family]
    return bytes((symmetric, asymmetric, _DIGEST_BITS, 0))


class IcaChip(ChipModel):
    """A chip that speaks the standard command set."""

    def __init__(self, config: ChipConfig) -> None:
        super().__init__(config)
        self.keys = KeyStore({ID2_KEY: config.key, **dict(config.more_keys)})
        self.pin = PinUnit(config.pin, config.unblock_code, self.hooks)

    def session(self) -> ChipSession:
        """Start a session."""
        return IcaSession(self)


@dataclass(frozen=True, slots=True)
class _Command:
    """One row of the command table.

    Attributes:
        cla: The only class byte the command has.
        p1p2: The only P1 P2, None when the command judges them itself.
        run: Carries it out and returns data and status word.
    """

    cla: int
    p1p2: tuple[int, int] | None
    run: Callable[[Received], bytes]


class IcaSession(GuardedSession):
    """One host's conversation with the chip."""

    def __init__(self, chip: IcaChip) -> None:
        super().__init__(chip)
        self._ica = chip
        self._hooks = chip.hooks
        self._outbox = Outbox(chip.config.answers, chip.hooks)
        self._symmetric = SymmetricUnit(chip.keys, chip.hooks)
        self._asymmetric = AsymmetricUnit(
            chip.keys, chip.hooks, chip.config.random, length_prefix=chip.config.length_prefix
        )
        self._digest = DigestUnit(chip.hooks)
        self._pin_verified = False
        self._commands: dict[int, _Command] = {
            0xA4: _Command(0x00, (0x04, 0x00), self._select),
            0x84: _Command(0x00, (0x00, 0x00), self._get_challenge),
            0x20: _Command(0x00, (0x00, 0x00), self._verify_pin),
            0xC0: _Command(0x00, (0x00, 0x00), self._outbox.fetch),
            0xF0: _Command(0x80, None, self._compute_digest),
            0xF2: _Command(0x80, None, self._generate_key_pair),
            0xF4: _Command(0x80, None, self._asymmetric_crypt),
            0xF6: _Command(0x80, None, self._symmetric_crypt),
            0xF8: _Command(0x80, (0x00, 0x00), self._get_id),
            0xFC: _Command(0x80, (0x00, 0x00), self._get_vendor_info),
            0x24: _Command(0x84, (0x00, 0x00), self._update_pin),
            0x5E: _Command(0x84, (0x00, 0x00), self._unblock_pin),
            0xE2: _Command(0x84, None, self._security_storage),
        }
        self._classes = frozenset(row.cla for row in self._commands.values())

    def answer(self, command: bytes) -> bytes:
        """Carry one command out."""
        received = Received.read(command)
        if not received.well_formed and self._checks(Check.LENGTH):
            raise Refuse(Sw.LENGTH)
        row = self._commands.get(received.ins)
        if self._checks(Check.CLASS) and received.cla != (row.cla if row else received.cla):
            raise Refuse(Sw.CLASS)
        if row is None:
            return self._unknown_instruction(received)
        if row.p1p2 not in (None, (received.p1, received.p2)) and self._checks(Check.P1P2):
            raise Refuse(Sw.P1P2)
        if received.ins != 0xC0:
            self._outbox.drop()
        return row.run(received)

    def _checks(self, check: Check) -> bool:
        return check not in self._hooks.skipped

    def _unknown_instruction(self, received: Received) -> bytes:
        if self._checks(Check.CLASS) and received.cla not in self._classes:
            raise Refuse(Sw.CLASS)
        if self._checks(Check.INSTRUCTION):
            raise Refuse(Sw.INSTRUCTION)
        return Sw.OK.to_bytes(2)

    def _require_no_data(self, received: Received) -> None:
        if received.data and self._checks(Check.LENGTH):
            raise Refuse(Sw.LENGTH)

    def _select(self, received: Received) -> bytes:
        name = received.data
        if self._checks(Check.LENGTH) and not 5 <= len(name) <= 16:
            raise Refuse(Sw.LENGTH)
        known = (
            self._hooks.selects(name, AID)
            if self._checks(Check.LENGTH)
            else name[: len(AID)] == AID[: len(name)]
        )
        if not known:
            raise Refuse(Sw.NO_FILE)
        if self._hooks.forgets_at_select:
            self._symmetric.reset()
            self._asymmetric.reset()
            self._digest.reset()
        return Sw.OK.to_bytes(2)

    def _get_challenge(self, received: Received) -> bytes:
        self._require_no_data(received)
        size = received.le if received.le is not None else 0
        if size not in _CHALLENGE_SIZES:
            if self._checks(Check.LENGTH):
                raise Refuse(Sw.LENGTH)
            size = min(max(size, _CHALLENGE_SIZES[0]), _CHALLENGE_SIZES[-1])
        challenge = self._hooks.challenge(self._ica.config.random(size))
        return self._outbox.reply(challenge, size)

    def _get_id(self, received: Received) -> bytes:
        self._require_no_data(received)
        config = self._ica.config
        identity = self._hooks.identity(config.vendor.to_bytes(2), config.id_bytes)
        return self._outbox.reply(identity, received.le, exact=True)

    def _get_vendor_info(self, received: Received) -> bytes:
        self._require_no_data(received)
        config = self._ica.config
        info = (
            config.vendor.to_bytes(2)
            + config.version
            + option_bitmap(self._ica.keys.all())
            + _FREE_SPACE.to_bytes(2)
            + bytes(4)
        )
        return self._outbox.reply(self._hooks.vendor_info(info), received.le, exact=True)

    def _symmetric_crypt(self, received: Received) -> bytes:
        return self._outbox.reply(self._symmetric.run(received), received.le)

    def _asymmetric_crypt(self, received: Received) -> bytes:
        return self._asymmetric.run(received, self._outbox)

    def _compute_digest(self, received: Received) -> bytes:
        return self._outbox.reply(self._digest.run(received), received.le)

    def _generate_key_pair(self, received: Received) -> bytes:
        return self._outbox.reply(self._ica.keys.generate(received, self._ica.config.random), received.le)

    def _verify_pin(self, received: Received) -> bytes:
        if not received.data:
            self._ica.pin.require_state(verified=self._pin_verified)
            return Sw.OK.to_bytes(2)
        self._pin_verified = False
        self._ica.pin.verify(received.data)
        self._pin_verified = True
        return Sw.OK.to_bytes(2)

    def _update_pin(self, received: Received) -> bytes:
        if not self._pin_verified:
            raise Refuse(Sw.SECURITY)
        self._ica.pin.update(received.data)
        return Sw.OK.to_bytes(2)

    def _unblock_pin(self, received: Received) -> bytes:
        self._pin_verified = False
        self._ica.pin.unblock(received.data)
        return Sw.OK.to_bytes(2)

    def _security_storage(self, received: Received) -> bytes:
        del received
        raise Refuse(Sw.SECURITY)
