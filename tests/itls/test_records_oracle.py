"""Key schedule, Finished and records against OpenSSL, so that our two sides do not only agree with each other.

Python's own `ssl` does TLS 1.2 with RSA key exchange and AES-CBC with HMAC, the construction that iTLS uses under its own
numbers. Encrypt-then-MAC and the extended master secret are switched off, as iTLS has neither. With the server's
private key the pre-master secret is known, and all else must follow from it.
"""

import contextlib
import hashlib
import ssl

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from harness.itls import key_schedule, messages
from harness.itls.key_schedule import prf
from harness.itls.records import ContentType, Protection, RecordBuffer, TlsRecord
from harness.itls.suites import Suite

NO_EXTENDED_MASTER_SECRET = 1
NO_ENCRYPT_THEN_MAC = 1 << 19
TWINS = {
    Suite.AES_128_CBC_SHA: "AES128-SHA",
    Suite.AES_256_CBC_SHA: "AES256-SHA",
    Suite.AES_128_CBC_SHA256: "AES128-SHA256",
    Suite.AES_256_CBC_SHA256: "AES256-SHA256",
}
every_suite = pytest.mark.parametrize("suite", list(Suite), ids=lambda one: one.name)


def test_prf_of_the_published_vector():
    """The vector for P_SHA256 that was published on the IETF's TLS list with RFC 5246."""
    published = bytes.fromhex(
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a"
        "6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab"
        "4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701"
        "87347b66"
    )
    secret = bytes.fromhex("9bbe436ba940f017b17652849a71db35")
    seed = bytes.fromhex("a0ba9f936cda311827a6f796ffd5198c")

    assert prf(secret, b"test label", seed, len(published)) == published
    assert prf(secret, b"test label", seed, 33) == published[:33]


class OpenSsl:
    """A handshake between two sides of OpenSSL, taken apart."""

    def __init__(self, suite: Suite, certificate, private: rsa.RSAPrivateKey, keylog) -> None:
        self.suite = suite
        self.to_server, self.to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        from_client, from_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = self._context(client=True).wrap_bio(self.to_client, from_client)
        serving = self._context(client=False)
        certificate.configure_cert(serving)
        serving.keylog_filename = str(keylog)
        self.server = serving.wrap_bio(self.to_server, from_server, server_side=True)
        self.outs = {"client": from_client, "server": from_server}
        self.buffers = {"client": RecordBuffer(), "server": RecordBuffer()}
        self.records: list[tuple[str, TlsRecord]] = []
        for _ in range(4):
            for side in (self.client, self.server):
                with contextlib.suppress(ssl.SSLWantReadError):
                    side.do_handshake()
                self.carry()
        label, client_random, master = keylog.read_text().splitlines()[-1].split()
        assert label == "CLIENT_RANDOM"
        self.client_random, self.master = bytes.fromhex(client_random), bytes.fromhex(master)
        self._read(private)

    def _context(self, *, client: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT if client else ssl.PROTOCOL_TLS_SERVER)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(f"{TWINS[self.suite]}:@SECLEVEL=0")
        context.options |= ssl.OP_NO_TICKET | NO_EXTENDED_MASTER_SECRET | NO_ENCRYPT_THEN_MAC
        if client:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def carry(self) -> None:
        """Take what each side says, note its records, and give it to the other."""
        for side, to in (("client", self.to_server), ("server", self.to_client)):
            data = self.outs[side].read()
            self.buffers[side].add(data)
            while (record := self.buffers[side].next()) is not None:
                self.records.append((side, record))
            to.write(data)

    def _read(self, private: rsa.RSAPrivateKey) -> None:
        """Collect handshake messages in clear, the pre-master secret, and the records under keys."""
        self.transcript = b""
        self.server_random = b""
        self.premaster = b""
        self.encrypted: dict[str, list[TlsRecord]] = {"client": [], "server": []}
        changed = set()
        for side, record in self.records:
            if record.kind is ContentType.CHANGE_CIPHER_SPEC:
                changed.add(side)
            elif side in changed:
                self.encrypted[side].append(record)
            else:
                self.transcript += record.payload
        data = self.transcript
        while data:
            size = int.from_bytes(data[1:4], "big")
            kind, body, data = data[0], data[4 : 4 + size], data[4 + size :]
            if kind == messages.MessageType.SERVER_HELLO:
                self.server_random = messages.parse_server_hello(body).random
            elif kind == 16:
                self.premaster = private.decrypt(body[2:], padding.PKCS1v15())


