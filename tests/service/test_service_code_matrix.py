"""Every code of the service's table: the situation that it names, made for real and asked over HTTP.

A refusal leaves everything else as it was: the whole store is compared before and after, but for the call's own
nonce and its line in the log.
"""

import base64
import contextlib
import hashlib
import json
import sqlite3
from datetime import timedelta

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from harness.id2 import otp
from harness.id2.codes import ServiceCode
from harness.id2.keys import KeyType
from harness.service.mock.server import MockService
from harness.service.mock.settings import Settings
from harness.service.mock.signature import sign
from harness.service.mock.store import burning, store
from tests.service.service_bench import Bench, Device, new_device

LINE = rsa.generate_private_key(public_exponent=65537, key_size=1024)
PEM = LINE.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
OWN_TRACES = ("nonce", "call")


def signed(text: bytes) -> bytes:
    return LINE.sign(text, padding.PKCS1v15(), hashes.SHA256())


def verify(bench, device, product, **changes):
    given = {"Id2": device.id2, "ProductKey": product.product_key, "AuthCode": device.stamp(bench.now_ms())}
    return "Verify", {**given, **changes}


def encrypting(bench, device, product, **changes):
    _, given = verify(bench, device, product)
    return "VerifyAndEncrypt", {**given, "Data": "session key", **changes}


def mutual(bench, device, product, **changes):
    _, given = verify(bench, device, product)
    given["DeviceAuthCode"] = given.pop("AuthCode")
    challenge = {"DeviceChallenge": "AB" * 16, "Data": "session key"}
    return "GetServerAuthCodeAndEncryptData", {**given, **challenge, **changes}


def provisioning(product, fingerprint=b"serial 1"):
    token = otp.parse_token(product.product_secret.reveal().decode())
    code = otp.build_device_code(token, b"s" * 16, fingerprint).data
    return "OtpGetId2", {"DeviceAuthCode": base64.b64encode(code).decode()}


def in_state(state):
    def situation(bench):
        device, product = bench.active()
        bench.admin.set_device_state(device.id2, state)
        return verify(bench, device, product)

    return situation


def success(bench):
    return verify(bench, *bench.active())


def parameter(bench):
    return verify(bench, *bench.active(), ProductSource="2")


def full_disk(bench):
    operation, given = verify(bench, *bench.active())
    with bench.mock._store.transaction() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
    # Its line in the log needs pages that are not to be had.
    return operation, {**given, **{f"Note{number}": "x" * 2000 for number in range(8)}}


def other_product(bench):
    device, _ = bench.active()
    return verify(bench, device, bench.product())


def burn(bench, quota=5):
    with contextlib.suppress(Exception):
        bench.admin.register_vendor("8180", "a chip vendor")
    return bench.admin.create_burn_licence("8180", "chip-1", quota, "aes-128", PEM.decode())


def retrieved(bench, licence):
    (item,) = bench.admin.retrieve_id2(licence.licence, 1, signed(burning.signed_text(licence.licence, 1)))
    key = LINE.decrypt(item.private_key, padding.PKCS1v15())
    return item, Device(item.id2, burning.Key.parse(KeyType.AES_128, key.hex()))


def receipts(licence, *listed):
    return "ReturnId2", {
        "License": licence.licence,
        "Receipts": json.dumps([{"id2": id2, "keySource": 0, "proof": proof.hex()} for id2, proof in listed]),
    }


def retrieval(bench, **changes):
    licence = burn(bench)
    text = changes.get("License", licence.licence)
    count = changes.get("Count", "1")
    sign = base64.b64encode(signed(burning.signed_text(text, int(count)))).decode()
    given = {"License": text, "VendorCode": "8180", "ProductCode": "chip-1", "Count": count, "Sign": sign}
    return "RetrieveId2", {**given, **changes}


def no_chip(bench):
    return receipts(burn(bench), ("00FFFFFE" + "0" * 16, bytes(32)))


def wrong_check_value(bench):
    licence = burn(bench)
    item, _ = retrieved(bench, licence)
    return receipts(licence, (item.id2, bytes(32)))


def wrong_line_signature(bench):
    return retrieval(bench, Sign=base64.b64encode(bytes(128)).decode())


def receipt_twice(bench):
    licence = burn(bench)
    item, _ = retrieved(bench, licence)
    bench.admin.return_id2(licence.licence, [burning.Receipt(item.id2, 0, item.kcv)])
    return receipts(licence, (item.id2, item.kcv))


def zero_quota(bench):
    return verify(bench, bench.device(), bench.product(licences=0))


def burn_quota(bench):
    return retrieval(bench, Count="6")


def unknown_id(bench):
    return verify(bench, new_device(), bench.product())


