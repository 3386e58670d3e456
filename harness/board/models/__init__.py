"""The models of a board file; every field carries its description."""

from harness.board.models.board_file import BoardFile, Source
from harness.board.models.declaration import (
    BuiltIn,
    ChipAlgorithm,
    ChipCommand,
    ChipOption,
    Declaration,
    Feature,
    feature_of,
)
from harness.board.models.parts import Chip, Console, Device, Limits, Network, Pin
from harness.board.models.plan import Pattern, Plan, PlannedCarrier
from harness.board.models.server import Server, Start, Trigger, Use
from harness.board.models.service import AccessKey, Product, Service

__all__ = [
    "AccessKey",
    "BoardFile",
    "BuiltIn",
    "Chip",
    "ChipAlgorithm",
    "ChipCommand",
    "ChipOption",
    "Console",
    "Declaration",
    "Device",
    "Feature",
    "Limits",
    "Network",
    "Pattern",
    "Pin",
    "Plan",
    "PlannedCarrier",
    "Product",
    "Server",
    "Service",
    "Source",
    "Start",
    "Trigger",
    "Use",
    "feature_of",
]
