"""Files of devices as tools, spreadsheets and people write them; and what must never be read or repeated."""

import pytest

from harness.errors import UsageError
from harness.id2 import published
from harness.id2.keys import Key, KeyType
from harness.service.mock.importing import importing
from harness.service.mock.importing.importing import FileKind, Outcome, judge, put_in, read
from harness.service.mock.importing.pending import PendingImports
from harness.service.mock.importing.rows import ROWS_MAX, BadFileError, Why
from harness.service.mock.server import MockService
from harness.service.mock.store.devices import DeviceState
from harness.web.forms import decode

A, B, C = (f"{digit * 24}" for digit in "123")
KEY, OTHER = "00112233445566778899AABBCCDDEEFF", "FF" * 16
PUF = "050000000700001D7C19F00D52A4E6B1-LAB7-PUF_001"
POINT = published.KEYS[KeyType.ECC_K256].key.public.hex()
PEM = """-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC7
-----END PUBLIC KEY-----"""


@pytest.fixture
def admin():
    return MockService().admin


def rows(text, **options):
    return read(text, "x", **options).rows


def devices(text, **options):
    return [(row.name, row.about, row.problem and row.problem.why) for row in rows(text, **options)]


@pytest.mark.parametrize(
    "text",
    [
        f"{A},{KEY}\n{B},{OTHER}",
        f"{A};{KEY}\r\n\r\n{B};{OTHER}\r\n",
        f"{A}\t{KEY}\n# a batch\n{B}\t{OTHER}",
        f"# a batch\n{A}   {KEY}\n  {B} {OTHER}\n\n",
        f"ID2,Key\n{A},{KEY.lower()}\n{B},{OTHER}",
        f"batch;key;ID\n7;{KEY};{A}\n7;{OTHER};{B}",
        f'"ID²","key"\n"{A}","{KEY}"\n"{B}"," {OTHER} "',
        f"设备ID,密钥\n{A},{KEY}\n{B},{OTHER}",
        f"{A},sm4-128,{KEY}\r{B},SM4_128,{OTHER}",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_burn_list_in_every_form_is_the_same(text, encoding):
    data = text.encode(encoding, "replace")
    read_in = decode(data)
    assert devices(read_in, key_type=KeyType.SM4_128) == [(A, "sm4-128", None), (B, "sm4-128", None)]
    assert [row.given.key.reveal().hex().upper() for row in rows(read_in, key_type=KeyType.SM4_128)] == [
        KEY,
        OTHER,
    ]


def test_columns_that_are_not_read_are_told():
    file = read(f"id2,key,Batch,id\n{A},{KEY},7,8", "x", key_type=KeyType.AES_128)
    assert file.ignored == ("Batch", "id")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f"{A[:-1]},aes-128,{KEY}", Why.ID),
        (f"{KEY},aes-128,{A}", Why.ID),
        (f"{'F' * 24},aes-128,{KEY}", Why.NO_ID),
        (f"{A},{KEY},{KEY}", Why.KEY_TYPE),
        (f"{A},{KEY}", Why.KEY_TYPE),
        (f"{A},aes-128,{KEY[:-1]}", Why.KEY),
        (f"{A},aes-128,{KEY[:-1]}G", Why.KEY),
        (f"{A},rsa-1024,{KEY}", Why.KEY),
        (f"{A},ecc-k256,{'0' * 64}", Why.KEY),
        (f"{A},aes-128,{KEY},4", Why.COLUMNS),
        (f"{A},", Why.COLUMNS),
        (f"=cmd|'/c calc'!A1,aes-128,{KEY}", Why.ID),
        (f"<script>,aes-128,{KEY}", Why.ID),
        (f"{'1' * 1_000_000},aes-128,{KEY}", None),
    ],
)
def test_what_is_wrong_with_a_line_is_said_without_its_values(line, why):
    (row,) = rows(f"{line}\n")
    assert row.given is None
    assert row.problem is not None
    if why is not None:
        assert row.problem.why is why
    told = repr(row.problem) + row.about
    assert KEY[:12] not in told
    assert "cmd" not in told + row.name
    assert len(told) < 1000


