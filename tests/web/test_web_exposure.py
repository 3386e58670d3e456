"""Where other computers reach a listener, and that a certificate that is made is for all of it."""

import ssl
from pathlib import Path

import pytest
from cryptography import x509

from harness.cli.serving import tell_where, tls_of
from harness.web import exposure
from harness.web.exposure import addresses

FIB = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 192.0.2.0
        /24 link UNICAST
Local:
  +-- 0.0.0.0/0 3 0 5
     |-- 127.0.0.1
        /32 host LOCAL
     |-- 192.0.2.7
        /32 host LOCAL
     |-- 192.0.2.255
        /32 link BROADCAST
"""
IF = """00000000000000000000000000000001 01 80 10 80       lo
20010db8000000000000000000000007 02 40 00 80     eth0
fe800000000000000000000000000001 02 40 20 80     eth0
"""


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    for name, text in (("_IPV4", FIB), ("_IPV6", IF)):
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(exposure, name, tmp_path / name)


def test_all_addresses_are_those_that_others_can_open(kernel):
    assert addresses("0.0.0.0") == ["192.0.2.7"]
    assert addresses("::") == ["192.0.2.7", "2001:db8::7"]
    assert addresses("192.0.2.9") == ["192.0.2.9"]
    assert addresses("localhost") == ["127.0.0.1"]


def test_where_the_kernel_says_nothing_there_are_none(tmp_path, monkeypatch):
    for name in ("_IPV4", "_IPV6"):
        monkeypatch.setattr(exposure, name, tmp_path / "nothing")
    assert addresses("::") == []


def test_a_certificate_that_is_made_is_for_every_name_to_open(kernel, tmp_path, monkeypatch):
    issued = []
    monkeypatch.setattr(
        ssl.SSLContext, "load_cert_chain", lambda _self, file, *_rest: issued.append(_read(file))
    )
    tls_of(wanted=True, beyond=True, cert=None, key=None, ca=None, host="0.0.0.0", names=["lab.example"])
    names = issued[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "lab.example" in names.get_values_for_type(x509.DNSName)
    assert "192.0.2.7" in map(str, names.get_values_for_type(x509.IPAddress))


def _read(file):
    return x509.load_pem_x509_certificate(Path(file).read_bytes())


def test_people_are_told_addresses_that_they_can_open(kernel, capsys):
    tell_where("https://[::]:8460", "::", ["lab.example"])
    tell_where("http://127.0.0.1:1", "127.0.0.1", ["lab.example"])
    assert capsys.readouterr().err.splitlines() == [
        "open https://lab.example:8460",
        "open https://192.0.2.7:8460",
        "open https://[2001:db8::7]:8460",
    ]
