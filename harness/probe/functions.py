"""The groups of functions that a probe makes callable. Source: docs/probe-protocol.md, groups and functions."""

from enum import StrEnum


class Group(StrEnum):
    """What a firmware can have as a whole, in the order of the mask `g` of the hello."""

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
