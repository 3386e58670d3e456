/* The self-test of the HAL: known answers of the SDK's hal_app. Its lines are our own, for hal_app tests more than this. */
#include <string.h>

#include "firmware_start.h"
#include "id2_log.h"
#include "ls_hal_crypt.h"
#include "ls_hal_km.h"
#include "ls_hal_sst.h"

#define DATA_SIZE 141u
#define CONTEXT_MAX 512

/* A context of the HAL; the union aligns it for any. */
static union {
    uint64_t align;
    uint8_t bytes[CONTEXT_MAX];
} context;

static void test_data(uint8_t data[DATA_SIZE])
{
    static const uint8_t TAIL[13] = {10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 0x13};
    for (unsigned i = 0; i < 128; i++)
        data[i] = (uint8_t)(i % 8 + 1);
    memcpy(data + 128, TAIL, sizeof TAIL);
}

typedef int (*hash_start)(void *);
typedef int (*hash_go_on)(void *, const uint8_t *, size_t);
typedef int (*hash_finish)(void *, uint8_t *);

static int hash_is(const char *name, hash_start start, hash_go_on go_on, hash_finish finish, const uint8_t *expected,
                   size_t size)
{
    uint8_t data[DATA_SIZE];
    uint8_t digest[32];
    test_data(data);
    int good = start(context.bytes) == 0 && go_on(context.bytes, data, 50) == 0 &&
               go_on(context.bytes, data + 50, 50) == 0 && go_on(context.bytes, data + 100, DATA_SIZE - 100) == 0 &&
               finish(context.bytes, digest) == 0 && memcmp(digest, expected, size) == 0;
    if (!good)
        ID2_ERROR("%s is wrong", name);
    return good;
}

enum { SHA1_GOOD = 1, SHA256_GOOD = 2, MD5_GOOD = 4, HASHES_GOOD = 7 };

static int good_hashes(void)
{
    static const uint8_t SHA1[20] = {0x54, 0x1d, 0x6f, 0x6e, 0x46, 0x7e, 0xfe, 0x1d, 0xa8, 0x66,
                                     0x06, 0x34, 0xb0, 0x21, 0x3d, 0x65, 0xb8, 0xa4, 0x02, 0xca};
    static const uint8_t MD5[16] = {0x95, 0x79, 0xa2, 0x46, 0x8e, 0xbc, 0x5b, 0xd6,
                                    0x45, 0x57, 0xbb, 0x4f, 0xaf, 0xae, 0x5a, 0x05};
    static const uint8_t SHA256[32] = {0x3b, 0x7f, 0x52, 0xae, 0x5b, 0xe8, 0x09, 0x19, 0x02, 0x1a, 0x83,
                                       0x8d, 0xcc, 0xc6, 0x01, 0xc3, 0x76, 0x41, 0x22, 0x64, 0x4b, 0x1c,
                                       0x35, 0xa2, 0x9d, 0xd3, 0xc5, 0x76, 0x36, 0xd7, 0xda, 0x5f};
    int good = hash_is("SHA-1", ls_hal_sha1_init, ls_hal_sha1_update, ls_hal_sha1_finish, SHA1, 20) ? SHA1_GOOD : 0;
    if (hash_is("SHA-256", ls_hal_sha256_init, ls_hal_sha256_update, ls_hal_sha256_finish, SHA256, 32))
        good |= SHA256_GOOD;
    if (hash_is("MD5", ls_hal_md5_init, ls_hal_md5_update, ls_hal_md5_finish, MD5, 16))
        good |= MD5_GOOD;
    return good;
}

static int test_hashes(void)
{
    return good_hashes() == HASHES_GOOD;
}

static int test_random(void)
{
    uint8_t one[16];
    uint8_t other[16];
    return ls_hal_get_random(one, sizeof one) == 0 && ls_hal_get_random(other, sizeof other) == 0 &&
           memcmp(one, other, sizeof one) != 0;
}

/* The first block of the page's ECB test, and what CBC, CTR and CFB encrypt comes back. */
static int test_aes(void)
{
    static const uint8_t KEY[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15};
    static const uint8_t BLOCK[16] = {0x55, 0x4c, 0x93, 0x50, 0x16, 0x35, 0xaa, 0xdb,
                                      0xad, 0xf8, 0x8b, 0xc6, 0xd3, 0x6e, 0x57, 0xf7};
    uint8_t data[DATA_SIZE];
    uint8_t work[DATA_SIZE];
    uint8_t iv[16];
    test_data(data);
    for (unsigned i = 0; i < 16; i++)
        iv[i] = (uint8_t)i;
    int good = ls_hal_aes_ecb_init(context.bytes, 1, KEY, 16) == 0 &&
               ls_hal_aes_ecb_process(context.bytes, data, work, 96) == 0 && memcmp(work, BLOCK, 16) == 0;
    good = good && ls_hal_aes_cbc_init(context.bytes, 1, KEY, 16, iv) == 0 &&
           ls_hal_aes_cbc_process(context.bytes, data, work, 96) == 0 &&
           ls_hal_aes_cbc_init(context.bytes, 0, KEY, 16, iv) == 0 &&
           ls_hal_aes_cbc_process(context.bytes, work, work, 96) == 0 && memcmp(work, data, 96) == 0;
    good = good && ls_hal_aes_ctr_init(context.bytes, 1, KEY, 16, iv) == 0 &&
           ls_hal_aes_ctr_process(context.bytes, data, work, DATA_SIZE) == 0 &&
           ls_hal_aes_ctr_init(context.bytes, 0, KEY, 16, iv) == 0 &&
           ls_hal_aes_ctr_process(context.bytes, work, work, DATA_SIZE) == 0 && memcmp(work, data, DATA_SIZE) == 0;
    return good;
}

