"""What a probe can call, by the three letters of its protocol: which C functions, what for, where to look.

Source: docs/probe-protocol.md; the C names are those of the vendor's headers (api-signatures.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Group(StrEnum):
    """A group of functions, in a firmware as a whole; in the order of the bits of the hello."""

    CLIENT = "client"
    KPM = "kpm"
    DPM = "dpm"
    DRIVER = "driver"
    OSA = "osa"
    MUTEX = "mutex"
    SEMAPHORE = "semaphore"
    THREAD = "thread"
    DEVICE_ID = "device-id"
    PARTITION = "partition"
    KV = "kv"
    RANDOM = "random"
    AES = "aes"
    SM4 = "sm4"
    HASH = "hash"
    NET = "net"
    BOARD = "board"


def groups_of(mask: int) -> frozenset[Group]:
    """Return the groups of a mask; bits that this harness does not know are left out."""
    return frozenset(group for bit, group in enumerate(Group) if mask >> bit & 1)


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a probe.

    Attributes:
        name: Its three letters.
        group: The group that it belongs to.
        calls: The C functions that it calls; for the group `board` none.
        purpose: What they must do, as the end of a sentence: `return the ID of the device`.
        look_at: Where the maker of a firmware looks when it is missing.
    """

    name: str
    group: Group
    calls: tuple[str, ...]
    purpose: str
    look_at: str


_LOOK_AT = {
    Group.CLIENT: "id2_client.h, and the switch ID2_PROBE_CLIENT of the probe",
    Group.KPM: "id2_client_kpm.h, and the switch ID2_PROBE_KPM of the probe",
    Group.DPM: "id2_client_dpm.h, and the switch ID2_PROBE_DPM of the probe",
    Group.DRIVER: "se_driver.h, the driver of the board, and the switch ID2_PROBE_DRIVER of the probe",
    Group.OSA: "ls_osa.h, the OSA of the board, and the switch ID2_PROBE_OSA of the probe",
    Group.MUTEX: "ls_osa.h, the OSA of the board, and the switch ID2_PROBE_MUTEX of the probe",
    Group.SEMAPHORE: "ls_osa.h, the OSA of the board, and the switch ID2_PROBE_SEMAPHORE of the probe",
    Group.THREAD: "ls_osa.h, the OSA of the board, and the switch ID2_PROBE_THREAD of the probe",
    Group.DEVICE_ID: "ls_hal_km.h, the HAL of the board, and the switch ID2_PROBE_DEVICE_ID of the probe",
    Group.PARTITION: "ls_hal_km.h, the HAL of the board, and the switch ID2_PROBE_PARTITION of the probe",
    Group.KV: "ls_hal_sst.h, the HAL of the board, and the switch ID2_PROBE_KV of the probe",
    Group.RANDOM: "ls_hal_crypt.h, the HAL of the board, and the switch ID2_PROBE_RANDOM of the probe",
    Group.AES: "ls_hal_aes.h, the HAL of the board, and the switch ID2_PROBE_AES of the probe",
    Group.SM4: "ls_hal_sm4.h, the HAL of the board, and the switch ID2_PROBE_SM4 of the probe",
    Group.HASH: "ls_hal_hash.h, the HAL of the board, and the switch ID2_PROBE_HASH of the probe",
    Group.NET: "ls_osa.h, the network of the board's OSA, and the switch ID2_PROBE_NET of the probe",
    Group.BOARD: "the port of the probe (id2_probe_port_*), and its switch ID2_PROBE_BOARD",
}

_Row = tuple[str, str, str]  # letters, the end of the C names, purpose

_CLIENT: tuple[_Row, ...] = (
    ("ini", "init", "start the client, counted"),
    ("cln", "cleanup", "end one start of the client"),
    ("ver", "get_version", "return the version of the client"),
    ("gid", "get_id", "return the ID of the device"),
    ("cac", "get_challenge_auth_code", "return an auth code over a challenge"),
    ("tac", "get_timestamp_auth_code", "return an auth code over a time"),
    ("enc", "encrypt", "encrypt under a key derived from the ID² key"),
    ("dec", "decrypt", "decrypt under the ID² key"),
    ("dch", "get_device_challenge", "return random text for the service to sign"),
    ("vsv", "verify_server", "check a code of the service"),
    ("sec", "get_secret", "return the secret of a seed"),
    ("dky", "derive_key", "return the key of a seed"),
    ("pst", "get_prov_stat", "tell whether the device has an ID and a key"),
    ("oac", "get_otp_auth_code", "return the code that asks the service for an ID"),
    ("lod", "load_otp_data", "store ID and key out of the service's answer"),
    ("prv", "wrap_do_provisioning", "fetch ID and key from the service over the network"),
    ("sik", "set_id2_and_key", "store an ID and a key in a debug build"),
)
_KPM: tuple[_Row, ...] = (
    ("kps", "get_prov_stat", "tell whether a business key is stored"),
    ("kpt", "get_key_type", "return the type of a business key"),
    ("kpa", "get_auth_code", "return the code that asks the service for a business key"),
    ("kpi", "import_key", "store a business key"),
    ("kpd", "delete_key", "delete a business key"),
    ("kpx", "export_pub_key", "return the public half of a business key"),
    ("kpe", "encrypt", "encrypt under a business key"),
    ("kpc", "decrypt", "decrypt under a business key"),
    ("kpg", "sign", "sign with a business key"),
    ("kpv", "verify", "check a signature of a business key"),
)
_DPM: tuple[_Row, ...] = (
    ("tot", "get_totp", "return a time-based password"),
    ("tix", "get_index", "return the index in a time-based password"),
)
_DRIVER: tuple[_Row, ...] = (
    ("sop", "open_session", "open the way to the chip"),
    ("trx", "transmit", "send a command to the chip and return its answer"),
    ("scl", "close_session", "close the way to the chip"),
)

