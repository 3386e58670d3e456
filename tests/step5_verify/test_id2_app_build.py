"""examples/id2_app_build: the constants of id2_app become the values of the environment, whichever the SDK has."""

import os
import subprocess

import pytest

from tests.pages import ROOT

SCRIPT = ROOT / "examples" / "id2_app_build" / "build.sh"
ENTRY = """\
#define SERVER_PORT     1883
#define PRODUCT_KEY     "a1"
#define PRODUCT_SECRET  "i1"
#define ID2_AUTH_CODE          ""
#define ID2_CIPHER_DATA        "34632f"
char *cipher_data = ID2_CIPHER_DATA;
"""
MESSAGE = """\
#define ID2_CHALLENGE       "55B83408399FA660F05C82E4F25333DC"
#define ID2_TIMESTAMP       "1512022279204"
#define ID2_EXTRA           "abcd1234"
"""
VALUES = {
    "ID2_CIPHER_DATA": "AB" * 32,
    "ID2_AUTH_CODE": "10~2~55&55~a/b+c=",
    "ID2_CHALLENGE": "01" * 16,
    "ID2_TIMESTAMP": "1780000000000",
    "ID2_PRODUCT_KEY": "a1WO4Z9qHRw",
    "ID2_PRODUCT_SECRET": r"i1&\|x",
}


@pytest.fixture
def build(tmp_path):
    """Return a function that builds a tree with these sources, and gives its two files and what `make` was told."""
    app = tmp_path / "sdk" / "app" / "id2_app"
    (app / "src").mkdir(parents=True)
    (tmp_path / "sdk" / "makefile").write_text("all:\n\t@echo built with $(WITH)\n")

    def run(entry=ENTRY, message=MESSAGE, **values):
        (app / "app_entry.c").write_text(entry)
        (app / "src" / "id2_client_mesg.c").write_text(message)
        done = subprocess.run(
            ["sh", SCRIPT, tmp_path / "sdk", "all", "WITH=care"],
            env={"PATH": os.environ["PATH"], **dict.fromkeys(VALUES, ""), **values},
            capture_output=True,
            text=True,
            check=True,
        )
        assert "built with care" in done.stdout
        return (app / "app_entry.c").read_text(), (app / "src" / "id2_client_mesg.c").read_text()

    return run


def test_each_constant_becomes_its_value(build):
    entry, message = build(**VALUES)
    for constant, variable in (
        ("PRODUCT_KEY", "ID2_PRODUCT_KEY"),
        ("PRODUCT_SECRET", "ID2_PRODUCT_SECRET"),
        ("ID2_AUTH_CODE", "ID2_AUTH_CODE"),
        ("ID2_CIPHER_DATA", "ID2_CIPHER_DATA"),
    ):
        assert f'#define {constant} "{VALUES[variable]}"\n' in entry
    assert f'#define ID2_CHALLENGE "{VALUES["ID2_CHALLENGE"]}"\n' in message
    assert f'#define ID2_TIMESTAMP "{VALUES["ID2_TIMESTAMP"]}"\n' in message
    assert "SERVER_PORT     1883\n" in entry
    assert "char *cipher_data = ID2_CIPHER_DATA;\n" in entry
    assert 'ID2_EXTRA           "abcd1234"\n' in message


def test_a_value_of_an_earlier_build_is_gone(build):
    entry, _ = build()
    assert '#define ID2_CIPHER_DATA ""\n' in entry
    assert '#define PRODUCT_SECRET  "i1"\n' in entry, "nobody knows another one"


def test_an_old_sdk_has_no_server_code(build):
    entry, _ = build(entry='#define ID2_CIPHER_DATA     "34632f"\n', **VALUES)
    assert entry == f'#define ID2_CIPHER_DATA "{VALUES["ID2_CIPHER_DATA"]}"\n'
