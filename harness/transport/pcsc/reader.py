"""Smart card readers through the PC/SC service. pyscard is the extra `[pcsc]`; it is imported at `open`."""

import threading

from harness.errors import BenchError, HarnessError, UsageError
from harness.transport.base import Capability, CardReset, Exchange, Operation, Transport, refuse
from harness.transport.pcsc.calls import CardProtocol, Scard, Share, find_reader, pyscard
from harness.transport.pcsc.worker import Connect, PcscWorker

_CAPABILITIES = frozenset({Capability.APDU, Capability.CARD})
_POWER_TIME = 10.0  # seconds to connect, or to power-cycle the card


class PcscTransport(Transport):
    """A card in a PC/SC reader.

    The service's calls know no time limit, so they run in a thread of the transport. One that comes back too late
    spoils the connection: it must be closed and opened again.
    """

    def __init__(
        self,
        name: str,
        reader: str,
        *,
        share: Share = Share.EXCLUSIVE,
        protocol: CardProtocol = CardProtocol.ANY,
        scard: Scard | None = None,
    ) -> None:
        """Describe the reader; nothing is touched before `open`.

        Args:
            name: Name of the transport in the board file.
            reader: The reader's name as `pcsc_scan` shows it, or a part that only one reader has.
            share: Who else may use the card meanwhile.
            protocol: How reader and card talk.
            scard: The PC/SC calls; pyscard when left out.
        """
        super().__init__(name)
        self._wanted = reader
        self._share = share
        self._protocol = protocol
        self._given = scard
        self._identity = f"PC/SC reader {reader!r}"
        self._worker: PcscWorker | None = None
        self._lock = threading.Lock()
        self.atr = b""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Carries whole APDUs and switches the card's power."""
        return _CAPABILITIES

    @property
    def identity(self) -> str:
        """The reader; from open on also the protocol, the card's ATR, and which USB device the reader is."""
        return self._identity

    def place(self) -> str:
        """Return what it will occupy; asks the service for its readers and no card for anything.

        Raises:
            BenchError: no PC/SC service, or no such reader.
            UsageError: several readers fit, or pyscard is not installed.
        """
        try:
            return f"PC/SC reader {find_reader(self._given or pyscard(), self._wanted)}"
        except HarnessError as error:
            raise error.at(transport=self.name) from error.__cause__

    def open(self) -> None:
        """Connect to the card.

        Raises:
            CardAbsent: there is no card.
            BenchError: no PC/SC service, no such reader, or another program has the card.
            UsageError: several readers fit, opened twice, or pyscard is not installed.
        """
        with self._lock:
            if self._worker is not None:
                raise UsageError(f"{self._identity}: opened twice", transport=self.name)
            calls = self._given or pyscard()
            worker = PcscWorker(calls, self._wanted, self._share, self._protocol)
            try:
                self.atr = worker.run(Connect(), _POWER_TIME)
            except HarnessError as error:
                worker.stop()
                raise error.at(transport=self.name) from error.__cause__
            usb_port = worker.usb_port
            usb = (
                f", usb {usb_port.vid:04x}:{usb_port.pid:04x}, location {usb_port.location}"
                if usb_port
                else ""
            )
            self._identity = f"PC/SC reader {worker.place}, {worker.protocol_name}, ATR {self.atr.hex()}{usb}"
            self._worker = worker

    def close(self) -> None:
        """Let the card go; wakes a waiting exchange at once."""
        with self._lock:
            worker, self._worker = self._worker, None
            if worker is not None:
                worker.stop()

    def do(self, operation: Operation) -> bytes:
        """Send one APDU and return the answer, or power-cycle the card and return its ATR."""
        if not isinstance(operation, (Exchange, CardReset)):
            raise refuse(self, operation)
        worker = self._worker
        if worker is None:
            raise BenchError(f"{self._identity}: not open", transport=self.name)
        limit = operation.timeout if isinstance(operation, Exchange) else _POWER_TIME
        try:
            return worker.run(operation, limit)
        except HarnessError as error:
            raise error.at(transport=self.name) from error.__cause__
