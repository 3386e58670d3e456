"""The kinds of transports: those of this project, and those of other packages."""

from harness.kinds import Kinds
from harness.transport.kind import TransportKind

TRANSPORTS = Kinds(
    TransportKind,  # type: ignore[type-abstract]  # the sort itself is never instantiated
    "transport kind",
    "harness.transports",
    {
        "i2c": "harness.transport.i2c.settings:I2cSettings",
        "serial": "harness.transport.serial.settings:SerialSettings",
        "socket": "harness.transport.socket:SocketSettings",
        "usb": "harness.transport.usb.settings:UsbSettings",
        "ccid": "harness.transport.usb.settings:CcidSettings",
        "hid": "harness.transport.usb.settings:HidSettings",
        "pcsc": "harness.transport.pcsc.settings:PcscSettings",
        "ftdi-i2c": "harness.transport.ftdi.settings:FtdiI2cSettings",
        "ftdi-spi": "harness.transport.ftdi.settings:FtdiSpiSettings",
        "simulated-i2c": "harness.simulator.chip.transports:SimulatedI2cSettings",
        "simulated-spi": "harness.simulator.chip.transports:SimulatedSpiSettings",
        "simulated-serial": "harness.simulator.chip.transports:SimulatedSerialSettings",
        "simulated-console": "harness.simulator.console.transport:SimulatedConsoleSettings",
        "simulated-puf": "harness.simulator.puf.transport:SimulatedPufSettings",
        "simulated-module": "harness.simulator.module.transports:SimulatedModuleSettings",
        "simulated-at-module": "harness.simulator.module.transports:SimulatedAtModuleSettings",
        "firmware": "harness.simulator.machine.settings:FirmwareSettings",
    },
)
