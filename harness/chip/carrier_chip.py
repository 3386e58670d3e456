"""What a carrier needs of a chip, whatever command set the chip speaks."""

from abc import ABC, abstractmethod
from typing import Protocol, runtime_checkable

from harness.chip.chip_id import ChipId
from harness.chip.ica.algorithms import Algorithm, AsymAlgorithm
from harness.chip.session import ChipSession


class CarrierChip(ABC):
    """What an SE carrier calls; the driver of every command set is one.

    Attributes:
        session: The conversation with the chip, for raw commands and for what the last one took.
    """

    session: ChipSession

    @property
    @abstractmethod
    def largest_data(self) -> int:
        """Most bytes that `encrypt_blocks` and `decrypt_blocks` take at once."""

    @abstractmethod
    def start(self) -> None:
        """Begin a session: select the application once, or nothing where each command selects by itself.

        Raises:
            StatusError: the chip refused.
        """

    @abstractmethod
    def select(self) -> None:
        """Select the ID² application or file.

        Raises:
            StatusError: the chip refused.
        """

    @abstractmethod
    def get_id(self) -> ChipId:
        """Read vendor and ID.

        Raises:
            StatusError: the chip refused.
            AnswerError: the answer is no ID.
        """

    @abstractmethod
    def encrypt_blocks(self, algorithm: Algorithm, data: bytes) -> bytes:
        """Encrypt whole blocks under the ID² key; the same length comes back.

        Raises:
            StatusError: the chip refused.
            AnswerError: another length came back.
            ValueError: no whole blocks, or an algorithm that this command set does not have.
        """

    @abstractmethod
    def decrypt_blocks(self, algorithm: Algorithm, data: bytes) -> bytes:
        """Decrypt whole blocks under the ID² key, padding left on; the same length comes back.

        Raises:
            StatusError: the chip refused.
            AnswerError: another length came back.
            ValueError: no whole blocks, or an algorithm that this command set does not have.
        """


@runtime_checkable
class SigningChip(Protocol):
    """What an SE carrier needs beside `CarrierChip` when its key is asymmetric; `IcaChip` has it."""

    def sign(self, algorithm: AsymAlgorithm, data: bytes, *, size: int) -> bytes:
        """Sign `data` with the ID² key; `size` is the length of the signature in bytes."""

    def decrypt(self, algorithm: AsymAlgorithm, data: bytes) -> bytes:
        """Decrypt `data` with the ID² key."""
