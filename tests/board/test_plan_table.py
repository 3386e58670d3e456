"""The table of plans, and the starting board file of every possible one."""

import json
import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.board.models import Pattern, PlannedCarrier
from harness.board.opening.wiring import Wiring
from harness.board.plan import matrix
from harness.board.plan.demands import demands
from harness.board.plan.starting_file import starting_file
from harness.board.plan.table import cell, cells, table_record
from harness.board.plan.table_text import WIDTH, cell_text, table_text
from harness.board.reading.file import load
from harness.board.reading.to_fill_in import MARK
from harness.errors import UsageError
from harness.id2.keys import KeyType

EVERY = cells()
POSSIBLE = [each for each in EVERY if each.possible]
SE = cell(Pattern.OWN_PLATFORM, PlannedCarrier.SE, "third-party-os", KeyType.AES_128)
KM = cell(Pattern.IOT_PLATFORM, PlannedCarrier.KM, "link-sdk", KeyType.AES_128)


def test_table_has_every_cell_once():
    plans = [(each.plan.pattern, each.plan.carrier, each.plan.platform, each.plan.key_type) for each in EVERY]
    assert len(set(plans)) == len(plans)
    assert set(plans) == set(product(Pattern, PlannedCarrier, matrix.platforms(), KeyType))


def test_a_cell_is_impossible_exactly_where_a_board_file_with_its_plan_is_refused():
    for each in EVERY:
        refused = matrix.contradictions(each.plan)
        assert each.possible is (refused == [])
        assert each.refusals == tuple(problem.text for problem in refused)


@pytest.mark.parametrize(
    ("carrier", "platform", "key_type", "why"),
    [
        ("se", "link-tee", "aes-128", "link-tee holds ID² keys in the TEE only"),
        ("km", "link-sdk", "sm1-128", "sm1-128 exists in secure elements only"),
        ("tee", "link-tee", "sm1-128", "sm1-128 exists in secure elements only"),
        ("puf", "third-party-os", "aes-128", "a PUF signs with an ECC key"),
        ("demo", "third-party-os", "sm1-128", "sm1-128 exists in secure elements only"),
    ],
)
def test_impossible_cells_say_why(carrier, platform, key_type, why):
    found = cell(Pattern.OWN_PLATFORM, PlannedCarrier(carrier), platform, KeyType(key_type))
    assert not found.possible
    assert why in found.refusals[0]
    assert f"impossible      {why}" in cell_text(found)


def test_reasons_that_differ_in_carrier_or_key_type_alone_are_told_once():
    told = " ".join(line.strip() for line in table_text().splitlines())
    assert told.count("link-tee holds ID² keys in the TEE only; carrier ") == 1
    assert "carrier se, km, puf, module, demo cannot be on it" in told
    assert "adapter cannot do 3des-112, 3des-168, aes-128, " in told


def test_a_carrier_without_a_guide_is_a_warning():
    found = cell(Pattern.OWN_PLATFORM, PlannedCarrier.TEE, "alios-things", KeyType.AES_128)
    assert found.possible
    assert found.guide.address == ""
    assert "no guide for tee on alios-things" in found.doubts[0]
    assert "warning         the vendor publishes no guide" in cell_text(found)


def test_each_guide_has_an_address_exactly_where_the_vendor_has_one():
    for each in EVERY:
        documented = matrix.has_guide(each.plan)
        assert bool(each.guide.address) is documented, each.plan
        assert re.fullmatch(r"docs/guides/[a-z-]+\.md", each.guide.page)


def test_a_cell_says_what_it_needs():
    text = cell_text(SE)
    for wanted in (
        "yes, step 3",
        "ID² console, wizard card stand-alone",
        "https://help.aliyun.com/document_detail/142884.html",
        "docs/guides/se-third-party.md",
        "5 years",
        "I²C",
        "build and flash",
        "the chip is reached through the board's own driver",
    ):
        assert re.search(re.escape(wanted).replace(r"\ ", r"\s+"), text), wanted
    text = cell_text(KM)
    assert re.search(r"server side +no\n", text)
    assert "IoT Platform console, wizard card combined" in text
    assert "https://help.aliyun.com/document_detail/142889.html" in text


@pytest.mark.parametrize("carrier", PlannedCarrier)
def test_what_each_carrier_needs_is_known(carrier):
    assert demands(carrier).meaning != "known to no documentation"


def test_notes_name_what_provisioning_cannot_do():
    def notes(carrier, key_type):
        return cell(Pattern.OWN_PLATFORM, carrier, "third-party-os", key_type).notes

    over = "is given over the network"
    assert any(over in note for note in notes(PlannedCarrier.KM, KeyType.DES3_168))
    assert not any(over in note for note in notes(PlannedCarrier.KM, KeyType.SM4_128))
    assert not any(over in note for note in notes(PlannedCarrier.SE, KeyType.DES3_168))


