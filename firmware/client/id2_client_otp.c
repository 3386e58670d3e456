/* Provisioning in the field: the device's code, which carries a session key, and the data that the cloud answers. */
#include <string.h>

#include "crypto/id2_base64.h"
#include "id2_client.h"
#include "id2_internal.h"
#include "id2_log.h"
#include "ls_hal_crypt.h"
#include "ls_hal_km.h"

#define TOKEN_MIN 32u
#define TOKEN_MAX 128u
#define SESSION_KEY 16u
#define FINGERPRINT_MAX 100u
#define CODE_HEAD (4u + 32u + 32u)
#define BODY_MAX (1u + SESSION_KEY + FINGERPRINT_MAX + ID2_BLOCK_MAX)

static uint8_t session_key[SESSION_KEY];
static uint8_t asked; /* key type of the token that the last code was made for; 0 for none */

/* Size of a key by its OTP number, 0 for one that is not of this build's family. */
static uint32_t key_size_of(uint8_t number)
{
    if (ID2_FAMILY == ID2_FAMILY_AES && number >= 1 && number <= 3)
        return 8u + 8u * number;
    if (ID2_FAMILY == ID2_FAMILY_SM4 && number == 9)
        return 16;
    return 0;
}

struct token {
    uint8_t key_type;
    uint8_t key[32];
    size_t key_size;
};

static irot_result_t read_token(const uint8_t *text, uint32_t size, struct token *token)
{
    if (text == NULL || size < TOKEN_MIN)
        return IROT_ERROR_BAD_PARAMETERS;
    if (size > TOKEN_MAX)
        return IROT_ERROR_EXCESS_DATA;
    if ((text[0] != 'i' && text[0] != 'x') || text[2] < '0' || text[2] > '9')
        return IROT_ERROR_BAD_PARAMETERS;
    token->key_type = (uint8_t)(text[2] - '0');
    if (text[1] == '1') {
        token->key_size = 16;
        memcpy(token->key, text + 3, 16);
    } else if (text[1] != '2' ||
               id2_base64_decode(text + 8, size - 8, token->key, sizeof token->key, &token->key_size)) {
        return IROT_ERROR_BAD_PARAMETERS;
    }
    if (key_size_of(token->key_type) == 0) {
        ID2_ERROR("not support key type, %u.", token->key_type);
        return IROT_ERROR_NOT_SUPPORTED;
    }
    return IROT_SUCCESS;
}

static void sha256(const uint8_t *data, size_t size, uint8_t *digest)
{
    struct id2_hash hash;
    id2_hash_init(&hash, ID2_HASH_SHA256);
    id2_hash_update(&hash, data, size);
    id2_hash_finish(&hash, digest);
}

static irot_result_t make_otp_code(const struct token *token, uint8_t *code, uint32_t *size)
{
    uint8_t body[BODY_MAX];
    struct id2_cipher under;
    uint32_t fingerprint = FINGERPRINT_MAX;
    if (id2_cipher_init(&under, ID2_CIPHER_AES, token->key, token->key_size))
        return IROT_ERROR_BAD_PARAMETERS;
    if (ls_hal_get_dev_id(body + 1 + SESSION_KEY, &fingerprint) || fingerprint > FINGERPRINT_MAX) {
        ID2_ERROR("%s", "get device id fail.");
        return IROT_ERROR_GENERIC;
    }
    uint32_t body_size = 1 + SESSION_KEY + fingerprint;
    uint32_t needed = CODE_HEAD + body_size + ID2_BLOCK_MAX - body_size % ID2_BLOCK_MAX;
    uint32_t room = *size;
    *size = needed;
    if (room < needed) {
        ID2_ERROR("short buffer, %u %u.", (unsigned)room, (unsigned)needed);
        return IROT_ERROR_SHORT_BUFFER;
    }
    if (ls_hal_get_random(session_key, SESSION_KEY))
        return IROT_ERROR_GENERIC;
    asked = token->key_type;
    body[0] = token->key_type;
    memcpy(body + 1, session_key, SESSION_KEY);
    static const uint8_t VERSION[4] = {0x00, 0x00, 0x01, 0x00};
    memcpy(code, VERSION, 4);
    sha256(token->key, token->key_size, code + 4);
    sha256(body, body_size, code + 36);
    body_size = id2_pad(body, body_size, ID2_BLOCK_MAX);
    for (uint32_t at = 0; at < body_size; at += ID2_BLOCK_MAX)
        id2_cipher_encrypt(&under, body + at, code + CODE_HEAD + at);
    return IROT_SUCCESS;
}

