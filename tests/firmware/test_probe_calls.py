"""Each function of the probe: what it calls, with what, and what it answers (docs/probe-protocol.md, the table)."""

import re

import pytest

from tests.firmware.conftest import ALL, ROOT, with_crc

PAGE = (ROOT / "docs" / "probe-protocol.md").read_text()
SLOTS = {"a": "ABCDEFGH", "b": "bbbb", "c": "cc"}


def run(firmware, call, **answer):
    """Fill the slots, make the call, return its final answer without seq and the calls of the API."""
    for seq, (slot, text) in enumerate(SLOTS.items(), 1):
        firmware.ask(f"{seq:02X} put {slot} 0 t:{text}")
    firmware.set(**{"rc": 0, "length": 0, "data": b"", **answer})
    firmware.calls()
    acknowledged, final = firmware.ask(f"10 run {call}")
    assert acknowledged == "10 AK"
    return final.removeprefix("10 "), firmware.calls()


A, B, C, TEXT_A, TEXT_B = "4142/2", "626262/3", "6363/2", "414243/3", "6262/2"


@pytest.mark.parametrize(
    ("call", "api"),
    [
        ("ini", "id2_client_init"),
        ("cln", "id2_client_cleanup"),
        ("ver o=4", "id2_client_get_version version=pointer"),
        ("ver", "id2_client_get_version version=NULL"),
        ("gid o=48", "id2_client_get_id out=buffer/48"),
        (
            "cac a=3,b=3,o=512",
            f"id2_client_get_challenge_auth_code challenge={TEXT_A} extra={B} out=buffer/512",
        ),
        (
            "cac b=-5,o=5,l=-",
            "id2_client_get_challenge_auth_code challenge=NULL extra=NULL/5 out=buffer/NULL",
        ),
        (
            "tac a=3,b=3,o=512",
            f"id2_client_get_timestamp_auth_code timestamp={TEXT_A} extra={B} out=buffer/512",
        ),
        ("enc c=2,a=2,o=32", f"id2_client_encrypt seed={C} in={A} out=buffer/32"),
        ("enc a=2,o=32", f"id2_client_encrypt seed=NULL in={A} out=buffer/32"),
        ("dec a=2,o=-32", f"id2_client_decrypt in={A} out=NULL/32"),
        ("dch o=32", "id2_client_get_device_challenge out=buffer/32"),
        ("vsv a=2,c=2,b=3", f"id2_client_verify_server code={A} random={C} extra={B}"),
        ("sec c=2,o=64", f"id2_client_get_secret seed={C} out=buffer/64"),
        ("dky c=2,o=32", f"id2_client_derive_key seed={C} key=buffer/32"),
        ("dky c=2,o=-33", f"id2_client_derive_key seed={C} key=NULL/33"),
        ("pst o=1", "id2_client_get_prov_stat stat=pointer"),
        ("pst", "id2_client_get_prov_stat stat=NULL"),
        ("oac a=2,o=256", f"id2_client_get_otp_auth_code token={A} out=buffer/256"),
        ("lod a=2", f"id2_client_load_otp_data data={A}"),
        (
            "prv c=2,a=3,b=2,k=1883,m=2000",
            f"id2_client_wrap_do_provisioning host={C} port=1883 key={TEXT_A} secret={TEXT_B} timeout=2000",
        ),
        ("sik c=2,a=3,k=4294967294", f"id2_client_set_id2_and_key id={C} type=-2 key={TEXT_A}"),
        ("kps k=1,o=1", "id2_client_kpm_get_prov_stat index=1 stat=pointer"),
        ("kpt k=256,o=4", "id2_client_kpm_get_key_type index=0"),
        (
            "kpa k=1,m=9,n=1,a=3,o=9",
            f"id2_client_kpm_get_auth_code index=1 info=9 mode=1 random={TEXT_A} out=buffer/9",
        ),
        ("kpi k=255,a=2", f"id2_client_kpm_import_key index=255 data={A}"),
        ("kpd k=2", "id2_client_kpm_delete_key index=2"),
        ("kpx k=2,o=200", "id2_client_kpm_export_pub_key index=2 out=buffer/200"),
        (
            "kpe k=1,m=101,n=1,c=2,a=2,o=32",
            f"id2_client_kpm_encrypt index=1 suite=101 padding=1 iv={C} in={A} out=buffer/32",
        ),
        (
            "kpc k=1,m=104,a=2,o=32",
            f"id2_client_kpm_decrypt index=1 suite=104 padding=0 iv=NULL/0 in={A} out=buffer/32",
        ),
        ("kpg k=1,a=2,o=64", f"id2_client_kpm_sign index=1 message={A} out=buffer/64"),
        ("kpv k=1,a=2,b=3", f"id2_client_kpm_verify index=1 message={A} signature={B}"),
        (
            "tot k=4294967295,m=7,n=180,p=6,o=16",
            "id2_client_dpm_get_totp timestamp=4294967295 index=7 step=180 length=6",
        ),
        ("tix a=2,o=4", f"id2_client_dpm_get_index digits={A}"),
        ("sop", "se_open_session handle=pointer"),
        ("sop k=1", "se_open_session handle=NULL"),
        ("trx a=2,o=258", f"se_transmit handle=NULL command={A} out=buffer/258"),
        ("trx a=2,k=2,o=0", f"se_transmit handle=stranger command={A} out=buffer/0"),
        ("scl", "se_close_session handle=NULL"),
        ("scl k=2", "se_close_session handle=stranger"),
        ("did o=-", "ls_hal_get_dev_id out=NULL/0"),
        ("pop k=3", "ls_hal_open_rsvd_part flag=3"),
        ("pwr k=7,m=4095,a=2", f"ls_hal_write_rsvd_part fd=7 offset=4095 data={A}"),
        ("prd k=7,m=4294967295,o=16", "ls_hal_read_rsvd_part fd=7 offset=4294967295 size=16"),
        ("pcl k=4294967295", "ls_hal_close_rsvd_part fd=-1"),
        ("kvi", "ls_hal_kv_init"),
        ("kvx", "ls_hal_kv_deinit"),
        ("kvs c=2,a=2", f"ls_hal_kv_set key={C} value={A}"),
        ("kvg c=2,o=9", f"ls_hal_kv_get key={C} out=buffer/9"),
        ("kvd c=2", f"ls_hal_kv_del key={C}"),
        ("rnd o=16", "ls_hal_get_random size=16"),
        ("sed a=2", f"ls_hal_set_seed seed={A}"),
        ("con c=2,k=0,m=1", f"ls_osa_net_connect host={C} port=0 type=1"),
        ("con c=2,k=4294967295", f"ls_osa_net_connect host={C} port=4294967295 type=0"),
        ("rcv k=3,m=500,o=16", "ls_osa_net_recv fd=3 timeout=500 size=16"),
        ("dis k=3", "ls_osa_net_disconnect fd=3"),
        ("rst k=1", "reset kind=1"),
        ("crs k=2", "crash kind=2"),
    ],
)
def test_what_a_function_is_called_with(firmware, call, api):
    assert run(firmware, call)[1] == [api]


