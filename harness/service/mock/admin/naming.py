"""What the consoles accept as names and as choices.

Source: service.md 2.1, 2.2.
"""

import re
from enum import StrEnum
from typing import TypeVar

from harness.errors import UsageError
from harness.id2 import product_name
from harness.service.mock.settings import Settings
from harness.service.mock.store.products import Console

_Member = TypeVar("_Member", bound=StrEnum)

_FREE_MOST = 64
_DEVICE_NAME = re.compile(r"[A-Za-z0-9_.:@-]{4,32}")
_REGION = re.compile(r"[a-z]{2}(-[a-z0-9]{1,20}){1,3}")
_INSTANCE = re.compile(r"-|[A-Za-z0-9_-]{2,64}")


def require_product_name(name: str, console: Console, settings: Settings) -> None:
    """Check a product's name.

    Raises:
        UsageError: Outside the rule of its console.
    """
    if console is Console.ID2 and not settings.id2_console_name_rule:
        if not 1 <= len(name) <= _FREE_MOST or not name.isprintable():
            raise UsageError(f"product name must have 1 to {_FREE_MOST} printable characters")
        return
    if why := product_name.refusal(name):
        raise UsageError(f"product name {why}")


def require_device_name(name: str) -> None:
    """Check a DeviceName.

    Raises:
        UsageError: Outside the rule.
    """
    if not _DEVICE_NAME.fullmatch(name):
        raise UsageError("DeviceName must have 4 to 32 letters, digits or characters of _ . : @ -")


def require_region(region: str) -> None:
    """Check the form of a region; which regions sell ID² is not listed anywhere.

    Raises:
        UsageError: Not a region's name.
    """
    if not _REGION.fullmatch(region):
        raise UsageError(f"region {region[:40]!a} has not the form of one, such as cn-shanghai")


def require_instance(instance_id: str) -> None:
    """Check an instance id of the IoT Platform.

    Raises:
        UsageError: Neither `-` nor an id.
    """
    if not _INSTANCE.fullmatch(instance_id):
        raise UsageError("instance id must be '-' (public instance), or 2 to 64 letters, digits, '-' and '_'")


def member(kind: type[_Member], value: str, what: str) -> _Member:
    """Return a member of an enum by its value.

    Raises:
        UsageError: There is none; the message lists them.
    """
    try:
        return kind(value)
    except ValueError:
        raise UsageError(f"{what} {value!r} is unknown; known are {', '.join(kind)}") from None
