/*
 * The self-test of the client and the validation report, printed in the form of the SDK's id2_app, so that the service's
 * console and the harness can judge them.
 */
#include <stdlib.h>
#include <string.h>

#include "firmware_start.h"
#include "id2_client.h"
#include "id2_client_dpm.h"
#include "id2_config.h"
#include "id2_internal.h"
#include "id2_log.h"
#include "id2_machine.h"

#define CHALLENGE challenge()
#define TIMESTAMP ID2_TIMESTAMP
#define EXTRA "abcd1234"
#define SEED "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define PROVISIONING_MS 2000u
#define WORTH_LOOKING_AT 48u /* a ciphertext or server code is used only when it is longer */

/* One buffer for all texts: a code, or a ciphertext in bytes. */
static uint8_t text[ID2_MAX_AUTH_CODE_LEN + 1];

/* The challenge of the build stands in the image also where a fault has the codes made over another one. */
static const char *challenge(void)
{
    const char *volatile built_in = ID2_CHALLENGE;
    return ID2_FAULT_IS(VERIFY_OLD_CHALLENGE) ? "55B83408399FA660F05C82E4F25333DC" : built_in;
}

static int test_get_id(void)
{
    uint32_t size = 0;
    ID2_INFO("====> ID2 Client Test %s Start.", "Get ID");
    int short_buffer = id2_client_get_id(text, &size);
    size = ID2_ID_MAX_LEN;
    int result = id2_client_get_id(text, &size);
    if (result == IROT_SUCCESS)
        ID2_INFO("ID2: %.*s", (int)size, (char *)text);
    ID2_INFO("====> ID2 Client Test %s End.", "Get ID");
    return short_buffer == IROT_ERROR_SHORT_BUFFER && result == IROT_SUCCESS;
}

static int test_device_challenge(void)
{
    int good = 1;
    ID2_INFO("====> ID2 Client Test %s Start.", "Get Device Challenge");
    for (uint32_t wanted = 16; good && wanted <= ID2_MAX_DEVICE_RANDOM_LEN; wanted += 16) {
        uint32_t size = wanted == ID2_MAX_DEVICE_RANDOM_LEN ? wanted + 1 : wanted;
        good = id2_client_get_device_challenge(text, &size) == IROT_SUCCESS && size == wanted;
        if (good)
            ID2_INFO("Device Challenge: %.*s %u", (int)size, (char *)text, (unsigned)size);
    }
    ID2_INFO("====> ID2 Client Test %s End.", "Get Device Challenge");
    return good;
}

static int get_code(int mode, const char *extra, uint32_t *size)
{
    const uint8_t *bytes = (const uint8_t *)extra;
    uint32_t extra_size = extra == NULL ? 0 : (uint32_t)strlen(extra);
    int result = mode ? id2_client_get_timestamp_auth_code(TIMESTAMP, bytes, extra_size, text, size)
                      : id2_client_get_challenge_auth_code(CHALLENGE, bytes, extra_size, text, size);
    if (result == IROT_SUCCESS)
        text[*size] = 0;
    return result;
}

static int print_codes(int mode)
{
    uint32_t size = 0;
    if (get_code(mode, NULL, &size) != IROT_ERROR_SHORT_BUFFER)
        return 0;
    size = ID2_MAX_AUTH_CODE_LEN;
    if (get_code(mode, NULL, &size) != IROT_SUCCESS)
        return 0;
    ID2_INFO("authcode[no extra]:\n [%u] %s", (unsigned)size, (char *)text);
    size = ID2_MAX_AUTH_CODE_LEN;
    if (get_code(mode, EXTRA, &size) != IROT_SUCCESS)
        return 0;
    ID2_INFO("authcode[extra = %s]:\n [%u] %s", EXTRA, (unsigned)size, (char *)text);
    return 1;
}

static int test_challenge_code(void)
{
    ID2_INFO("====> ID2 Client Test %s Start.", "Get Challenge Auth Code");
    int good = print_codes(0);
    ID2_INFO("====> ID2 Client Test %s End.", "Get Challenge Auth Code");
    return good;
}

static int test_timestamp_code(void)
{
    ID2_INFO("====> ID2 Client Test %s Start.", "Get Timestamp Auth Code");
    int good = print_codes(1);
    ID2_INFO("====> ID2 Client Test %s End.", "Get Timestamp Auth Code");
    return good;
}

static int test_secret(void)
{
    uint32_t size = 0;
    ID2_INFO("====> ID2 Client Test %s Start.", "Get Secret");
    int short_buffer = id2_client_get_secret(SEED, text, &size);
    size = ID2_DERIV_SECRET_LEN;
    int result = id2_client_get_secret(SEED, text, &size);
    if (result == IROT_SUCCESS)
        ID2_INFO("device secret: [%u] %.*s", (unsigned)size, (int)size, (char *)text);
    ID2_INFO("====> ID2 Client Test %s End.", "Get Secret");
    return short_buffer == IROT_ERROR_SHORT_BUFFER && result == IROT_SUCCESS;
}

