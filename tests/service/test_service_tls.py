"""TLS of the mock: whom a client has to trust, for which names, and files that cannot be used."""

import ssl

import httpx
import pytest
import trustme

from harness.errors import UsageError
from harness.service.mock.server import MockService
from harness.web.tls import Tls


def trusting(pem: bytes) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=pem.decode())


def status(mock, context, host="127.0.0.1") -> int:
    url = mock.endpoint.replace("127.0.0.1", host)
    return httpx.get(url, verify=context, trust_env=False).status_code


@pytest.fixture
def files(tmp_path):
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(str(key))
    return authority, certificate, key


def test_the_made_authority_is_enough_and_nobody_elses_is():
    tls = Tls.made()
    with MockService(tls=tls) as mock:
        assert mock.endpoint.startswith("https://127.0.0.1:")
        assert status(mock, trusting(tls.ca_pem)) == 400
        assert status(mock, trusting(tls.ca_pem), "localhost") == 400
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            status(mock, trusting(Tls.made().ca_pem))
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            status(mock, ssl.create_default_context())


def test_the_certificate_is_for_its_names_only():
    tls = Tls.made("0.0.0.0", "id2.example")
    context = trusting(tls.ca_pem)
    with MockService(tls=tls) as mock:

        def ask(name):
            with httpx.Client(verify=context, trust_env=False) as client:
                return client.get(mock.endpoint, extensions={"sni_hostname": name}).status_code

        assert ask("id2.example") == 400
        with pytest.raises(httpx.ConnectError, match="match"):
            ask("other.example")


def test_plain_http_on_a_tls_port_gets_nothing():
    with MockService(tls=Tls.made()) as mock, pytest.raises(httpx.RemoteProtocolError):
        httpx.get(mock.endpoint.replace("https", "http"), trust_env=False)


def test_old_tls_is_refused(files):
    _, certificate, key = files
    for tls in (Tls.made(), Tls.from_files(certificate, key)):
        assert tls.context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_files_of_ones_own(files):
    authority, certificate, key = files
    with MockService(tls=Tls.from_files(certificate, key)) as mock:
        assert status(mock, trusting(authority.cert_pem.bytes())) == 400


def test_what_to_trust_when_the_certificate_signs_itself(tmp_path):
    authority = trustme.CA()
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    certificate.write_bytes(authority.cert_pem.bytes())
    authority.private_key_pem.write_to_path(str(key))
    assert Tls.from_files(certificate, key).ca_pem == authority.cert_pem.bytes()


def test_files_that_do_not_belong_together(files, tmp_path):
    _, certificate, _ = files
    other = tmp_path / "other.pem"
    trustme.CA().issue_cert("127.0.0.1").private_key_pem.write_to_path(str(other))
    with pytest.raises(UsageError, match="cannot be used"):
        Tls.from_files(certificate, other)


def test_files_that_are_no_certificates(files, tmp_path):
    _, certificate, key = files
    garbage = tmp_path / "garbage.pem"
    garbage.write_bytes(b"\x00not PEM")
    for one, two in ((garbage, key), (certificate, garbage), (certificate, tmp_path / "missing")):
        with pytest.raises(UsageError, match="TLS"):
            Tls.from_files(one, two)


def test_the_key_is_not_in_what_is_printed():
    assert "PRIVATE" not in repr(Tls.made())
