"""The models of a board file; every field carries its description."""

from harness.board.models.board_file import BoardFile, Source
from harness.board.models.declaration import ChipAlgorithm, ChipCommand, ChipOption, Declaration, Feature
from harness.board.models.parts import Chip, Console, Device, Limits, Pin, Program
from harness.board.models.plan import CarrierKind, Pattern, Plan, Platform
from harness.board.models.server import Server, Start, Trigger, Use
from harness.board.models.service import AccessKey, Product, Service
from harness.board.models.simulated import (
    SimulatedConsoleSettings,
    SimulatedI2cSettings,
    SimulatedSerialSettings,
    SimulatedSpiSettings,
)
from harness.board.models.transports import (
    I2cSettings,
    Parity,
    RealSettings,
    SerialSettings,
    SimulatedSettings,
    SocketSettings,
    TransportSettings,
)
from harness.board.models.user_space import (
    CcidSettings,
    FtdiI2cSettings,
    FtdiSpiSettings,
    HidSettings,
    PcscSettings,
    UsbSettings,
    UserSpaceSettings,
)

__all__ = [
    "AccessKey",
    "BoardFile",
    "CarrierKind",
    "CcidSettings",
    "Chip",
    "ChipAlgorithm",
    "ChipCommand",
    "ChipOption",
    "Console",
    "Declaration",
    "Device",
    "Feature",
    "FtdiI2cSettings",
    "FtdiSpiSettings",
    "HidSettings",
    "I2cSettings",
    "Limits",
    "Parity",
    "Pattern",
    "PcscSettings",
    "Pin",
    "Plan",
    "Platform",
    "Product",
    "Program",
    "RealSettings",
    "SerialSettings",
    "Server",
    "Service",
    "SimulatedConsoleSettings",
    "SimulatedI2cSettings",
    "SimulatedSerialSettings",
    "SimulatedSettings",
    "SimulatedSpiSettings",
    "SocketSettings",
    "Source",
    "Start",
    "TransportSettings",
    "Trigger",
    "UsbSettings",
    "Use",
    "UserSpaceSettings",
]