@pytest.fixture(scope="module")
def certificate():
    authority = trustme.CA(key_type=trustme.KeyType.RSA)
    certificate = authority.issue_cert("far.end", key_type=trustme.KeyType.RSA)
    private = load_pem_private_key(certificate.private_key_pem.bytes(), None)
    return certificate, private


@pytest.fixture(params=list(Suite), ids=lambda one: one.name)
def openssl(request, certificate, tmp_path):
    return OpenSsl(request.param, *certificate, tmp_path / "keys.log")


def keys_of(openssl):
    return key_schedule.derive(openssl.suite, openssl.premaster, openssl.client_random, openssl.server_random)


def test_the_master_secret_is_openssls(openssl):
    assert len(openssl.premaster) == key_schedule.PREMASTER_SIZE
    assert keys_of(openssl).master.reveal() == openssl.master


def test_both_finished_are_openssls(openssl):
    keys = keys_of(openssl)
    transcript = openssl.transcript
    for side, label in (("client", b"client finished"), ("server", b"server finished")):
        reader = Protection(openssl.suite, getattr(keys, side))
        opened = reader.open(openssl.encrypted[side][0])
        expected = keys.finished(label, hashlib.sha256(transcript).digest())
        assert opened == messages.framed(messages.MessageType.FINISHED, expected)
        transcript += opened


@pytest.mark.parametrize("size", [1, 15, 16, 17, 1000, 16384])
def test_we_open_what_openssl_protects(openssl, size):
    keys = keys_of(openssl)
    data = bytes(range(256)) * 64
    reader = Protection(openssl.suite, keys.client)
    reader.open(openssl.encrypted["client"][0])
    before = len(openssl.records)
    openssl.client.write(data[:size])
    openssl.client.write(b"and one more")
    openssl.carry()
    opened = [reader.open(record) for _, record in openssl.records[before:]]
    assert b"".join(opened) == data[:size] + b"and one more"


@pytest.mark.parametrize("size", [1, 15, 16, 17, 1000, 16384])
def test_openssl_opens_what_we_protect(openssl, size):
    keys = keys_of(openssl)
    data = (bytes(range(256)) * 64)[:size]
    writer = Protection(openssl.suite, keys.client)
    writer.sequence = 1
    for piece in (data, b"next", b"", b"last"):
        openssl.to_server.write(
            TlsRecord(ContentType.APPLICATION_DATA, writer.protect(ContentType.APPLICATION_DATA, piece)).wire
        )
    got = b""
    while len(got) < size + 8:
        got += openssl.server.read(65536)
    assert got == data + b"nextlast"


def test_openssl_refuses_what_we_number_wrongly(openssl):
    writer = Protection(openssl.suite, keys_of(openssl).client)
    writer.sequence = 2
    openssl.to_server.write(
        TlsRecord(ContentType.APPLICATION_DATA, writer.protect(ContentType.APPLICATION_DATA, b"x")).wire
    )
    with pytest.raises(ssl.SSLError, match=r"(?i)mac"):
        openssl.server.read(10)


@every_suite
def test_sizes_of_the_suites(suite):
    """Numbers of device-protocol.md h.1, written out."""
    expected = {
        0xD001: (16, "sha1", 20),
        0xD002: (32, "sha1", 20),
        0xD003: (16, "sha256", 32),
        0xD004: (32, "sha256", 32),
    }
    assert (suite.key_size, suite.hash_name, suite.mac_size) == expected[suite.value]
