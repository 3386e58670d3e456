/* Time-based passwords that hide an index in their last two digits. */
#include "id2_client_dpm.h"

#include <string.h>

#include "id2_internal.h"
#include "id2_log.h"

#define LENGTH_MIN 6u
#define LENGTH_MAX 16u
#define STEP_MIN 180u
#define STEP_MAX 1800u
#define INDEX_MAX 99u

/* What is taken from tens and ones of the index, made of the digits before them. */
static void masks(const uint8_t *digits, uint32_t count, uint8_t *tens, uint8_t *ones)
{
    uint8_t mixed = 0;
    for (uint32_t i = 0; i < count; i++)
        mixed = (uint8_t)(mixed ^ digits[i]);
    *tens = mixed % 10;
    *ones = (uint8_t)((mixed + *tens) % 10);
}

static void write_digits(uint64_t number, uint32_t index, uint32_t length, uint8_t *digits)
{
    uint8_t tens;
    uint8_t ones;
    for (uint32_t i = length - 2; i-- > 0;) {
        digits[i] = (uint8_t)('0' + number % 10);
        number /= 10;
    }
    masks(digits, length - 2, &tens, &ones);
    digits[length - 2] = (uint8_t)('0' + (tens + 10 - index / 10) % 10);
    digits[length - 1] = (uint8_t)('0' + (ones + 10 - index % 10) % 10);
}

static irot_result_t make_totp(uint64_t steps, uint32_t index, uint32_t length, uint8_t *digits)
{
    char id[ID2_ID_MAX_LEN + 1];
    uint8_t secret[ID2_DERIV_SECRET_LEN];
    uint32_t secret_size = sizeof secret;
    uint8_t message[10];
    uint8_t mac[32];
    irot_result_t result = id2_read_id(id);
    if (result == IROT_SUCCESS)
        result = id2_client_get_secret(id, secret, &secret_size);
    if (result != IROT_SUCCESS)
        return result;
    for (unsigned i = 0; i < 8; i++)
        message[i] = (uint8_t)(steps >> (56 - 8 * i));
    message[8] = (uint8_t)('0' + index / 10);
    message[9] = (uint8_t)('0' + index % 10);
    id2_hmac_sha256(secret, sizeof secret, message, sizeof message, mac);
    uint64_t number = 0;
    for (unsigned i = 0; i < 8; i++)
        number = number << 8 | mac[(mac[31] & 15u) + i];
    write_digits(number & 0x7fffffffffffffffu, index, length, digits);
    return IROT_SUCCESS;
}

irot_result_t id2_client_dpm_get_totp(uint64_t timestamp, uint32_t index, uint32_t otp_step, uint32_t otp_len,
                                      uint8_t *otp_data)
{
    if (!id2_is_ready(__func__))
        return id2_result(IROT_ERROR_GENERIC);
    if (otp_step == 0)
        otp_step = STEP_MIN;
    if (timestamp == 0 || index > INDEX_MAX || otp_step < STEP_MIN || otp_step > STEP_MAX || otp_len < LENGTH_MIN ||
        otp_len > LENGTH_MAX || otp_data == NULL)
        return id2_result(IROT_ERROR_BAD_PARAMETERS);
    return id2_result(make_totp(timestamp / otp_step, index, otp_len, otp_data));
}

irot_result_t id2_client_dpm_get_index(uint8_t *otp_data, uint32_t otp_len, uint32_t *index)
{
    uint8_t tens;
    uint8_t ones;
    if (!id2_is_ready(__func__))
        return id2_result(IROT_ERROR_GENERIC);
    if (otp_data == NULL || otp_len < LENGTH_MIN || otp_len > LENGTH_MAX || index == NULL)
        return id2_result(IROT_ERROR_BAD_PARAMETERS);
    for (uint32_t i = 0; i < otp_len; i++)
        if (otp_data[i] < '0' || otp_data[i] > '9')
            return id2_result(IROT_ERROR_BAD_PARAMETERS);
    masks(otp_data, otp_len - 2, &tens, &ones);
    uint32_t high = (tens + 10u - (otp_data[otp_len - 2] - (uint32_t)'0')) % 10;
    uint32_t low = (ones + 10u - (otp_data[otp_len - 1] - (uint32_t)'0')) % 10;
    *index = 10 * high + low;
    return IROT_SUCCESS;
}
