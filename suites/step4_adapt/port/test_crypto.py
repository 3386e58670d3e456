"""Step 4: the ciphers and hashes of the board's HAL, in one piece and in pieces."""

from harness.fixtures.hal.crypto import told
from harness.fixtures.types import Family, HalUnderTest, HashFunction, Mode, Scenario


def test_aes_ecb(scenario: Scenario, hal: HalUnderTest) -> None:
    """AES-ECB encrypts and decrypts as the standard says."""
    reason = hal.crypto.cipher_left_out(Family.AES, Mode.ECB)
    if reason:
        scenario.does_not_apply("HAL-AES-01", reason)
        return
    with scenario.step("HAL-AES-01"):
        problems = hal.crypto.cipher_problems(Family.AES, Mode.ECB)
        assert not problems, told(problems)


def test_aes_cbc(scenario: Scenario, hal: HalUnderTest) -> None:
    """AES-CBC encrypts and decrypts as the standard says."""
    reason = hal.crypto.cipher_left_out(Family.AES, Mode.CBC)
    if reason:
        scenario.does_not_apply("HAL-AES-02", reason)
        return
    with scenario.step("HAL-AES-02"):
        problems = hal.crypto.cipher_problems(Family.AES, Mode.CBC)
        assert not problems, told(problems)


def test_aes_ctr(scenario: Scenario, hal: HalUnderTest) -> None:
    """AES-CTR encrypts and decrypts as the standard says."""
    reason = hal.crypto.cipher_left_out(Family.AES, Mode.CTR)
    if reason:
        scenario.does_not_apply("HAL-AES-03", reason)
        return
    with scenario.step("HAL-AES-03"):
        problems = hal.crypto.cipher_problems(Family.AES, Mode.CTR)
        assert not problems, told(problems)


def test_aes_cfb(scenario: Scenario, hal: HalUnderTest) -> None:
    """AES-CFB encrypts and decrypts as the standard says."""
    reason = hal.crypto.cipher_left_out(Family.AES, Mode.CFB)
    if reason:
        scenario.does_not_apply("HAL-AES-04", reason)
        return
    with scenario.step("HAL-AES-04"):
        problems = hal.crypto.cipher_problems(Family.AES, Mode.CFB)
        assert not problems, told(problems)


def test_sm4_ecb(scenario: Scenario, hal: HalUnderTest) -> None:
    """SM4-ECB encrypts and decrypts as the standard says."""
    reason = hal.crypto.cipher_left_out(Family.SM4, Mode.ECB)
    if reason:
        scenario.does_not_apply("HAL-SM4-01", reason)
        return
    with scenario.step("HAL-SM4-01"):
        problems = hal.crypto.cipher_problems(Family.SM4, Mode.ECB)
        assert not problems, told(problems)


def test_sm4_cbc(scenario: Scenario, hal: HalUnderTest) -> None:
    """SM4-CBC encrypts and decrypts as the standard says."""
    reason = hal.crypto.cipher_left_out(Family.SM4, Mode.CBC)
    if reason:
        scenario.does_not_apply("HAL-SM4-02", reason)
        return
    with scenario.step("HAL-SM4-02"):
        problems = hal.crypto.cipher_problems(Family.SM4, Mode.CBC)
        assert not problems, told(problems)


def test_sm4_ctr(scenario: Scenario, hal: HalUnderTest) -> None:
    """SM4-CTR encrypts and decrypts as the standard says."""
    reason = hal.crypto.cipher_left_out(Family.SM4, Mode.CTR)
    if reason:
        scenario.does_not_apply("HAL-SM4-03", reason)
        return
    with scenario.step("HAL-SM4-03"):
        problems = hal.crypto.cipher_problems(Family.SM4, Mode.CTR)
        assert not problems, told(problems)


def test_md5(scenario: Scenario, hal: HalUnderTest) -> None:
    """MD5 hashes as the standard says."""
    reason = hal.crypto.hash_left_out(HashFunction.MD5)
    if reason:
        scenario.does_not_apply("HAL-HASH-01", reason)
        return
    with scenario.step("HAL-HASH-01"):
        problems = hal.crypto.hash_problems(HashFunction.MD5)
        assert not problems, told(problems)


def test_sha1(scenario: Scenario, hal: HalUnderTest) -> None:
    """SHA-1 hashes as the standard says."""
    reason = hal.crypto.hash_left_out(HashFunction.SHA1)
    if reason:
        scenario.does_not_apply("HAL-HASH-02", reason)
        return
    with scenario.step("HAL-HASH-02"):
        problems = hal.crypto.hash_problems(HashFunction.SHA1)
        assert not problems, told(problems)


def test_sha256(scenario: Scenario, hal: HalUnderTest) -> None:
    """SHA-256 hashes as the standard says."""
    reason = hal.crypto.hash_left_out(HashFunction.SHA256)
    if reason:
        scenario.does_not_apply("HAL-HASH-03", reason)
        return
    with scenario.step("HAL-HASH-03"):
        problems = hal.crypto.hash_problems(HashFunction.SHA256)
        assert not problems, told(problems)


def test_sm3(scenario: Scenario, hal: HalUnderTest) -> None:
    """SM3 hashes as the standard says."""
    reason = hal.crypto.hash_left_out(HashFunction.SM3)
    if reason:
        scenario.does_not_apply("HAL-HASH-04", reason)
        return
    with scenario.step("HAL-HASH-04"):
        problems = hal.crypto.hash_problems(HashFunction.SM3)
        assert not problems, told(problems)