def test_every_function_has_the_rc_of_its_own(firmware):
    names = listed(firmware)
    own = {
        "fns",
        "tim",
        "slp",
        "cal",
        "mal",
        "exh",
        "fmt",
        "prt",
        "mtx",
        "smw",
        "smp",
        "kvx",
        "dis",
        "upt",
        "cau",
        "rst",
        "crs",
    }
    for name in set(names) - own - {"thr", "aes", "sm4", "hsh", "snd"}:
        assert run(firmware, f"{name} o=4", rc=-7)[0].startswith("ER -7 "), name


def listed(firmware):
    """Return the names that `fns` gives."""
    firmware.ask("7F run fns")
    pieces = [firmware.ask(f"{0x80 + at // 128:02X} get {at} 128")[0] for at in range(0, 300, 128)]
    return "".join(piece.partition(" t:")[2] for piece in pieces).split(".")


def test_fns_names_every_function_of_the_page(firmware):
    rows = re.findall(r"^\| (?:\d+|.) \| [\w-]+ \| (.*) \|$", PAGE, re.MULTILINE)
    assert listed(firmware) == [
        name for row in rows for part in re.findall("`([^`]+)`", row) for name in part.split()
    ]


@pytest.mark.parametrize(
    ("call", "answer", "final"),
    [
        ("ver o=4", {}, "OK 0 4 {} x:00030100"),
        ("ver o=2", {}, "OK 0 4 {} x:0003"),
        ("ver", {}, "OK 0 4 FFFF"),
        ("pst o=1", {}, "OK 0 1 {} x:01"),
        ("kps o=1", {}, "OK 0 1 {} x:00"),
        ("kpt o=4", {}, "OK 0 4 {} x:00000051"),
        ("tix o=4", {}, "OK 0 4 {} x:0000002A"),
        ("tot p=6,o=16", {"data": b"123456"}, "OK 0 6 {} t:123456"),
        ("tot p=6,o=4", {"data": b"123456"}, "OK 0 6 {} t:1234 w=2"),
        ("dky c=2,o=4", {"data": b"KEY!"}, "OK 0 4 {} x:4B455921"),
        ("rnd o=4", {"data": b"\x00\x01\x02\x03"}, "OK 0 4 {} x:00010203"),
        ("prd o=4", {"data": b"DATA"}, "OK 0 4 {} t:DATA"),
        ("pop", {"rc": 5}, "OK 5 0 FFFF"),
        ("kvg c=2,o=4", {"rc": 0xFFFF0005, "length": 9}, "ER -65531 9 FFFF"),
        ("tim", {"time_ms": 0xFEDCBA98}, "OK 0 8 {} x:00000001FEDCBA98"),
        ("upt", {"time_ms": 0xFEDCBA98}, "OK 0 4 {} x:FEDCBA98"),
        ("slp k=5", {"time_ms": 0xFFFFFFFE}, "OK 0 8 {} x:0000000500000005"),
        ("slp k=5", {"time_ms": 1, "tick_ms": 10}, "OK 0 8 {} x:0000000900000009"),
        ("slp k=5,o=2", {}, "OK 0 8 {} x:0000000500000005"),
        ("cal k=3,m=5,n=200", {}, "OK 0 12 {} x:000000C80000000000000000"),
        ("cal k=3,m=5,n=200", {"heap_fault": 1}, "OK 0 12 {} x:000000C8000000C800000000"),
        ("cal k=3,m=5,n=7", {"heap_blocks": 0}, "OK 0 12 {} x:000000000000000000000007"),
        ("cal k=4294967295,m=4294967295,n=2", {}, "OK 0 12 {} x:000000000000000000000002"),
        ("mal k=1,m=3000,n=3", {}, "OK 0 12 {} x:000000030000000000000000"),
        ("mal k=1,m=3000,n=0", {}, "OK 0 12 {} x:000000000000000000000000"),
        ("exh k=64,m=9", {}, "OK 0 8 {} x:0000000900000000"),
        ("exh k=64,m=9", {"heap_blocks": 4}, "OK 0 8 {} x:0000000400000000"),
        ("exh k=0,m=2", {}, "OK 0 8 {} x:0000000200000000"),
        ("fmt k=0,m=48879,o=12", {}, f"OK 8 12 {{}} x:{b'0000BEEF'.hex().upper()}00A5A5A5"),
        ("fmt k=1,a=8,n=3,o=5", {}, "OK 3 5 {} x:41424300A5"),
        ("fmt k=2,a=8,o=4", {}, "OK 8 4 {} x:41424300"),
        ("fmt k=3,m=4294967295,o=3", {}, "OK 2 3 {} x:2D3100"),
        ("fmt k=4,m=4294967295,o=11", {}, "OK 10 11 {} x:3432393439363732393500"),
        ("fmt k=5,m=10,o=3", {}, "OK 2 3 {} x:306100"),
        ("fmt k=6,m=65,o=2", {}, "OK 1 2 {} x:4100"),
        ("fmt k=7,a=2,m=1,o=11", {}, "OK 10 11 {} x:3030303030303031414200"),
        ("fmt k=2,a=8", {}, "OK 8 0 FFFF"),
        ("fmt k=8,o=4", {}, "ER -2 4 FFFF"),
        ("fmt k=8,o=4,p=1", {}, "ER -2 4 FFFF"),
        ("fmt k=2,a=8,o=4", {"rc": -1}, "ER -1 4 FFFF"),
        ("fmt k=2,a=8,o=4,p=1", {"rc": -1}, "OK 0 4 {} x:41424300"),
        ("fmt k=2,a=8,o=4,p=1", {}, "OK 8 4 {} x:41424300"),
        ("mtx", {}, "OK 0 1 {} x:06"),
        ("mtx", {"rc": -1}, "OK 0 1 {} x:00"),
        ("smw k=50", {}, "ER -1 50 FFFF"),
        ("smp k=50", {}, "OK 0 0 FFFF"),
        ("smp k=50", {"rc": -1}, "ER -5 0 FFFF"),
        ("thr k=1024,m=3,n=10", {}, "ER -5 0 FFFF"),
        ("rcv k=3,o=8", {"data": b"abc"}, "OK 3 3 {} t:abc"),
        ("rcv k=3,o=8", {"rc": -1}, "ER -1 4294967294 FFFF"),
        ("snd k=3,a=8,n=3", {}, "OK 0 24 FFFF"),
        ("snd k=3,a=8", {"send_at_most": 3}, "OK 0 8 FFFF"),
        ("snd k=3,a=8", {"send_at_most": 0}, "OK 0 0 FFFF"),
        ("snd k=3,a=8", {"rc": -1}, "ER -1 0 FFFF"),
        ("cau", {}, "OK 0 8 {} t:watchdog"),
        ("rst", {}, "ER -1 0 FFFF"),
    ],
)
def test_what_a_function_answers(firmware, call, answer, final):
    if call.startswith("thr"):
        answer = {"thread_fails": 1}
    said, _ = run(firmware, call, **answer)
    assert said == final.format(said.split()[3])


