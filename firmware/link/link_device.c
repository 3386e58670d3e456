#include "link_device.h"

#include <string.h>

#include "faults.h"
#include "id2_internal.h"
#include "id2_log.h"

#define ASKED_MAX 4u /* in one start, as the vendor's client does */

static unsigned asked;
static int loaded; /* OTP data was taken in this start */

int link_may_ask(void)
{
    if (asked >= ASKED_MAX && !ID2_FAULT_IS(LINK_ASKS_WITHOUT_END)) {
        ID2_ERROR("%s", "exceed the allowed times!");
        return 0;
    }
    asked++;
    return 1;
}

static irot_result_t get_id(char id[ID2_ID_MAX_LEN + 1])
{
    if (ID2_FAULT_IS(LINK_ASKS_AT_EACH_START) && !loaded)
        return IROT_ERROR_ITEM_NOT_FOUND;
    if (id2_hold())
        return IROT_ERROR_GENERIC;
    irot_result_t result = id2_carrier_get_id(id);
    id2_let_go();
    return result;
}

int link_has_id(void)
{
    char id[ID2_ID_MAX_LEN + 1];
    return get_id(id) == IROT_SUCCESS;
}

static irot_result_t auth_code(const char *challenge, uint8_t *code, uint32_t *size)
{
    if (id2_hold())
        return IROT_ERROR_GENERIC;
    irot_result_t result;
    if (ID2_FAULT_IS(LINK_CODE_OVER_TIME)) {
        char time[24];
        ls_osa_snprintf(time, sizeof time, "%lld", ls_osa_get_time_ms());
        result = id2_client_get_timestamp_auth_code(time, NULL, 0, code, size);
    } else {
        result = id2_client_get_challenge_auth_code(challenge, NULL, 0, code, size);
    }
    id2_let_go();
    return result;
}

static irot_result_t verify_server(const uint8_t *code, uint32_t size, const char *device_random)
{
    if (id2_hold())
        return IROT_ERROR_GENERIC;
    irot_result_t result =
        id2_client_verify_server(code, size, (const uint8_t *)device_random, (uint32_t)strlen(device_random), NULL, 0);
    id2_let_go();
    if (result == IROT_SUCCESS || ID2_FAULT_IS(LINK_TAKES_WRONG_SERVER_CODE))
        ls_osa_print(LS_LOG_TAG "mbedtls_parse_auth_code_ext %d:   . Verify iTLS Server authCode OK!\n", __LINE__);
    else
        ls_osa_print(LS_LOG_TAG "mbedtls_parse_auth_code_ext %d:   . Verify iTLS Server authCode Failed!\n", __LINE__);
    return result;
}

static irot_result_t decrypt(const uint8_t *data, uint32_t size, uint8_t *plain, uint32_t *plain_size)
{
    if (id2_hold())
        return IROT_ERROR_GENERIC;
    irot_result_t result = id2_client_decrypt(data, size, plain, plain_size);
    id2_let_go();
    return result;
}

static irot_result_t otp_code(const char *token, uint8_t *code, uint32_t *size)
{
    if (id2_hold())
        return IROT_ERROR_GENERIC;
    irot_result_t result =
        id2_client_get_otp_auth_code((const uint8_t *)token, (uint32_t)strlen(token), code, size);
    id2_let_go();
    return result;
}

static irot_result_t load_otp(const uint8_t *data, uint32_t size)
{
    if (id2_hold())
        return IROT_ERROR_GENERIC;
    irot_result_t result = id2_client_load_otp_data(data, size);
    id2_let_go();
    loaded = result == IROT_SUCCESS;
    return result;
}

const struct itls_device link_device = {get_id, auth_code, verify_server, decrypt, otp_code, load_otp};

static const char *words_of(uint8_t number)
{
    static const char *const WORDS[] = {
        "generic error",        "id2 no quota",           "id2 not exist",           "auth code invalid",
        "id2 not activated",    "timestamp expired",      "challenge invalid",       "not supported",
        "id2 suspended",        "id2 discarded",          "id2 bound to other product", "product key is invalid",
        "product key not exist", "server is busy",        "device fingerprint invalid", "device fingerprint duplicated",
        "server random invalid", "hash type invalid",     "key type invalid"};
    return number >= 160 && number <= 178 ? WORDS[number - 160] : NULL;
}

void link_print_alert(uint8_t level, uint8_t number)
{
    const char *words = words_of(number);
    ls_osa_print(LS_LOG_TAG "_ssl_read_record %d: got an alert message, type: [%u:%u]\n", __LINE__, level, number);
    if (words != NULL)
        ls_osa_print(LS_LOG_TAG "_id2_print_error %d: ID2 - %s\n", __LINE__, words);
}