irot_result_t id2_client_get_otp_auth_code(const uint8_t *token, uint32_t token_len, uint8_t *auth_code,
                                           uint32_t *auth_code_len)
{
    struct token parsed;
    if (!id2_is_ready(__func__))
        return id2_result(IROT_ERROR_GENERIC);
    if (!ID2_OTP)
        return id2_result(IROT_ERROR_NOT_SUPPORTED);
    if (auth_code == NULL || auth_code_len == NULL)
        return id2_result(IROT_ERROR_BAD_PARAMETERS);
    irot_result_t result = read_token(token, token_len, &parsed);
    if (result == IROT_SUCCESS)
        result = make_otp_code(&parsed, auth_code, auth_code_len);
    return id2_result(result);
}

/* Decrypt the key; give its size. */
static irot_result_t open_key(const uint8_t *wrapped, uint32_t size, uint8_t *key, uint32_t *key_size)
{
    struct id2_cipher under;
    if (id2_cipher_init(&under, ID2_CIPHER_AES, session_key, SESSION_KEY))
        return IROT_ERROR_GENERIC;
    for (uint32_t at = 0; at < size; at += ID2_BLOCK_MAX)
        id2_cipher_decrypt(&under, wrapped + at, key + at);
    int32_t opened = id2_unpad(key, size, ID2_BLOCK_MAX);
    if (opened < 0)
        return IROT_ERROR_GENERIC;
    *key_size = (uint32_t)opened;
    return IROT_SUCCESS;
}

/* The check value is the ID, encrypted under the new key. */
static int fits(const char *id, const uint8_t *key, uint32_t key_size, const uint8_t *value, uint32_t size)
{
    struct id2_cipher under;
    uint8_t text[ID2_ID_MAX_LEN + ID2_BLOCK_MAX];
    if (id2_cipher_init(&under, ID2_CIPHER_KIND, key, key_size))
        return 0;
    memcpy(text, id, ID2_ID_MIN_LEN);
    if (id2_pad(text, ID2_ID_MIN_LEN, ID2_BLOCK_MAX) != size)
        return 0;
    for (uint32_t at = 0; at < size; at += ID2_BLOCK_MAX)
        id2_cipher_encrypt(&under, text + at, text + at);
    return memcmp(text, value, size) == 0;
}

/* key_type ‖ ID ‖ wrapped key ‖ check value */
static irot_result_t load(const uint8_t *data, uint32_t size)
{
    uint8_t key[2 * ID2_DERIV_KEY_LEN];
    uint32_t key_size;
    char id[ID2_ID_MIN_LEN + 1];
    if (data == NULL || size == 0)
        return IROT_ERROR_BAD_PARAMETERS;
    if (size > ID2_MAX_OTP_DATA_LEN)
        return IROT_ERROR_EXCESS_DATA;
    uint32_t wanted = key_size_of(data[0]);
    uint32_t wrapped = wanted + ID2_BLOCK_MAX - wanted % ID2_BLOCK_MAX;
    uint32_t head = 1 + ID2_ID_MIN_LEN;
    if (asked == 0 || data[0] != asked || size != head + wrapped + 32) {
        ID2_ERROR("%s", "otp data does not fit what was asked for.");
        return IROT_ERROR_GENERIC;
    }
    memcpy(id, data + 1, ID2_ID_MIN_LEN);
    id[ID2_ID_MIN_LEN] = 0;
    if (open_key(data + head, wrapped, key, &key_size) || key_size != wanted ||
        (!fits(id, key, key_size, data + head + wrapped, 32) && !ID2_FAULT_IS(LINK_TAKES_SPOILT_OTP_DATA))) {
        ID2_ERROR("%s", "otp data is wrong.");
        return IROT_ERROR_GENERIC;
    }
    irot_result_t result = id2_carrier_set(id, key, key_size);
    memset(key, 0, sizeof key);
    id2_forget_id();
    return result;
}

irot_result_t id2_client_load_otp_data(const uint8_t *otp_data, uint32_t otp_data_len)
{
    if (!id2_is_ready(__func__))
        return id2_result(IROT_ERROR_GENERIC);
    if (!ID2_OTP)
        return id2_result(IROT_ERROR_NOT_SUPPORTED);
    irot_result_t result = load(otp_data, otp_data_len);
    id2_memory.otp_refused = result != IROT_SUCCESS;
    return id2_result(result);
}