def test_whole_table_fits_in_80_columns():
    text = table_text()
    assert max(map(len, text.splitlines())) <= WIDTH == 80
    for word in (*Pattern, *PlannedCarrier, *matrix.platforms(), *KeyType):
        assert word in text
    row = next(line for line in text.splitlines() if line.startswith("link-tee"))
    marks = dict(zip(PlannedCarrier, row.split()[1:], strict=True))
    assert marks["tee"] == "guide"
    assert marks["se"] == marks["km"] == "-"
    row = next(line for line in text.splitlines() if line.startswith("sm1-128"))
    marks = dict(zip(PlannedCarrier, row.split()[1:], strict=True))
    assert marks["se"] == "yes"
    assert marks["demo"] == "-"


def test_whole_table_is_plain_json():
    record = json.loads(json.dumps(table_record()))
    assert len(record["cells"]) == len(EVERY)
    first = record["cells"][0]
    assert set(first) >= {
        "pattern",
        "carrier",
        "platform",
        "key_type",
        "possible",
        "refusals",
        "doubts",
        "guide",
    }
    assert record["patterns"]["iot-platform"]["server_development"] is False
    assert record["carriers"]["km"]["licence"]


def loads(each, tmp_path, *, probe):
    path = tmp_path / "mine.yaml"
    path.write_text(starting_file(each, path, "mine", probe=probe))
    return load(path)


def hold(each, board, *, probe):
    """Hold the board file of a cell to what it was made for."""
    assert board.plan == each.plan
    assert board.name == "mine"
    assert (board.probe is not None) is probe
    assert board.source.left, "there is always a port to be filled in"
    assert all(MARK in warning for warning in board.warnings if "filled in" in warning)


@settings(max_examples=40)
@given(st.sampled_from(POSSIBLE), st.booleans())
def test_starting_files_load(tmp_path_factory, each, probe):
    hold(each, loads(each, tmp_path_factory.mktemp("file"), probe=probe), probe=probe)


@pytest.mark.slow
@pytest.mark.parametrize("probe", [True, False])
def test_starting_file_of_every_possible_cell_loads(tmp_path, probe):
    for each in POSSIBLE:
        hold(each, loads(each, tmp_path, probe=probe), probe=probe)


def uncommented(text, section):
    """Take the # away from a section, as a user does."""
    lines, inside = [], False
    for line in text.splitlines():
        inside = line.startswith(f"# {section}:") or (inside and line.startswith("#   "))
        lines.append(line.removeprefix("# ") if inside else line)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("each", "section"),
    [
        (SE, "controllers"),
        (KM, "controllers"),
        (cell(Pattern.OWN_PLATFORM, PlannedCarrier.KM, "third-party-os", KeyType.SM4_128), "link"),
        (SE, "probe"),
    ],
)
def test_sections_that_are_commented_out_load_too(tmp_path, each, section):
    path = tmp_path / "mine.yaml"
    text = starting_file(each, path, "mine", probe=False)
    changed = uncommented(text, section)
    assert changed != text
    path.write_text(changed)
    assert getattr(load(path), section)


def test_a_chip_on_a_bus_loads_as_the_comment_says(tmp_path):
    path = tmp_path / "mine.yaml"
    text = starting_file(SE, path, "mine", probe=False)
    transport, section = (
        re.search(rf"^#   {words} +(chip: .*)$", text, re.MULTILINE)[1]
        for words in ("under transports:", "and a section:")
    )
    path.write_text(text.replace("transports:\n", f"transports:\n  {transport}\n", 1) + section + "\n")
    assert load(path).chip.framing == "fm1280"


def test_a_link_is_there_where_the_firmware_goes_to_iot_platform(tmp_path):
    assert loads(KM, tmp_path, probe=False).link.offers == ("provisioning", "mqtt", "reconnect")
    assert loads(SE, tmp_path, probe=False).link is None
    se = cell(Pattern.IOT_PLATFORM, PlannedCarrier.SE, "third-party-os", KeyType.AES_128)
    assert loads(se, tmp_path, probe=False).link.offers == ("mqtt", "reconnect")


def test_a_chip_is_reached_through_the_probe(tmp_path):
    assert loads(SE, tmp_path, probe=True).chip.through == "probe"
    assert loads(KM, tmp_path, probe=True).chip is None


def test_what_is_left_is_named_with_its_line(tmp_path):
    board = loads(KM, tmp_path, probe=False)
    lines = (tmp_path / "mine.yaml").read_text().splitlines()
    fields = {warning.split(": ")[1]: warning for warning in board.warnings if "filled in" in warning}
    assert set(fields) == {"transports.console.port", "link.device_name"}
    for warning in fields.values():
        number = int(re.search(r":(\d+): ", warning)[1])
        assert MARK in lines[number - 1]


def test_a_board_with_something_left_is_refused_before_anything_is_touched(tmp_path):
    board = loads(KM, tmp_path, probe=False)
    with pytest.raises(UsageError, match=r"still to be filled in: transports\.console\.port \(line \d+\)"):
        Wiring().look_up(board)


def test_a_finished_board_is_not_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(starting_file(KM, path, "mine", probe=False).replace(MARK, "mine-1"))
    board = load(path)
    assert board.source.left == ()
    Wiring().look_up(board)