def bad_sign(bench):
    device, product = bench.active()
    return verify(bench, Device(device.id2, new_device().key), product)


def never_activated(bench):
    return mutual(bench, bench.device(), bench.product())


def skew(bench):
    device, product = bench.active()
    return verify(bench, device, product, AuthCode=device.stamp(bench.now_ms() - 601_000))


def repeated(bench):
    device, product = bench.active()
    call = verify(bench, device, product)
    assert bench.service.verify(device.id2, product.product_key, call[1]["AuthCode"])
    return call


def replayed(bench):
    device, product = bench.active()
    code = device.answer(bench.service.get_server_random(device.id2))
    assert bench.service.verify(device.id2, product.product_key, code)
    return verify(bench, device, product, AuthCode=code)


def data_too_long(bench):
    return encrypting(bench, *bench.active(), Data="d" * 1024)


def api_version(bench):
    return verify(bench, *bench.active(), ApiVersion="1.1.1")


def server_extra(bench):
    return mutual(bench, *bench.active(), ServerExtra="e" * 513)


def device_extra(bench):
    device, product = bench.active()
    return verify(bench, device, product, AuthCode=device.stamp(bench.now_ms(), "one"), Extra="two")


def device_challenge(bench):
    return mutual(bench, *bench.active(), DeviceChallenge="A" * 129)


def activation(bench, device, licence):
    return "Activate", {"Id2": device.id2, "AuthCode": device.stamp(bench.now_ms()), "License": licence}


def use_code(bench):
    return activation(bench, bench.device(), "LIC" + "0" * 28)


def unsupported(bench):
    return encrypting(bench, *bench.active(KeyType.SM2_256))


def activated_before(bench):
    device, product = bench.active()
    return activation(bench, device, bench.admin.orders(product.product_key)[0].code)


def no_receipt(bench):
    _, device = retrieved(bench, burn(bench))
    return verify(bench, device, bench.product())


def other_account(bench):
    product = bench.admin.create_product("lock", licences=1, account="another")
    return verify(bench, bench.device(), product)


def expired(bench):
    device, product = bench.device(), bench.product(licences=1)
    assert bench.verify(device, product)
    bench.admin.move_clock(timedelta(days=367))
    return verify(bench, device, product)


def no_product(bench):
    device, product = bench.active()
    return verify(bench, device, product, ProductKey="a1nosuchpro")


def download_limit(bench):
    product = bench.product()
    name, given = provisioning(product)
    bench.service.otp_get_id2(base64.b64decode(given["DeviceAuthCode"]))
    token = otp.parse_token(product.product_secret.reveal().decode())
    again = otp.build_device_code(token, b"t" * 16, b"serial 1").data
    return name, {"DeviceAuthCode": base64.b64encode(again).decode()}


def otp_off(bench):
    product = bench.product()
    bench.admin.set_otp(product.product_key, enabled=False)
    return provisioning(product)


def constant_fingerprint(bench):
    return provisioning(bench.product(), b"\xff" * 16)


def no_right(bench):
    """Called with a key of the read-only policy instead of the default one."""
    call = verify(bench, *bench.active())
    return "read-only " + call[0], call[1]


def answered(bench, operation, given):
    policy, _, operation = operation.rpartition(" ")
    parameters = bench.signed(operation, **given)
    if policy:
        key = bench.admin.create_access_key(policy)
        del parameters["Signature"]
        parameters["AccessKeyId"] = key.id
        parameters["Signature"] = sign(key.secret, "POST", parameters)
    before = picture(bench)
    answer = httpx.post(bench.mock.endpoint, data=parameters, trust_env=False).json()
    return answer["Code"], picture(bench) == before


REFUSES_CONSTANTS = Settings(constant_fingerprint="refuse")
REFUSES_REPEATS = Settings(repeated_fingerprint="refuse")
LIMITS_DOWNLOADS = Settings(downloads_per_fingerprint=1)