def test_a_thread_counts_as_far_as_it_is_told(firmware):
    said, calls = run(firmware, "thr k=2048,m=12,n=10")
    assert said.endswith(" x:0000000C")
    assert calls == ["ls_osa_thread_create stack=2048"]


def test_a_thread_counts_nothing_while_its_creator_holds_the_mutex(firmware):
    assert run(firmware, "thr k=2048,m=12,n=10,p=1")[0].endswith(" x:00000000")


def test_no_memory_is_kept(firmware):
    for call in ("cal k=7,m=9,n=50", "mal k=7,m=9,n=50", "exh k=100,m=50"):
        run(firmware, call)
    assert firmware.number("blocks") == 0


def test_the_handle_that_was_opened_last_stays(firmware):
    run(firmware, "sop")
    assert run(firmware, "trx a=2,o=4")[1] == [f"se_transmit handle=session command={A} out=buffer/4"]
    assert run(firmware, "scl")[1] == ["se_close_session handle=session"]
    assert run(firmware, "scl")[1] == ["se_close_session handle=session"]
    assert run(firmware, "trx a=2,k=1,o=4")[1] == [f"se_transmit handle=NULL command={A} out=buffer/4"]


@pytest.mark.parametrize(
    ("call", "began", "pieces"),
    [
        ("aes a=5,c=2,m=1", "aes_ecb encrypt=1 aligned=1 key=6363/2 dirty=0", ["piece=5"]),
        (
            "aes k=1,a=5,c=20,n=2",
            "aes_cbc encrypt=0 aligned=1 key=6B6B6B6B/4 iv={iv}/16 dirty=0",
            ["piece=2", "piece=2", "piece=1"],
        ),
        (
            "aes k=2,a=4,c=16,n=2",
            "aes_ctr encrypt=0 aligned=1 key=/0 iv={iv}/16 dirty=0",
            ["piece=2", "piece=2"],
        ),
        (
            "aes k=3,a=5,c=20,n=9",
            "aes_cfb encrypt=0 aligned=1 key=6B6B6B6B/4 iv={iv}/16 dirty=0",
            ["cfb128", "piece=5"],
        ),
        ("sm4 k=0,a=0,c=4", "sm4_ecb encrypt=0 aligned=1 key=6B6B6B6B/4 dirty=0", ["piece=0"]),
        (
            "sm4 k=1,a=1,c=20,m=1",
            "sm4_cbc encrypt=1 aligned=1 key=6B6B6B6B/4 iv={iv}/16 dirty=0",
            ["piece=1"],
        ),
        (
            "sm4 k=2,a=1,c=20,m=1",
            "sm4_ctr encrypt=1 aligned=1 key=6B6B6B6B/4 iv={iv}/16 dirty=0",
            ["piece=1"],
        ),
    ],
)
def test_a_cipher_in_pieces(firmware, call, began, pieces):
    iv = "0123456789abcdef"
    length = int(re.search(r"a=(\d+)", call)[1])
    key = "cc" if "c=2," in call else "kkkk"
    if "c=16" in call:
        key = ""
    for again in range(2):
        firmware.ask("01 put a 0 t:ABCDEFGH")
        firmware.ask("02 put b 0 t:context")
        firmware.ask(f"03 put c 0 t:{key}{iv}")
        firmware.calls()
        final = firmware.ask(f"04 run {call}")[1].split()
        assert firmware.calls() == [
            began.format(iv=iv.encode().hex().upper()),
            *[f"  {piece}" for piece in pieces],
        ], again
        flipped = bytes(0xFF - byte for byte in b"ABCDEFGH"[:length]).hex().upper()
        assert final[1:4] == ["OK", "0", str(length)]
        assert final[5:] == ([f"x:{flipped}"] if length else [])
        assert firmware.ask("05 run dec b=1") == ["05 NK 4"]  # slot b was used up