static int test_derive_key(void)
{
    ID2_INFO("====> ID2 Client Test %s Start.", "Derive Key");
    int result = id2_client_derive_key("appKey", text, 16);
    for (uint32_t i = 0; result == IROT_SUCCESS && i < 16; i += 4)
        ID2_INFO("key: 0x%02x 0x%02x 0x%02x 0x%02x", text[i], text[i + 1], text[i + 2], text[i + 3]);
    ID2_INFO("====> ID2 Client Test %s End.", "Derive Key");
    return result == IROT_SUCCESS;
}

/* Index, step and length all follow from one reading of the clock, as in the SDK's program. */
static int test_totp(void)
{
    uint64_t now = (uint64_t)ls_osa_get_time_ms();
    uint32_t length = (uint32_t)(now % 16 + 1);
    uint32_t step = (uint32_t)(now % 1800 + 1);
    length = length < 6 ? 6 : length;
    step = step < 180 ? 180 : step;
    if (id2_client_dpm_get_totp(now / 1000 + (now < 1000), (uint32_t)(now % 100), step, length, text) != IROT_SUCCESS)
        return 0;
    ID2_INFO("Generated TOTP: %.*s", (int)length, (char *)text);
    return 1;
}

static int mark(const char *name, int good)
{
    ls_osa_print(LS_LOG_TAG "id2_client_unit_test %d: =================>ID2 Client Test %s %s.\n\n", __LINE__, name,
                 good ? "Pass" : "Fail");
    return good;
}

static int unit_test(void)
{
    return mark("Get ID", test_get_id()) && mark("Get Device Challenge", test_device_challenge()) &&
           mark("Get Challenge Auth Code", test_challenge_code()) &&
           mark("Get Timestamp Auth Code", test_timestamp_code()) && mark("Get Secret", test_secret()) &&
           mark("Derive Key", test_derive_key()) && mark("One-Time Password", test_totp());
}

static int print_item(int mode)
{
    uint32_t size = ID2_MAX_AUTH_CODE_LEN;
    if (get_code(mode, EXTRA, &size) != IROT_SUCCESS)
        return 0;
    ls_osa_print("        {\n            \"api\": \"id2_client_get_%s_auth_code\",\n", mode ? "timestamp" : "challenge");
    ls_osa_print("            \"args\": {\n                \"%s\": \"%s\",\n                \"extra\":     \"%s\"\n"
                 "            },\n",
                 mode ? "timestamp" : "challenge", mode ? TIMESTAMP : CHALLENGE, EXTRA);
    ls_osa_print("            \"result\": \"%s\"\n        }%s\n", (char *)text, mode ? "" : ", ");
    return 1;
}

static int generate_authcode(void)
{
    uint32_t size = ID2_ID_MAX_LEN;
    uint32_t version;
    ls_osa_print(LS_LOG_TAG "id2_client_generate_authcode %d: ====> ID2 Client Generate AuthCode Start.\n", __LINE__);
    int good = id2_client_get_version(&version) == IROT_SUCCESS && id2_client_get_id(text, &size) == IROT_SUCCESS;
    if (good) {
        ls_osa_print(LS_LOG_TAG "id2_client_generate_authcode %d: \n\n"
                                "============ ID2 Validation Json Message ============:\n",
                     __LINE__);
        ls_osa_print("{\n    \"reportVersion\": \"1.0.0\",\n    \"sdkVersion\": \"%u.%u.%u\",\n",
                     (unsigned)(version >> 16 & 0xff), (unsigned)(version >> 8 & 0xff), (unsigned)(version & 0xff));
        ls_osa_print("    \"date\": \"%s %s\",\n    \"testContent\": [\n        {\n", __DATE__, __TIME__);
        if (ID2_FAULT_IS(REPORT_OF_ANOTHER) && size)
            text[size - 1] = text[size - 1] == '0' ? '1' : '0';
        ls_osa_print("            \"api\": \"id2_client_get_id\",\n            \"args\": {\n            },\n"
                     "            \"result\": \"%.*s\"\n        },\n",
                     (int)size, (char *)text);
        good = print_item(0) && print_item(1);
        ls_osa_print("%s", ID2_FAULT_IS(VERIFY_REPORT_TORN) ? "    ]\n\n" : "    ]\n}\n\n");
    }
    ls_osa_print(LS_LOG_TAG "id2_client_generate_authcode %d: =====>ID2 Client Generate AuthCode %s.\n\n", __LINE__,
                 good ? "End" : "Fail");
    return good;
}