_OTHERS: tuple[tuple[str, Group, str, str], ...] = (  # letters, group, C functions, purpose
    ("tim", Group.OSA, "ls_osa_get_time_ms", "return the milliseconds of a clock that never goes back"),
    ("slp", Group.OSA, "ls_osa_msleep", "wait for some milliseconds"),
    ("cal", Group.OSA, "ls_osa_calloc ls_osa_free", "return zeroed memory, and take it back"),
    ("mal", Group.OSA, "ls_osa_malloc ls_osa_free", "return memory, and take it back"),
    ("exh", Group.OSA, "ls_osa_malloc ls_osa_free", "return NULL when there is no memory left"),
    ("fmt", Group.OSA, "ls_osa_snprintf", "format a text into a buffer"),
    ("prt", Group.OSA, "ls_osa_print", "print a text on the console"),
    (
        "mtx",
        Group.MUTEX,
        "ls_osa_mutex_create ls_osa_mutex_lock ls_osa_mutex_unlock ls_osa_mutex_destroy",
        "lock and unlock",
    ),
    (
        "smw",
        Group.SEMAPHORE,
        "ls_osa_sem_create ls_osa_sem_wait ls_osa_sem_destroy",
        "wait for a semaphore for a time",
    ),
    (
        "smp",
        Group.SEMAPHORE,
        "ls_osa_sem_create ls_osa_sem_post ls_osa_sem_wait ls_osa_sem_destroy",
        "take a semaphore that was posted",
    ),
    ("thr", Group.THREAD, "ls_osa_thread_create ls_osa_thread_destroy", "run a thread"),
    ("did", Group.DEVICE_ID, "ls_hal_get_dev_id", "return what tells this board from others"),
    ("pop", Group.PARTITION, "ls_hal_open_rsvd_part", "open the reserved partition"),
    ("pwr", Group.PARTITION, "ls_hal_write_rsvd_part", "write into the reserved partition"),
    ("prd", Group.PARTITION, "ls_hal_read_rsvd_part", "read from the reserved partition"),
    ("pcl", Group.PARTITION, "ls_hal_close_rsvd_part", "close the reserved partition"),
    ("kvi", Group.KV, "ls_hal_kv_init", "start the key-value store"),
    ("kvx", Group.KV, "ls_hal_kv_deinit", "end the key-value store"),
    ("kvs", Group.KV, "ls_hal_kv_set", "store a value under a key"),
    ("kvg", Group.KV, "ls_hal_kv_get", "return the value of a key"),
    ("kvd", Group.KV, "ls_hal_kv_del", "delete a key with its value"),
    ("rnd", Group.RANDOM, "ls_hal_get_random", "return random bytes"),
    ("sed", Group.RANDOM, "ls_hal_set_seed", "take a seed for the random bytes"),
    (
        "aes",
        Group.AES,
        "ls_hal_aes_ecb_* ls_hal_aes_cbc_* ls_hal_aes_ctr_* ls_hal_aes_cfb_*",
        "encrypt and decrypt by AES",
    ),
    ("sm4", Group.SM4, "ls_hal_sm4_ecb_* ls_hal_sm4_cbc_* ls_hal_sm4_ctr_*", "encrypt and decrypt by SM4"),
    ("hsh", Group.HASH, "ls_hal_md5_* ls_hal_sha1_* ls_hal_sha256_* ls_hal_sm3_*", "return a digest"),
    ("con", Group.NET, "ls_osa_net_connect", "connect to a host"),
    ("snd", Group.NET, "ls_osa_net_send", "send over a connection"),
    ("rcv", Group.NET, "ls_osa_net_recv", "receive from a connection"),
    ("dis", Group.NET, "ls_osa_net_disconnect", "end a connection"),
    ("rst", Group.BOARD, "", "start the board anew"),
    ("crs", Group.BOARD, "", "crash on purpose"),
    ("upt", Group.BOARD, "", "return the milliseconds since the start"),
    ("cau", Group.BOARD, "", "return why the board has started"),
)


def _rows() -> Mapping[str, Function]:
    found: dict[str, Function] = {}
    for group, beginning, rows in (
        (Group.CLIENT, "id2_client_", _CLIENT),
        (Group.KPM, "id2_client_kpm_", _KPM),
        (Group.DPM, "id2_client_dpm_", _DPM),
        (Group.DRIVER, "se_", _DRIVER),
    ):
        for letters, end, purpose in rows:
            found[letters] = Function(letters, group, (beginning + end,), purpose, _LOOK_AT[group])
    for letters, group, calls, purpose in _OTHERS:
        found[letters] = Function(letters, group, tuple(calls.split()), purpose, _LOOK_AT[group])
    return MappingProxyType(found)


FUNCTIONS: Mapping[str, Function] = _rows()
"""Every function but `fns`, which each probe has, by its three letters."""