def test_a_cipher_that_cannot_be_used(firmware):
    assert run(firmware, "aes k=1,a=2,c=2")[0] == "ER -2 0 FFFF"
    firmware.set(context_size=513)
    assert run(firmware, "aes a=2,c=2")[0] == "ER -5 0 FFFF"
    assert run(firmware, "hsh a=2")[0] == "ER -5 0 FFFF"
    firmware.set(context_size=512)
    assert run(firmware, "aes a=2,c=2", rc=-9)[0] == "ER -9 2 FFFF"
    assert run(firmware, "hsh a=2", rc=-9)[0] == "ER -9 0 FFFF"
    assert firmware.ask("20 run aes k=4,a=2,c=2") == ["20 NK 5"]
    assert firmware.ask("21 run sm4 k=3,a=2,c=2") == ["21 NK 5"]
    assert firmware.ask("22 run hsh k=4294967295,a=2") == ["22 NK 5"]


@pytest.mark.parametrize(
    ("k", "name", "size"), [(0, "md5", 16), (1, "sha1", 20), (2, "sha256", 32), (3, "sm3", 32)]
)
def test_a_hash_in_pieces(firmware, k, name, size):
    final, calls = run(firmware, f"hsh k={k},a=5,n=3")
    assert calls == [f"{name} dirty=0", "  piece data=414243/3", "  piece data=4445/2"]
    assert final.split()[:3] == ["OK", "0", str(size)]
    assert final.split()[4:] == [f"x:{bytes([size] * size).hex().upper()}"]
    assert run(firmware, f"hsh k={k}")[1] == [f"{name} dirty=0", "  piece data=NULL/0"]


