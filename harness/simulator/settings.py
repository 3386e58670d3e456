"""From what a board file or a command line says of a simulated device to the device itself."""

from enum import StrEnum
from typing import TypeVar

from harness.errors import UsageError
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.secret import Secret
from harness.simulator.chip.config import DEFAULT_VENDOR, ChipConfig, CommandSet
from harness.simulator.chip.hooks import Answers
from harness.simulator.chip.ica import IcaChip
from harness.simulator.chip.model import ChipModel
from harness.simulator.chip.mtk import MtkChip
from harness.simulator.chip.randomness import random_source
from harness.simulator.faults.catalogue import find
from harness.simulator.faults.fault import Fault

_Word = TypeVar("_Word", bound=StrEnum)


def make_chip(config: ChipConfig) -> ChipModel:
    """Return the chip."""
    return MtkChip(config) if config.command_set is CommandSet.MTK else IcaChip(config)


def chip_config(device: object) -> ChipConfig:
    """Read the attributes of a simulated device.

    Args:
        device: Has `key_type`, `key` (a key, a secret or hex digits) and `id`, and may have `command_set`,
            `answers`, `vendor`, `seed` and `fault`; None there means the default.

    Raises:
        UsageError: an attribute is missing or says something that cannot be.
    """
    return ChipConfig(
        command_set=_word(CommandSet, device, "command_set", CommandSet.ICA),
        id_text=str(_required(device, "id")),
        key=device_key(device),
        vendor=_number(device, "vendor", DEFAULT_VENDOR),
        answers=_word(Answers, device, "answers", Answers.DIRECT),
        random=random_source(device_seed(device)),
        fault=device_fault(device),
    )


def device_key(device: object) -> Key:
    """Return the key of a simulated device.

    Raises:
        UsageError: there is none, or it does not fit its type; the message never repeats it.
    """
    key = _required(device, "key")
    if isinstance(key, Key):
        return key
    text = key.reveal().decode("latin-1") if isinstance(key, Secret) else str(key)
    try:
        return Key.parse(KeyType.parse(str(_required(device, "key_type"))), text)
    except Id2Error as error:
        raise UsageError(f"simulated device: {error}") from error


def device_fault(device: object) -> Fault | None:
    """Return the fault that the attribute `fault` names, None when it names none.

    Raises:
        UsageError: there is no such fault.
    """
    name = getattr(device, "fault", None)
    return None if name is None else find(str(name))


def device_seed(device: object) -> int | None:
    """Return the seed of the random numbers, None for the system's."""
    seed = getattr(device, "seed", None)
    return None if seed is None else int(seed)


def _required(device: object, name: str) -> object:
    value: object = getattr(device, name, None)
    if value is None:
        raise UsageError(f"simulated device: {name} is missing")
    return value


def _word(kind: type[_Word], device: object, name: str, default: _Word) -> _Word:
    value = getattr(device, name, None)
    if value is None:
        return default
    try:
        return kind(str(value))
    except ValueError:
        known = ", ".join(kind)
        raise UsageError(
            f"simulated device: {name} {str(value)[:40]!a} is unknown; known are {known}"
        ) from None


def _number(device: object, name: str, default: int) -> int:
    value = getattr(device, name, None)
    return default if value is None else int(value)