def test_a_line_keeps_its_number_behind_quoted_lines():
    text = f'id2,key_type,key\n{A},rsa-1024,"{PEM}"\n\n{B},aes-128,{KEY}\n{C},aes-128,x\n'
    assert [(row.line, row.problem is None) for row in rows(text)] == [(2, False), (6, True), (7, False)]


def test_public_keys_and_states_have_columns():
    text = f"id2,key_type,public_key,state\n{PUF},ecc-k256,{POINT},Suspended\n{A},ecc-k256,{POINT},bound\n{B},ecc-k256,,"
    assert devices(text) == [(PUF, "ecc-k256", None), (A, "", Why.STATE), (B, "", Why.NO_KEY)]
    given = rows(text)[0].given
    assert (given.key.secret, given.state) == (None, DeviceState.SUSPENDED)


@pytest.mark.parametrize("text", ["", "\n \n", "# only words\n", "id2,batch\n1,2", "devices: []"])
def test_a_file_of_nothing_is_refused(text):
    with pytest.raises(BadFileError):
        rows(text)


def test_a_few_bytes_of_no_text_are_wrong_lines():
    lines = ["a line of many words, of which none is an ID or a key" * 4, "\x00\x01", "\ud800 \u202e x"]
    problems = [row.problem.why for row in rows("\n".join(lines))]
    assert problems == [Why.COLUMNS, Why.COLUMNS, Why.COLUMNS]


def test_bytes_of_no_text_are_refused():
    with pytest.raises(BadFileError, match="is no text"):
        rows("\x00\x01\x02\n\ud800 \u202e x")


def test_a_list_is_bounded():
    with pytest.raises(BadFileError, match=f"more than {ROWS_MAX}"):
        rows(f"{A},{KEY}\n" * (ROWS_MAX + 1))


SEED = f"""access_keys:
  - {{id: TESTKEY, secret: TESTSECRET}}
products:
  - {{product_key: a1TESTabcde, product_secret: i11TESTTESTTESTTESTTESTTESTTESTT, name: lock, licences: 5}}
devices:
  - {{id: {A}, key_type: aes-128, key: {KEY}, state: suspended}}
  - {{id: {B}, key_type: aes-128, key: {OTHER}xx}}
"""


def test_a_seed_makes_what_the_command_would_make(admin):
    file = read(SEED, "x")
    assert file.kind is FileKind.SEED
    judged = judge(file.rows, admin)
    assert [(each.row.line, each.outcome) for each in judged] == [
        (2, Outcome.NEW),
        (4, Outcome.NEW),
        (6, Outcome.NEW),
        (7, Outcome.WRONG),
    ]
    assert admin.products() == (), "a preview makes nothing"
    assert admin.devices().total == 0
    assert put_in(judged, admin) == 3
    assert admin.device(A).state is DeviceState.SUSPENDED
    assert admin.counters("a1TESTabcde").purchased == 5
    again = judge(file.rows, admin)
    assert [each.outcome for each in again] == [Outcome.SAME, Outcome.SAME, Outcome.SAME, Outcome.WRONG]
    assert put_in(again, admin) == 0
    assert admin.counters("a1TESTabcde").purchased == 5


def test_what_is_there_with_other_values_is_never_overwritten(admin):
    admin.add_device(A, Key.parse(KeyType.AES_128, OTHER))
    admin.create_product("lock", product_key="a1TESTabcde")
    judged = judge(read(SEED, "x").rows, admin)
    assert [each.outcome for each in judged] == [Outcome.NEW, Outcome.WRONG, Outcome.WRONG, Outcome.WRONG]
    assert judged[2].problem.why is Why.OTHER_KEY
    assert "TESTTEST" not in repr(judged)
    put_in(judged, admin)
    assert admin.device(A).key == Key.parse(KeyType.AES_128, OTHER)


@pytest.mark.parametrize(
    "change",
    [
        ("name: lock", "name: x"),
        ("i11TEST", "k"),
        ("a1TEST", "b1TEST"),
        ("licences: 5", "licences: 5, node_type: device"),
    ],
)
def test_the_preview_of_a_product_says_what_creating_it_would_say(admin, change):
    judged = judge(read(SEED.replace(*change), "x").rows, admin)
    assert judged[1].outcome is Outcome.WRONG
    assert judged[1].problem.values["message"]


