"""`harness id2` and `harness explain`, through the command line; not through `harness.cli.main`."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from harness.cli import explain, id2
from harness.errors import UsageError
from harness.id2 import authcode, published
from harness.id2.keys import KeyType

VECTORS = Path(__file__).parents[1] / "vectors"
ID = "2122232425262728292A2B2C"
KEY = "2122232425262728292A2B2C2D2E2F30"
CHALLENGE = "55B83408399FA660F05C82E4F25333DC"
DEVICE = ("--key-type", "aes-128", "--key", KEY, "--id", ID)
DEBUG = ("--key-type", "aes-128", "--debug-key")
CODE = authcode.build(
    published.KEYS[KeyType.AES_128].key, ID, challenge=CHALLENGE, device_random="ABABABABABABABAB"
).text


@pytest.fixture
def run():
    app = typer.Typer()
    id2.register(app)
    explain.register(app)

    def invoke(*arguments):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return invoke


@pytest.fixture
def prints(run):
    def invoke(*arguments):
        result = run(*arguments)
        assert result.exit_code == 0, result.output + repr(result.exception)
        assert result.stderr == ""
        assert result.stdout.endswith("\n")
        return result.stdout[:-1]

    return invoke


@pytest.fixture
def refuses(run):
    def invoke(*arguments):
        result = run(*arguments)
        assert isinstance(result.exception, UsageError), result.output
        assert result.stdout == ""
        assert KEY not in str(result.exception)
        return result.exception.message

    return invoke


def vector(name):
    return json.loads((VECTORS / f"{name}.json").read_text())


@pytest.mark.parametrize("name", ["AES-128-demo", "SM4-128-demo", "3DES-168-se"])
def test_the_answers_of_the_vendors_sdk(prints, name):
    data = vector(name)
    kind = {"AES-128-demo": "aes-128", "SM4-128-demo": "sm4-128", "3DES-168-se": "3des-168"}[name]
    key = ("--key-type", kind, "--key", data["key_hex"])
    device = (*key, "--id", data["id2"])
    for case, text in data["auth_codes_sdk"].items():
        random = "timestamp" if case.startswith("timestamp") else "challenge"
        given = [f"--{random}", data[random], *(["--extra", "abcd1234"] if case.endswith("extra") else [])]
        assert prints("id2", "auth-code", *device, *given, "--device-random", data["device_random"]) == text
        assert prints("id2", "verify", text, *device, *given) == "valid"
    assert prints("id2", "decrypt", *key, data["decrypt_1234"]["cipher"]) == "1234"
    assert prints("id2", "decrypt", *key, data["decrypt_id"]["cipher"]) == data["id2"]
    assert prints("id2", "encrypt", *key, "1234") == data["decrypt_1234"]["cipher"]
    secret = data["secret"]
    assert prints("id2", "secret", *key, "--seed", secret["seed"]) == secret["sdk"]["secret"]
    derived = data["derive_appKey_16"]["sdk"]["key"]
    assert prints("id2", "derive", *device, "--seed", "appKey", "--length", 16) == derived
    assert (
        prints("id2", "derive", *device, "--seed", "", "--length", 32)
        == data["derive_empty_32"]["sdk"]["key"]
    )
    if data["encrypt_seed_null_1234"]["out"]:
        assert (
            prints("id2", "encrypt", *device, "1234", "--seed", "") == data["encrypt_seed_null_1234"]["out"]
        )
    challenge = data["device_challenge"]["random"]
    for case, extra in (("type10", ()), ("type11_extra", ("--extra", "abcd1234"))):
        text = data["verify_server"][case]["auth_code"]
        for option in ("--device-challenge", "--device-random"):
            assert prints("id2", "server-code", *device, option, challenge, *extra) == text
        assert prints("id2", "verify", text, *device, "--device-challenge", challenge, *extra) == "valid"


def test_a_device_random_is_made_when_none_is_given(prints):
    codes = {prints("id2", "auth-code", *DEVICE, "--challenge", "C") for _ in range(5)}
    assert len(codes) == 5
    assert all(prints("id2", "verify", code, *DEVICE, "--challenge", "C") == "valid" for code in codes)


def test_the_published_key_and_id_may_stand_for_both(prints):
    assert prints("id2", "auth-code", *DEBUG, "--challenge", CHALLENGE, "--device-random", "AB" * 8) == CODE
    other = "00DBBC60A12BC016BA187800"
    code = prints("id2", "auth-code", *DEBUG, "--id", other, "--challenge", "C")
    assert prints("id2", "verify", code, *DEBUG, "--id", other) == "valid"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (CODE.replace("0~2~AB", "0~2~AC", 1), "device_random at position 4: "),
        (CODE.replace("55B8", "55B9"), "random at position 24: "),
        (CODE.replace("4sx4", "4sy4"), "sign at position "),
        (CODE.replace("0~2", "1~2", 1), "type at position 0: "),
        (CODE.replace("0~2", "0~3", 1), "hash at position 2: "),
        ("nonsense", "type at position 0: "),
        ("99~AAAA", None),
    ],
)
def test_each_problem_is_printed_and_the_exit_code_is_1(run, text, field):
    result = run("id2", "verify", text, *DEVICE, "--challenge", CHALLENGE)
    if field is None:
        assert isinstance(result.exception, UsageError)
    else:
        assert result.exit_code == 1
        assert field in result.stdout
        assert result.stderr == ""


def test_server_codes_that_are_wrong(run, prints):
    code = prints("id2", "server-code", *DEVICE, "--device-challenge", "CHALLENGE", "--extra", "x")
    for change in (
        ("--device-challenge", "CHALLENGF", "--extra", "x"),
        ("--device-challenge", "CHALLENGE"),
        (),
    ):
        result = run("id2", "verify", code, *DEVICE, *change)
        assert (result.exit_code, "valid" in result.stdout) == (1, False)
    assert prints("id2", "verify", code, *DEVICE, "--extra", "x") == "valid"


def test_hardened_codes_are_opened(prints):
    hard = authcode.harden(published.KEYS[KeyType.AES_128].key, CODE)
    assert prints("id2", "verify", hard, *DEVICE, "--challenge", CHALLENGE) == "valid"


def test_asymmetric_keys(prints, tmp_path):
    data = vector("RSA-1024-demo-v1")
    numbers = tmp_path / "rsa.json"
    numbers.write_text(json.dumps({name: data[name] for name in ("n", "e", "d")}))
    public = tmp_path / "public.json"
    public.write_text(json.dumps({name: data[name] for name in ("n", "e")}))
    entry = data["codes"][3]
    code = authcode.parse(entry["auth_code"])
    device = ("--key-type", "rsa-1024", "--id", data["id2"], "--extra", entry["extra"])
    built = prints(
        "id2", "auth-code", *device, "--key", f"file:{numbers}", "--timestamp", code.random,
        "--device-random", code.device_random,
    )  # fmt: skip
    assert built == entry["auth_code"]
    assert prints("id2", "verify", built, *device, "--key", f"file:{public}") == "valid"
    ecc = vector("ECC-K256-puf-demo")
    text = ecc["codes"][0]["auth_code"]
    assert (
        prints("id2", "verify", text, "--key-type", "ecc-k256", "--key", ecc["pub"], "--id", ecc["id2"])
        == "valid"
    )


def test_keys_from_the_environment_and_from_files(prints, refuses, monkeypatch, tmp_path):
    monkeypatch.setenv("DEVICE_KEY", KEY)
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    rest = ("--key-type", "aes-128", "--id", ID, "--challenge", CHALLENGE, "--device-random", "AB" * 8)
    for key in ("env:DEVICE_KEY", f"file:{file}"):
        assert prints("id2", "auth-code", *rest, "--key", key) == CODE
    monkeypatch.delenv("DEVICE_KEY")
    assert "'DEVICE_KEY' is not set" in refuses("id2", "auth-code", *rest, "--key", "env:DEVICE_KEY")
    assert "cannot be read" in refuses("id2", "auth-code", *rest, "--key", f"file:{tmp_path}/none")
    assert "cannot be read" in refuses("id2", "auth-code", *rest, "--key", f"file:{tmp_path}")
    file.write_bytes(b"\xff\xfe")
    assert "not text" in refuses("id2", "auth-code", *rest, "--key", f"file:{file}")
    file.write_bytes(b"0" * 70_000)
    assert "no key file" in refuses("id2", "auth-code", *rest, "--key", f"file:{file}")


def test_decryption_of_what_the_cloud_gives(prints, run, refuses):
    cipher = prints("id2", "encrypt", *DEBUG, "session key")
    as_base64 = base64.b64encode(bytes.fromhex(cipher)).decode()
    assert prints("id2", "encrypt", *DEBUG, "session key", "--output", "base64") == as_base64
    for text in (cipher, cipher.lower(), as_base64):
        assert prints("id2", "decrypt", *DEBUG, text) == "session key"
    assert prints("id2", "decrypt", *DEBUG, cipher, "--output", "hex") == b"session key".hex().upper()
    binary = prints("id2", "encrypt", *DEBUG, "é")
    assert prints("id2", "decrypt", *DEBUG, binary) == "C3A9"
    assert "--output text" in refuses("id2", "decrypt", *DEBUG, binary, "--output", "text")
    result = run("id2", "decrypt", "--key-type", "aes-192", "--debug-key", cipher)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "does not open with this key" in result.stderr


AES = ("--key-type", "aes-128")
NAMED = ("--id", ID, "--challenge", "C")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("auth-code", *DEVICE), "exactly one of --challenge and --timestamp"),
        (("auth-code", *DEVICE, "--challenge", "C", "--timestamp", "1"), "exactly one of"),
        (("auth-code", *DEVICE, "--challenge", "C" * 33), "--challenge: challenge has 33 characters"),
        (("auth-code", *DEVICE, "--timestamp", ""), "--timestamp: timestamp has 0"),
        (("auth-code", *DEVICE, "--challenge", "C", "--extra", "x" * 513), "--extra: extra has 513 bytes"),
        (("auth-code", *DEVICE, "--challenge", "C", "--device-random", "ab"), "--device-random: "),
        (("auth-code", "--key-type", "aes-129", "--key", KEY, *NAMED), "--key-type: "),
        (
            ("auth-code", "--key-type", "aes-256", "--key", KEY, *NAMED),
            "--key: key of type aes-256 must be 64",
        ),
        (("auth-code", *AES, "--key", "x" + KEY, *NAMED), "--key: "),
        (("auth-code", *AES, "--key", KEY, "--challenge", "C"), "--id is missing"),
        (("auth-code", *AES, *NAMED), "--key is missing"),
        (("auth-code", *AES, "--key", KEY, "--id", ID[:-1], "--challenge", "C"), "--id: "),
        (("auth-code", *DEBUG, "--key", KEY, "--challenge", "C"), "--key and --debug-key are both given"),
        (("auth-code", "--key-type", "sm4-128", "--debug-key", *NAMED), "published no sm4-128 key"),
        (("auth-code", "--key-type", "sm1-128", "--key", KEY, *NAMED), "--key-type: SM1 is an unpublished"),
        (("verify", CODE, *DEVICE, "--challenge", "C", "--timestamp", "1"), "are both given"),
        (("decrypt", *DEBUG, "abc"), "CIPHER: neither hex nor base64"),
        (("decrypt", *DEBUG, ""), "CIPHER: neither hex nor base64"),
        (("decrypt", *DEBUG, "AB" * 15), "CIPHER: ciphertext has 15 bytes"),
        (("decrypt", *DEBUG, "AB" * 1040), "CIPHER: ciphertext has 1040 bytes; the limit is 1024"),
        (("decrypt", *DEBUG, "AB" * 16, "--output", "raw"), "--output: 'raw' is not auto or text or hex"),
        (("decrypt", "--key-type", "rsa-1024", "--debug-key", "AB" * 128), "--key-type: "),
        (("encrypt", *DEBUG, ""), "PLAINTEXT: plaintext is empty"),
        (("encrypt", *AES, "--key", KEY, "x", "--seed", "s"), "--id is missing"),
        (("encrypt", "--key-type", "3des-112", "--debug-key", "x", "--seed", "s"), "--key-type: "),
        (("secret", *DEBUG, "--seed", ""), "--seed: "),
        (("secret", *DEBUG, "--seed", "s" * 129), "--seed: seed has 129 bytes"),
        (("derive", *DEBUG, "--seed", "s", "--length", "33"), "--length: "),
        (("server-code", *DEBUG), "--device-challenge is missing"),
        (("server-code", *DEBUG, "--device-challenge", "a~b"), "--device-challenge: "),
    ],
)
def test_wrong_values_name_the_option(refuses, arguments, words):
    assert words in refuses("id2", *arguments)


def test_missing_arguments_are_usage_errors(run):
    for arguments in (("id2", "auth-code"), ("id2", "verify"), ("id2", "derive", *DEBUG), ("explain",)):
        assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["-3"], "result code -3 (SHORT_BUFFER)"),
        (["61", "0F"], "status word 610F"),
        (["61 0F"], "status word 610F"),
        (["0xFFFF0003"], "KM code 0xFFFF0003 (NOT_SUPPORTED)"),
        (["161"], "iTLS alert 161 (NO_QUOTA)"),
        ([ID], "ID² of 24 hex digits"),
        ([CODE], "published aes-128 debug key"),
        (["k.9"], "known defect k.9"),
    ],
)
def test_explain(prints, words, expected):
    text = prints("explain", *words)
    assert expected in text
    assert "\n  " in text


def test_explain_separates_several_readings(prints):
    blocks = prints("explain", "50").split("\n\n")
    assert [block.split("\n")[0] for block in blocks] == [
        "service code 50 (EXPIRED)",
        "iTLS alert 50 (DECODE_ERROR)",
    ]
    assert "  meaning: " in blocks[0]
    assert "  do:      " in blocks[0]


@pytest.mark.parametrize("word", ["-6", "nonsense", "12345", "\x1b[31m"])
def test_unknown_words_are_usage_errors_with_a_hint(refuses, run, word):
    assert "nothing is known about" in refuses("explain", word)
    assert "61 0F" in run("explain", word).exception.hint


def test_help_does_not_load_the_library():
    """Loading cryptography costs more than the whole of `harness --help` may."""
    script = (
        "import sys, typer\nfrom harness.cli import explain, id2\napp = typer.Typer()\n"
        "id2.register(app)\nexplain.register(app)\n"
        "print('cryptography' in sys.modules, 'harness.id2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