SITUATIONS = [
    (ServiceCode.SUCCESS, success, None),
    (ServiceCode.PARAMETER, parameter, None),
    (ServiceCode.SYSTEM, full_disk, None),
    (ServiceCode.BOUND_ELSEWHERE, other_product, None),
    (ServiceCode.BOUND_ELSEWHERE, receipt_twice, None),
    (ServiceCode.NO_CHIP, no_chip, None),
    (ServiceCode.CRYPTO, wrong_check_value, None),
    (ServiceCode.CRYPTO, wrong_line_signature, None),
    (ServiceCode.NO_BURN_LICENCE, lambda bench: retrieval(bench, License="BURN" + "0" * 28), None),
    (ServiceCode.NO_QUOTA, zero_quota, None),
    (ServiceCode.NO_QUOTA, burn_quota, None),
    (ServiceCode.NO_ID, unknown_id, None),
    (ServiceCode.AUTH_CODE, bad_sign, None),
    (ServiceCode.NOT_ACTIVATED, never_activated, None),
    (ServiceCode.TIMESTAMP_EXPIRED, skew, None),
    (ServiceCode.TIMESTAMP_REPEATED, repeated, None),
    (ServiceCode.CHALLENGE, replayed, None),
    (ServiceCode.AUTH_CODE, skew, Settings(expired_timestamp_code=21)),
    (ServiceCode.AUTH_CODE, repeated, Settings(repeated_timestamp_code=21)),
    (ServiceCode.AUTH_CODE, replayed, Settings(spent_challenge_code=21)),
    (ServiceCode.DATA, data_too_long, None),
    (ServiceCode.API_VERSION, api_version, None),
    (ServiceCode.SERVER_EXTRA, server_extra, None),
    (ServiceCode.DEVICE_EXTRA, device_extra, None),
    (ServiceCode.DEVICE_CHALLENGE, device_challenge, None),
    (ServiceCode.USE_CODE, use_code, None),
    (ServiceCode.UNSUPPORTED, unsupported, None),
    (ServiceCode.STATE, activated_before, None),
    (ServiceCode.BURNING, no_receipt, None),
    (ServiceCode.SUSPENDED, in_state("suspended"), None),
    (ServiceCode.DISCARDED, in_state("discarded"), None),
    (ServiceCode.EXPIRED, in_state("expired"), None),
    (ServiceCode.EXPIRED, expired, None),
    (ServiceCode.NO_RIGHT, other_account, None),
    (ServiceCode.NO_PRODUCT, other_account, Settings(foreign_account_code=51)),
    (ServiceCode.VENDOR, lambda bench: retrieval(bench, VendorCode="chips"), None),
    (ServiceCode.PRODUCT_CODE, lambda bench: retrieval(bench, ProductCode="chip-2"), None),
    (ServiceCode.NO_PRODUCT, no_product, None),
    (ServiceCode.NO_PRODUCT, lambda bench: verify(bench, *bench.active(), RegionId="ap-southeast-1"), None),
    (
        ServiceCode.SUCCESS,
        lambda bench: verify(bench, *bench.active(), RegionId="x"),
        Settings(region_bound=False),
    ),
    (ServiceCode.NO_VENDOR, lambda bench: retrieval(bench, VendorCode="8181"), None),
    (ServiceCode.DOWNLOAD_LIMIT, download_limit, LIMITS_DOWNLOADS),
    (ServiceCode.SUCCESS, download_limit, None),
    (ServiceCode.OTP_OFF, otp_off, None),
    (ServiceCode.FINGERPRINT, constant_fingerprint, REFUSES_CONSTANTS),
    (ServiceCode.SUCCESS, constant_fingerprint, None),
    (ServiceCode.FINGERPRINT_DUPLICATE, download_limit, REFUSES_REPEATS),
    (ServiceCode.RAM_RIGHT, no_right, None),
]
IN_TESTS_OF_THEIR_OWN = {ServiceCode.BUSY}


def picture(bench):
    """Return a hash of every table but the traces of the call itself."""
    seen = hashlib.sha256()
    with bench.mock._store.reading() as db:
        for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            if table not in OWN_TRACES:
                rows = db.execute(f"SELECT * FROM {table}").fetchall()
                seen.update(repr((table, [tuple(row) for row in rows])).encode())
    return seen.digest()


@pytest.mark.parametrize(("code", "situation", "settings"), SITUATIONS)
def test_situation(code, situation, settings):
    with MockService(settings=settings) as mock, mock.client() as service:
        bench = Bench(mock, service)
        operation, given = situation(bench)
        got, unchanged = answered(bench, operation, given)
    assert got == str(code.value)
    assert unchanged or code is ServiceCode.SUCCESS, "a refusal changes nothing"


def test_busy_while_another_process_holds_the_store(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "_BUSY_MS", 10)
    db = tmp_path / "service.db"
    with MockService(db) as mock, mock.client() as service:
        bench = Bench(mock, service)
        operation, given = success(bench)
        call_now = bench.signed(operation, **given)
        with contextlib.closing(sqlite3.connect(db, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = httpx.post(mock.endpoint, data=call_now, trust_env=False).json()
            other.execute("ROLLBACK")
    assert answer["Code"] == "54"


def test_every_code_has_its_situation():
    covered = {code for code, _, _ in SITUATIONS} | IN_TESTS_OF_THEIR_OWN
    assert set(ServiceCode) - covered == set()