def test_a_product_of_a_secret_that_another_one_has_is_told_before(admin):
    put_in(judge(read(SEED, "x").rows, admin), admin)
    judged = judge(read(SEED.replace("a1TESTabcde", "a1OTHERbcde"), "x").rows, admin)
    assert judged[1].outcome is Outcome.WRONG


def test_twice_in_one_file(admin):
    same = rows(f"{A},{KEY}\n{A.lower()},{KEY}\n{A},{OTHER}", key_type=KeyType.AES_128)
    judged = judge(same, admin)
    assert [each.outcome for each in judged] == [Outcome.NEW, Outcome.SAME, Outcome.WRONG]
    assert judged[2].problem.values == {"line": 1}
    assert put_in(judged, admin) == 1


def test_devices_are_made_all_or_none(admin):
    judged = judge(rows(f"{A},{KEY}\n{B},{KEY}", key_type=KeyType.AES_128), admin)
    admin.add_device(B, Key.parse(KeyType.AES_128, KEY))
    with pytest.raises(UsageError, match=B):
        put_in(judged, admin)
    assert admin.find_device(A) is None


BOARD = """version: 1
plan: {key_type: sm4-128}
transports:
  chip: {kind: simulated-i2c, device: {key_type: sm4-128, key: {test_key: E89731A5A5D7F12E316EBD7BB9110F56}}}
device:
  id: 00DBBC60A12BC016BA187800
  key: KEY
"""


@pytest.mark.parametrize(
    ("key", "given", "why", "key_type"),
    [
        ("{simulated: chip}", "", None, "sm4-128"),
        ("{published: aes-128}", "", None, "aes-128"),
        ("{published: rsa-1024}", "", None, "rsa-1024"),
        ("{env: HOME}", "", Why.KEY_ELSEWHERE, "sm4-128"),
        ("{file: /etc/passwd}", "", Why.KEY_ELSEWHERE, "sm4-128"),
        ("{file: /etc/passwd}", KEY, None, "sm4-128"),
        ("{env: HOME}", "xx", Why.KEY, "sm4-128"),
        ("{simulated: nothing}", "", Why.KEY_ELSEWHERE, "sm4-128"),
        ("[1]", "", Why.KEY_ELSEWHERE, "sm4-128"),
    ],
)
def test_the_device_of_a_board_file(monkeypatch, key, given, why, key_type):
    monkeypatch.setenv("HOME", KEY)
    file = read(BOARD.replace("KEY", key), "x", key=given)
    assert file.kind is FileKind.BOARD
    (row,) = file.rows
    assert (row.problem and row.problem.why, row.about) == (why, key_type)
    assert row.line == 6


@pytest.mark.parametrize(
    "text", ["version: 1\ndevice: 3\n", "plan: {}\n", "device: {id: [1]}\n", "version: 1\n"]
)
def test_a_board_file_without_an_id(text):
    with pytest.raises(BadFileError, match="device: "):
        read(text, "x")


def test_yaml_that_is_none_is_told_with_its_line():
    with pytest.raises(UsageError, match="x:3"):
        read("devices:\n  - {id: [\n", "x")


def test_a_file_waits_for_the_browser_that_sent_it_alone():
    now = [0.0]
    pending = PendingImports(lambda: now[0])
    file = importing.FileToImport(FileKind.SEED, ())
    name = pending.add("mine", file)
    assert pending.find("mine", name) is file
    assert pending.find("other", name) is None
    for _ in range(16):
        pending.add("other", file)
    assert pending.find("mine", name) is None, "bounded"
    large = importing.FileToImport(FileKind.SEED, (None,) * 20_000)
    names = [pending.add("mine", large) for _ in range(4)]
    assert [pending.find("mine", each) is large for each in names] == [False, True, True, True]
    name = pending.add("mine", file)
    now[0] += 30 * 60
    assert pending.find("mine", name) is None
