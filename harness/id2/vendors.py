"""The makers of ID² chips by their two-byte ids.

Source: device-protocol.md e.2.
"""

VENDORS = {
    0x8080: "Gemalto",
    0x8081: "Watchdata",
    0x8082: "Giesecke & Devrient",
    0x8180: "Huada",
    0x8181: "Nationz",
    0x8182: "NXP",
    0x8183: "Tongfang",
    0x8184: "Synochip",
    0x8185: "Infineon",
    0x8186: "ST",
}


def vendor_name(vendor: int) -> str:
    """Return the maker's name for a vendor id, or `unknown vendor XXXX`."""
    return VENDORS.get(vendor, f"unknown vendor {vendor:04X}")