def test_what_is_switched_off_is_not_there(built):
    switches = {
        **ALL,
        "KPG": "0",
        "KPM": "1",
        "NET": "0",
        "AES_CTR": "0",
        "SM4_CTR": "0",
        "HASH_MD5": "0",
        "CLN": "0",
        "SIK": "0",
    }
    firmware = built(**switches)
    names = listed(firmware)
    for name in ("kpg", "con", "snd", "rcv", "dis", "cln", "sik"):
        assert name not in names
        assert firmware.ask(f"20 run {name}") == ["20 NK 5"]
        firmware.ask("21 hi")
    assert firmware.ask("22 run aes k=2,a=-,c=-") == ["22 NK 5"]
    assert firmware.ask("23 run sm4 k=2") == ["23 NK 5"]
    assert firmware.ask("24 run hsh k=0") == ["24 NK 5"]
    assert firmware.ask("25 run hsh k=3")[0] == "25 AK"
    assert " g=00017FFF " in firmware.ask("26 hi")[0]


def test_sizes_and_name_can_be_set(built):
    sizes = {"SLOT_A": "70000", "SLOT_B": "16", "SLOT_C": "1", "RESULT": "300", "GET": "40"}
    firmware = built(**ALL, **sizes, NAME='"a board/1.0 (test)"')
    assert firmware.ask("FF hi") == ["FF HI p=1 l=79 in=70000,16,1 o=300 g=0001FFFF n=a_board/1.0__test_"]
    for at in range(0, 70000, 50):
        firmware.ask(f"{1 + at // 50 % 255:02X} put a {at} t:{'B' * 50}")
    assert firmware.ask("FE run prt a=70000") == ["FE AK", "FE OK 0 0 FFFF"]
    assert firmware.ask("FD run gid o=301") == ["FD NK 3"]
    firmware.set(length=300, data=b"x" * 300)
    assert firmware.ask("FC run gid o=300")[1].startswith("FC OK 0 300 ")
    assert firmware.ask("FB get 200 128") == [f"FB D 200 t:{'x' * 40}"]


def test_a_result_that_is_too_small_for_the_names(built):
    assert built(CLIENT=1, RESULT=40).ask("01 run fns")[1] == "01 ER -3 67 FFFF"


def test_calls_print_in_between(firmware):
    output = firmware.feed(
        with_crc("id2p 01 put a 0 t:Hello") + "\n" + with_crc("id2p 02 run prt a=5") + "\n"
    )
    assert "\r\nHello\n\r\n+ID2P 02 " in output


def test_the_longest_answer_of_a_call_fits_into_a_small_reply(built):
    firmware = built(**ALL, GET="40", RESULT="1024")
    firmware.set(rc=2147483647, length=4294967295, data=b"\x01" * 1040)
    assert firmware.ask("FF run gid o=40")[1].endswith(f"x:{'01' * 40} w=1000")