static int test_store(void)
{
    static const char KEY[] = "sst_hal_test_key_1";
    static const char VALUE[] = "sst_hal_test_val_1";
    uint8_t back[sizeof VALUE];
    uint32_t size = sizeof back;
    return ls_hal_kv_set(KEY, VALUE, sizeof VALUE) == SST_HAL_SUCCESS &&
           ls_hal_kv_get(KEY, back, &size) == SST_HAL_SUCCESS && size == sizeof VALUE &&
           memcmp(back, VALUE, sizeof VALUE) == 0 && ls_hal_kv_del(KEY) == SST_HAL_SUCCESS &&
           ls_hal_kv_get(KEY, back, &size) == SST_HAL_ERROR_ITEM_NOT_FOUND;
}

/* Reads only: what stands in the reserved partition is not ours. */
static int test_km(void)
{
    uint8_t id[100];
    uint8_t bytes[16];
    uint32_t size = 0;
    int fd = ls_hal_open_rsvd_part(LS_HAL_READ);
    int good = fd >= 0 && ls_hal_read_rsvd_part(fd, 0, bytes, sizeof bytes) == 0;
    ls_hal_close_rsvd_part(fd);
    return good && ls_hal_get_dev_id(NULL, &size) == -1 && size > 0 && size <= sizeof id &&
           ls_hal_get_dev_id(id, &size) == 0;
}

static void hal_self_test(const char *name, int (*run)(void))
{
    if (run())
        ID2_INFO("HAL %s: good", name);
    else
        ID2_ERROR("HAL %s: bad", name);
}

void id2_hal_test(void)
{
    hal_self_test("hashes", test_hashes);
    hal_self_test("random", test_random);
    hal_self_test("AES", test_aes);
    hal_self_test("key-value store", test_store);
    hal_self_test("reserved partition and device id", test_km);
}

/* The same and more, in the form of the SDK's hal_app. */

#define HAL_LINE(format, ...) ls_osa_print(LS_LOG_TAG "INF %s %d: " format "\n", __func__, __LINE__, __VA_ARGS__)

static int hal_mark(const char *name, int good)
{
    HAL_LINE("=========================> HAL %s Test %s.\n", name, good ? "Pass" : "Fail");
    return good;
}

static int step(const char *name, int bits, int good)
{
    if (bits)
        HAL_LINE("%s_%d test %s", name, bits, good ? "success!" : "fail!");
    else
        HAL_LINE("%s test %s", name, good ? "success!" : "fail!");
    return good;
}

typedef int (*cipher_start)(void *, int, const uint8_t *, size_t, uint8_t *);
typedef int (*cipher_go_on)(void *, const uint8_t *, uint8_t *, size_t);

static int start_ecb(void *at, int encrypt, const uint8_t *key, size_t size, uint8_t *iv)
{
    (void)iv;
    return ls_hal_aes_ecb_init(at, encrypt, key, size);
}

/* What is encrypted in two pieces is another text, and comes back. */
static int comes_back(cipher_start start, cipher_go_on go_on, size_t key_size, size_t size)
{
    uint8_t data[DATA_SIZE];
    uint8_t work[DATA_SIZE];
    uint8_t key[32];
    uint8_t iv[16] = {0};
    test_data(data);
    memcpy(key, data + DATA_SIZE - sizeof key, sizeof key);
    return start(context.bytes, 1, key, key_size, iv) == 0 && go_on(context.bytes, data, work, 48) == 0 &&
           go_on(context.bytes, data + 48, work + 48, size - 48) == 0 && memcmp(work, data, size) != 0 &&
           memset(iv, 0, sizeof iv) == iv && start(context.bytes, 0, key, key_size, iv) == 0 &&
           go_on(context.bytes, work, work, size) == 0 && memcmp(work, data, size) == 0;
}

static int test_ciphers(void)
{
    static const struct {
        const char *name;
        cipher_start start;
        cipher_go_on go_on;
        size_t size;
    } MODES[] = {{"AES_ECB", start_ecb, ls_hal_aes_ecb_process, 96},
                 {"AES_CBC", ls_hal_aes_cbc_init, ls_hal_aes_cbc_process, 96},
                 {"AES_CTR", ls_hal_aes_ctr_init, ls_hal_aes_ctr_process, DATA_SIZE},
                 {"AES_CFB", ls_hal_aes_cfb_init, ls_hal_aes_cfb_process, DATA_SIZE}};
    int good = 1;
    for (size_t i = 0; i < sizeof MODES / sizeof *MODES; i++)
        for (int bits = 128; bits <= 256; bits += 64)
            good &= step(MODES[i].name, bits,
                         comes_back(MODES[i].start, MODES[i].go_on, (size_t)bits / 8, MODES[i].size) && test_aes());
    return good;
}

static int test_each_hash(void)
{
    int good = good_hashes();
    step("SHA1", 0, good & SHA1_GOOD);
    step("SHA256", 0, good & SHA256_GOOD);
    step("md5", 0, good & MD5_GOOD);
    return good == HASHES_GOOD;
}

void id2_hal_app(void)
{
    HAL_LINE("HAL %s Test:", "Hash");
    if (!hal_mark("Hash", test_each_hash()))
        return;
    HAL_LINE("HAL %s Test:", "Rand");
    if (!hal_mark("Rand", test_random()))
        return;
    HAL_LINE("HAL %s Test:", "AES");
    if (!hal_mark("AES", test_ciphers()))
        return;
    HAL_LINE("=========================> HAL %s Test Not Support.\n", "RSA");
    HAL_LINE("=========================> HAL %s Test Not Support.\n", "SM2");
    if (hal_mark("SST", test_store()))
        hal_mark("KM", test_km());
}
