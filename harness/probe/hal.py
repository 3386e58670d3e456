"""The HAL of a board, called through its probe: device id, random, storage, ciphers and hashes.

Nothing is judged here: every answer comes back as it is, also one that no sound board gives.

Source: docs/probe-protocol.md, groups device-id, partition, kv, random, aes, sm4 and hash; SDK 3.1.0 include/hal.
"""

from enum import IntFlag

from harness.errors import BenchError
from harness.id2.hal_crypto import CipherCase, Family, HashCase
from harness.probe.link import NULL, Answer, Null, ProbeLink

FILL = 0xA5
"""What the probe fills an output buffer with before each call."""

NO_ROOM = -5
"""What the probe answers when the context of a cipher or hash does not fit into its slot b."""


class PartitionFlag(IntFlag):
    """What a reserved partition is opened for."""

    READ = 1
    WRITE = 2
    BOTH = 3


class Hal:
    """The HAL functions of a board.

    Args:
        link: The probe of the board.
    """

    def __init__(self, link: ProbeLink) -> None:
        self._link = link

    @property
    def largest_input(self) -> int:
        """Most bytes that one call takes."""
        return min(self._link.hello.slots[0], self._link.hello.result)

    @property
    def largest_output(self) -> int:
        """Most bytes that one call gives."""
        return self._link.hello.result

    def device_id(self, buffer: int | Null) -> Answer:
        """Call `ls_hal_get_dev_id` with a buffer of so many bytes, or with NULL and a length."""
        return self._link.call("did", out=buffer)

    def random(self, count: int) -> Answer:
        """Call `ls_hal_get_random` for so many bytes."""
        return self._link.call("rnd", out=count)

    def set_seed(self, seed: bytes) -> Answer:
        """Call `ls_hal_set_seed`."""
        return self._link.call("sed", a=seed)

    # ---- reserved partition
    def open_partition(self, flag: PartitionFlag) -> int:
        """Call `ls_hal_open_rsvd_part`; return the descriptor, or a negative number."""
        return self._link.call("pop", k=flag).rc

    def close_partition(self, descriptor: int) -> int:
        """Call `ls_hal_close_rsvd_part`; return what it returns."""
        return self._link.call("pcl", k=descriptor).rc

    def write_partition(
        self, descriptor: int, offset: int, data: bytes | Null, *, secret: bool = False
    ) -> int:
        """Call `ls_hal_write_rsvd_part`; return what it returns.

        Args:
            descriptor: What opening gave.
            offset: Where in the partition, in bytes.
            data: What is written; NULL with a length.
            secret: Whether what goes over must stand in no recording.
        """
        return self._link.call("pwr", k=descriptor, m=offset, a=data, secret=secret).rc

    def read_partition(
        self, descriptor: int, offset: int, buffer: int | Null, *, secret: bool = False
    ) -> Answer:
        """Call `ls_hal_read_rsvd_part` for as many bytes as the buffer has.

        Args:
            descriptor: What opening gave.
            offset: Where in the partition, in bytes.
            buffer: Bytes; NULL with a length.
            secret: Whether what goes over must stand in no recording.
        """
        return self._link.call("prd", k=descriptor, m=offset, out=buffer, secret=secret)

    # ---- key-value store
    def kv_init(self) -> int:
        """Call `ls_hal_kv_init`; return what it returns, a code of the storage HAL below 0."""
        return self._link.call("kvi").rc

    def kv_deinit(self) -> None:
        """Call `ls_hal_kv_deinit`."""
        self._link.call("kvx")

    def kv_set(self, key: bytes | Null, value: bytes | Null) -> int:
        """Call `ls_hal_kv_set`; return what it returns, a code of the storage HAL below 0."""
        return self._link.call("kvs", c=key, a=value).rc

    def kv_get(self, key: bytes | Null, buffer: int | Null = NULL) -> Answer:
        """Call `ls_hal_kv_get` with a buffer of so many bytes; the length is what it reported."""
        return self._link.call("kvg", c=key, out=buffer)

    def kv_delete(self, key: bytes | Null) -> int:
        """Call `ls_hal_kv_del`; return what it returns, a code of the storage HAL below 0."""
        return self._link.call("kvd", c=key).rc

    # ---- ciphers and hashes
    def cipher(self, case: CipherCase, key: bytes | None = None) -> Answer:
        """Call init and process of a cipher, as often as there are pieces.

        Args:
            case: What is encrypted or decrypted, and how.
            key: Another key than that of the case.

        Raises:
            BenchError: The probe has no room for the context of the cipher.
        """
        function = "aes" if case.family is Family.AES else "sm4"
        answer = self._link.call(
            function,
            a=case.data,
            c=(case.key if key is None else key) + case.iv,
            k=case.mode.number,
            m=int(case.encrypt),
            n=case.piece,
            out=len(case.data),
        )
        return _with_room(answer, str(case))

    def hash(self, case: HashCase) -> Answer:
        """Call init, update and finish of a hash, update as often as there are pieces.

        Raises:
            BenchError: The probe has no room for the context of the hash.
        """
        answer = self._link.call(
            "hsh", a=case.data, k=case.function.number, n=case.piece, out=case.function.size
        )
        return _with_room(answer, str(case))


def _with_room(answer: Answer, what: str) -> Answer:
    if answer.rc == NO_ROOM:
        raise BenchError(
            f"{what}: the context that the board asks for does not fit into slot b of the probe",
            hint="build the probe with a larger slot b (firmware/probe/id2_probe_config.h)",
        )
    return answer
