"""The command set of the ID² application specification (ICA/T 2017-202-01)."""

from harness.chip.ica.algorithms import (
    Algorithm,
    AsymAlgorithm,
    DigestType,
    Mode,
    cbc_algorithm,
    ecb_algorithm,
)
from harness.chip.ica.chip import IcaChip
from harness.chip.ica.commands import AID, Marking
from harness.chip.ica.keys import Element, GeneratedKey, PointPublicKey, RsaPublicKey
from harness.chip.ica.length_prefix import LengthPrefix
from harness.chip.ica.vendor import Option, VendorInfo, bitmap_of

__all__ = [
    "AID",
    "Algorithm",
    "AsymAlgorithm",
    "DigestType",
    "Element",
    "GeneratedKey",
    "IcaChip",
    "LengthPrefix",
    "Marking",
    "Mode",
    "Option",
    "PointPublicKey",
    "RsaPublicKey",
    "VendorInfo",
    "bitmap_of",
    "cbc_algorithm",
    "ecb_algorithm",
]