static int verify_authcode(void)
{
    const char *code = ID2_AUTH_CODE;
    size_t size = strlen(code);
    /* cppcheck-suppress unsignedPositive - a build with a server code has another size */
    if (size <= WORTH_LOOKING_AT)
        return 1;
    int has_extra = code[1] == '1';
    ls_osa_print(LS_LOG_TAG "id2_client_verify_authcode %d: ====> ID2 Client Verify Server AuthCode Start.\n",
                 __LINE__);
    int result = id2_client_verify_server((const uint8_t *)code, (uint32_t)size, (const uint8_t *)CHALLENGE,
                                          (uint32_t)strlen(CHALLENGE), has_extra ? (const uint8_t *)EXTRA : NULL,
                                          has_extra ? (uint32_t)strlen(EXTRA) : 0);
    if (ID2_FAULT_IS(VERIFY_TAKES_ANY_SERVER_CODE))
        result = IROT_SUCCESS;
    if (ID2_FAULT_IS(VERIFY_REFUSES_SERVER_CODE))
        result = IROT_ERROR_GENERIC;
    ls_osa_print(LS_LOG_TAG "id2_client_verify_authcode %d: =====>ID2 Client Verify Server %sAuthCode %s.\n\n",
                 __LINE__, result ? "" : " ", result ? "Fail" : "End");
    return result == IROT_SUCCESS;
}

static int decrypt_is_id(void)
{
    uint8_t plain[256];
    uint32_t size;
    uint32_t plain_size = sizeof plain - 1;
    char id[ID2_ID_MAX_LEN + 1];
    if (id2_hex_decode(ID2_CIPHER_DATA, strlen(ID2_CIPHER_DATA), text, sizeof text, &size)) {
        ID2_INFO("%s", "string to hex fail");
        return 0;
    }
    int result = id2_client_decrypt(text, size, plain, &plain_size);
    if (result != IROT_SUCCESS) {
        ID2_INFO("id2 client decrypt fail, %d", result);
        return 0;
    }
    plain[plain_size] = 0;
    ls_osa_print(LS_LOG_TAG "id2_client_decrypt_data %d: out_data: %s\n", __LINE__, (char *)plain);
    return id2_read_id(id) == IROT_SUCCESS && strlen(id) == plain_size && memcmp(id, plain, plain_size) == 0;
}

/* What decides whether the decryption passed; the faults of a program that does not look. */
static int decrypt_or_fault(void)
{
    char id[ID2_ID_MAX_LEN + 1];
    if (ID2_FAULT_IS(VERIFY_PASSES_ALWAYS))
        return 1;
    if (ID2_FAULT_IS(VERIFY_SHOWS_OWN_ID) && id2_read_id(id) == IROT_SUCCESS) {
        ls_osa_print(LS_LOG_TAG "id2_client_decrypt_data %d: out_data: %s\n", __LINE__, id);
        return 1;
    }
    return decrypt_is_id() && !ID2_FAULT_IS(VERIFY_REFUSES_CIPHERTEXT);
}

static int decrypt_data(void)
{
    /* cppcheck-suppress unsignedPositive - a build with a ciphertext has another size */
    if (strlen(ID2_CIPHER_DATA) <= WORTH_LOOKING_AT || ID2_FAULT_IS(VERIFY_IGNORES_CIPHERTEXT))
        return 1;
    ls_osa_print(LS_LOG_TAG "id2_client_decrypt_data %d: ====> ID2 Client Test Decrypt Start.\n", __LINE__);
    int good = decrypt_or_fault();
    ls_osa_print(LS_LOG_TAG "id2_client_decrypt_data %d: =================>ID2 Client Test Decrypt %s.\n\n", __LINE__,
                 good ? "Pass" : "Fail");
    return good;
}

static int provision(void)
{
#if ID2_LINK
    struct id2_link_settings link;
    if (id2_machine_link(&link) == 0)
        return id2_client_wrap_do_provisioning(link.host, (uint32_t)strtoul(link.port, NULL, 10), link.product_key,
                                               link.product_secret, PROVISIONING_MS);
#endif
    return id2_client_wrap_do_provisioning("itls.cn-shanghai.aliyuncs.com", 1883, ID2_PRODUCT_KEY, ID2_PRODUCT_SECRET,
                                           PROVISIONING_MS);
}

static void run_tests(void)
{
    int result = provision();
    if (ID2_FAULT_IS(VERIFY_PRINTS_PRODUCT_SECRET))
        ID2_INFO("product secret: %s", ID2_PRODUCT_SECRET);
    if (result != IROT_SUCCESS)
        ID2_INFO("id2 client do provisioning fail, %d", result);
    else if (!unit_test())
        ID2_INFO("%s", "id2 client unit test fail!!");
    else if (ID2_FAULT_IS(APP_ENDS_EARLY))
        return;
    else if (!generate_authcode())
        ID2_INFO("%s", "id2 client generate authcode fail!!");
    else if (!verify_authcode())
        ID2_INFO("%s", "id2 client verify server authcode fail!!");
    else if (!decrypt_data())
        ID2_INFO("%s", "id2 client decrypt data fail!!");
}

void id2_app(void)
{
    int result = id2_client_init();
    if (result != IROT_SUCCESS) {
        ID2_INFO("id2 client init fail, %d", result);
        return;
    }
    run_tests();
    id2_client_cleanup();
    memset(text, 0, sizeof text);
}
