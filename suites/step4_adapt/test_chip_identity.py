"""Step 4: what the chip says it is."""

from harness.fixtures.types import Bench, Chip, IcaChip, Scenario


def test_select(scenario: Scenario, ica: IcaChip) -> None:
    """The ID² application can be selected, again and again."""
    with scenario.step("SE-SEL-01"):
        for _ in range(3):
            ica.select()


def test_id(scenario: Scenario, chip: Chip, bench: Bench) -> None:
    """The ID has its form and stays the same."""
    with scenario.step("SE-ID-01"):
        first = chip.get_id()
    with scenario.step("SE-ID-02"):
        for _ in range(4):
            again = chip.get_id()
            assert again == first, f"the chip said {first} and then {again}"
    bench.report_identity(first)


def test_id_is_the_declared_one(scenario: Scenario, chip: Chip, bench: Bench) -> None:
    """The chip on the bench is the one that the board file means."""
    with scenario.step("SE-ID-03"):
        found = chip.get_id().id_bytes.hex().upper()
        assert found == bench.declared_id, f"the chip has ID {found}, the board file says {bench.declared_id}"


def test_vendor_information(scenario: Scenario, ica: IcaChip, bench: Bench) -> None:
    """The vendor information is well-formed and agrees with the declaration."""
    with scenario.step("SE-VEN-01"):
        info = ica.get_vendor_info()
    scenario.evidence(
        "vendor-information.hex", info.to_bytes().hex().upper().encode(), title="vendor information"
    )
    with scenario.step("SE-VEN-02"):
        by_id = ica.get_id().vendor
        assert info.vendor == by_id, f"GetVendorInfo says vendor {info.vendor:04X}, GetID says {by_id:04X}"
        declared = bench.declared_vendor
        assert declared in (None, info.vendor), (
            f"the chip says vendor {info.vendor:04X}, declared is {declared:04X}"
        )
    with scenario.step("SE-VEN-03"):
        offered = {option.label.lower() for option in info.options}
        missing = bench.ciphers_of_declared_algorithms - offered
        assert not missing, (
            f"the bitmap does not offer {', '.join(sorted(missing))}, which the declaration claims"
        )
        claimed = bench.declared_options
        assert claimed is None or claimed == offered, (
            f"the bitmap offers {', '.join(sorted(offered))}; declared is {', '.join(sorted(claimed or ()))}"
        )
