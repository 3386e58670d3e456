/* Auth codes, device challenges, and codes of the server. */
#include <string.h>

#include "crypto/id2_base64.h"
#include "id2_client.h"
#include "id2_internal.h"
#include "id2_log.h"
#include "ls_hal_crypt.h"

irot_result_t id2_sign(const uint8_t *message, size_t size, uint8_t sign[ID2_SIGN_MAX])
{
    struct id2_hash hash;
    uint8_t digest[ID2_SIGN_MAX];
    id2_hash_init(&hash, ID2_HASH);
    id2_hash_update(&hash, message, size);
    id2_hash_finish(&hash, digest);
    id2_pad(digest, ID2_DIGEST_MAX, ID2_KEY_BLOCK);
    return id2_carrier_cipher(1, digest, sign, ID2_SIGN);
}

static irot_result_t check_code(const char *random, const uint8_t *extra, uint32_t extra_size, const uint8_t *code,
                                const uint32_t *size)
{
    if (random == NULL || code == NULL || size == NULL)
        return IROT_ERROR_BAD_PARAMETERS;
    size_t length = strlen(random);
    if (length == 0 || length > ID2_MAX_SERVER_RANDOM_LEN) {
        ID2_ERROR("invalid length of challenge or timestamp, %u.", (unsigned)length);
        return IROT_ERROR_BAD_PARAMETERS;
    }
    if (extra == NULL && extra_size)
        return IROT_ERROR_BAD_PARAMETERS;
    if (extra != NULL && (extra_size == 0 || extra_size > ID2_MAX_EXTRA_LEN)) {
        ID2_ERROR("invalid length of extra, %u.", (unsigned)extra_size);
        return IROT_ERROR_EXCESS_DATA;
    }
    if (*size < ID2_CODE_ROOM) {
        ID2_ERROR("auth code short buffer, %u %u.", (unsigned)*size, (unsigned)ID2_CODE_ROOM);
        return IROT_ERROR_SHORT_BUFFER;
    }
    return IROT_SUCCESS;
}

/* Put the parts of the message behind each other and sign them. */
static irot_result_t sign_parts(const char *id, const char *device_random, const char *random, const uint8_t *extra,
                                uint32_t extra_size, uint8_t sign[ID2_SIGN_MAX])
{
    size_t size = 0;
    const char *texts[3] = {id, device_random, random};
    uint8_t *message =
        ls_osa_malloc(ID2_ID_MAX_LEN + ID2_DEVICE_RANDOM + ID2_MAX_SERVER_RANDOM_LEN + ID2_MAX_EXTRA_LEN);
    if (message == NULL)
        return IROT_ERROR_OUT_OF_MEMORY;
    for (unsigned i = 0; i < 3; i++) {
        memcpy(message + size, texts[i], strlen(texts[i]));
        size += strlen(texts[i]);
    }
    if (extra_size)
        memcpy(message + size, extra, extra_size);
    for (uint32_t i = 1; ID2_FAULT_IS(EXTRA_ENDS_AT_NUL) && i < extra_size; i++)
        if (message[size + i - 1] == 0)
            message[size + i] = 0;
    irot_result_t result = id2_sign(message, size + extra_size, sign);
    if (!ID2_FAULT_IS(MEMORY_LEAK))
        ls_osa_free(message);
    return result;
}

/* TYPE~HASH~DEVRAND~RANDOM~BASE64(SIGN) */
static uint32_t write_code(int type, const char *device_random, const char *random, const uint8_t *sign,
                           uint8_t *code)
{
    uint32_t size = 0;
    const char *texts[2] = {device_random, random};
    code[size++] = (uint8_t)('0' + type);
    code[size++] = '~';
    code[size++] = (uint8_t)('0' + ID2_HASH_NUMBER);
    code[size++] = '~';
    for (unsigned i = 0; i < 2; i++) {
        memcpy(code + size, texts[i], strlen(texts[i]));
        size += (uint32_t)strlen(texts[i]);
        code[size++] = '~';
    }
    return size + (uint32_t)id2_base64_encode(sign, ID2_SIGN, code + size);
}

static irot_result_t make_device_random(char text[ID2_DEVICE_RANDOM + 1])
{
    uint8_t bytes[ID2_DEVICE_RANDOM / 2];
    if (ls_hal_get_random(bytes, sizeof bytes)) {
        ID2_ERROR("%s", "get random fail.");
        return IROT_ERROR_GENERIC;
    }
    id2_hex_encode(bytes, sizeof bytes, text);
    return IROT_SUCCESS;
}

static int faulty_type(int type, int mode)
{
    if (ID2_FAULT_IS(TYPE_AFTER_REFUSED_DECRYPT) && id2_memory.decrypt_refused && id2_memory.type)
        type = id2_memory.type - '0';
    if (ID2_FAULT_IS(TIMESTAMP_AFTER_LONG_CHALLENGE) && id2_memory.challenge_too_long && mode)
        type -= 1;
    id2_memory.decrypt_refused = 0;
    id2_memory.challenge_too_long = 0;
    id2_memory.type = (char)('0' + type);
    return type;
}

irot_result_t id2_make_code(int mode, const char *random, const uint8_t *extra, uint32_t extra_size, uint8_t *code,
                            uint32_t *size)
{
    char id[ID2_ID_MAX_LEN + 1];
    char device_random[ID2_DEVICE_RANDOM + 1];
    uint8_t sign[ID2_SIGN_MAX];
    int type = mode + (extra != NULL ? 2 : 0);
    irot_result_t result = check_code(random, extra, extra_size, code, size);
    if (result == IROT_ERROR_SHORT_BUFFER && !ID2_FAULT_IS(LENGTH_NOT_REPORTED))
        *size = ID2_CODE_ROOM;
    if (result != IROT_SUCCESS)
        return result;
    if (ID2_FAULT_IS(EXTRA_OF_REFUSED_CALL) && extra == NULL && id2_memory.extra_size) {
        extra = id2_memory.extra;
        extra_size = id2_memory.extra_size;
    }
    result = id2_read_id(id);
    if (result == IROT_SUCCESS)
        result = make_device_random(device_random);
    if (result == IROT_SUCCESS)
        result = sign_parts(id, device_random, random, extra, extra_size, sign);
    if (result != IROT_SUCCESS) {
        ID2_ERROR("id2 sign error, %d.", (int)result);
        return result;
    }
    id2_memory.extra_size = 0;
    *size = write_code(faulty_type(type, mode), device_random, random, sign, code);
    return IROT_SUCCESS;
}

/* What faults remember of a code that was refused. */
static void note_refused(const uint8_t *extra, uint32_t extra_size)
{
    if (extra == NULL || extra_size == 0 || extra_size > ID2_MAX_EXTRA_LEN)
        return;
    memcpy(id2_memory.extra, extra, extra_size);
    id2_memory.extra_size = extra_size;
}

static irot_result_t give_code(int mode, const char *random, const uint8_t *extra, uint32_t extra_size,
                               uint8_t *code, uint32_t *size)
{
    irot_result_t result = id2_make_code(mode, random, extra, extra_size, code, size);
    if (result != IROT_SUCCESS)
        note_refused(extra, extra_size);
    id2_memory.timestamp_code_last = mode && result == IROT_SUCCESS;
    return id2_result(result);
}

irot_result_t id2_client_get_challenge_auth_code(const char *server_random, const uint8_t *extra, uint32_t extra_len,
                                                 uint8_t *auth_code, uint32_t *auth_code_len)
{
    if (!id2_is_ready(__func__))
        return id2_result(IROT_ERROR_GENERIC);
    if (server_random != NULL && strlen(server_random) > ID2_MAX_SERVER_RANDOM_LEN)
        id2_memory.challenge_too_long = 1;
    return give_code(0, server_random, extra, extra_len, auth_code, auth_code_len);
}

irot_result_t id2_client_get_timestamp_auth_code(const char *timestamp, const uint8_t *extra, uint32_t extra_len,
                                                 uint8_t *auth_code, uint32_t *auth_code_len)
{
    if (!(ID2_FAULT_IS(CODE_AFTER_CLEANUP) && id2_memory.timestamp_code_last) && !id2_is_ready(__func__))
        return id2_result(IROT_ERROR_GENERIC);
    return give_code(1, timestamp, extra, extra_len, auth_code, auth_code_len);
}

static irot_result_t give_challenge(uint8_t *random, uint32_t *size)
{
    uint8_t bytes[ID2_MAX_DEVICE_RANDOM_LEN / 2];
    char text[ID2_MAX_DEVICE_RANDOM_LEN + 1];
    if (random == NULL || size == NULL || *size == 0)
        return IROT_ERROR_BAD_PARAMETERS;
    uint32_t asked = *size;
    if (*size > ID2_MAX_DEVICE_RANDOM_LEN)
        *size = ID2_MAX_DEVICE_RANDOM_LEN;
    if (ls_hal_get_random(bytes, sizeof bytes))
        return IROT_ERROR_GENERIC;
    id2_hex_encode(bytes, sizeof bytes, text);
    if (ID2_FAULT_IS(DEVICE_CHALLENGE_REPEATS)) {
        if (id2_memory.challenge_repeats && id2_memory.challenge_size)
            memcpy(text, id2_memory.challenge, sizeof id2_memory.challenge);
        memcpy(id2_memory.challenge, text, sizeof id2_memory.challenge);
        id2_memory.challenge_size = *size;
    }
    id2_memory.challenge_repeats = 0;
    memcpy(random, text, *size);
    if (ID2_FAULT_IS(CHALLENGE_ENDS_IN_NUL))
        random[*size] = 0;
    if (ID2_FAULT_IS(CHALLENGE_NOT_CLIPPED))
        *size = asked;
    return IROT_SUCCESS;
}

irot_result_t id2_client_get_device_challenge(uint8_t *random, uint32_t *random_len)
{
    if (!id2_is_ready(__func__))
        return id2_result(IROT_ERROR_GENERIC);
    return id2_result(give_challenge(random, random_len));
}

static irot_result_t check_server(const uint8_t *code, uint32_t size, const uint8_t *random, uint32_t random_size,
                                  const uint8_t *extra, uint32_t extra_size)
{
    if (code == NULL || size == 0 || random == NULL || random_size == 0 || (extra == NULL && extra_size))
        return IROT_ERROR_BAD_PARAMETERS;
    if (size > ID2_MAX_AUTH_CODE_LEN || random_size > ID2_MAX_DEVICE_RANDOM_LEN)
        return IROT_ERROR_EXCESS_DATA;
    if (extra != NULL && (extra_size == 0 || extra_size > ID2_MAX_EXTRA_LEN))
        return IROT_ERROR_EXCESS_DATA;
    return IROT_SUCCESS;
}

/* Sign what the server signs: the ID with each digit inverted, the device random, the server's extra. */
static irot_result_t sign_as_server(const uint8_t *random, uint32_t random_size, const uint8_t *extra,
                                    uint32_t extra_size, uint8_t sign[ID2_SIGN_MAX])
{
    char id[ID2_ID_MAX_LEN + 1];
    irot_result_t result = id2_read_id(id);
    if (result != IROT_SUCCESS)
        return result;
    uint8_t *message = ls_osa_malloc(ID2_ID_MAX_LEN + ID2_MAX_DEVICE_RANDOM_LEN + ID2_MAX_EXTRA_LEN);
    if (message == NULL)
        return IROT_ERROR_OUT_OF_MEMORY;
    size_t size = strlen(id);
    for (size_t i = 0; i < size; i++) {
        uint8_t nibble = (uint8_t)(id[i] <= '9' ? id[i] - '0' : id[i] - 'A' + 10);
        message[i] = (uint8_t)"FEDCBA9876543210"[nibble & 15];
    }
    memcpy(message + size, random, random_size);
    size += random_size;
    if (extra_size)
        memcpy(message + size, extra, extra_size);
    result = id2_sign(message, size + extra_size, sign);
    ls_osa_free(message);
    return result;
}

/* Compare without telling by the time how much is equal. */
static int is_equal(const uint8_t *one, const uint8_t *other, size_t size)
{
    uint8_t different = 0;
    for (size_t i = 0; i < size; i++)
        different = (uint8_t)(different | (one[i] ^ other[i]));
    return different == 0;
}

/* 10~HASH~DEVRAND~BASE64(SIGN), 11 with server extra. */
static irot_result_t verify(const uint8_t *code, uint32_t size, const uint8_t *random, uint32_t random_size,
                            const uint8_t *extra, uint32_t extra_size)
{
    uint8_t sign[ID2_SIGN_MAX];
    uint8_t given[ID2_SIGN_MAX];
    size_t given_size;
    uint32_t head = 5 + random_size + 1;
    if (size < 5 || code[0] != '1' || code[1] != (extra == NULL ? '0' : '1') || code[2] != '~') {
        ID2_ERROR("%s", "invalid auth code type.");
        return IROT_ERROR_GENERIC;
    }
    if (code[3] != '0' + ID2_HASH_NUMBER || code[4] != '~') {
        ID2_ERROR("invalid hash type, %c.", code[3]);
        return IROT_ERROR_GENERIC;
    }
    uint32_t compared = ID2_FAULT_IS(SERVER_RANDOM_BEGINNING) && random_size > 8 ? 8 : random_size;
    if (size <= head || code[head - 1] != '~' || memcmp(code + 5, random, compared) != 0) {
        ID2_ERROR("%s", "device random mismatch.");
        return IROT_ERROR_GENERIC;
    }
    if (id2_base64_decode(code + head, size - head, given, sizeof given, &given_size) || given_size != ID2_SIGN) {
        ID2_ERROR("%s", "auth code format error.");
        return IROT_ERROR_GENERIC;
    }
    if (ID2_FAULT_IS(SERVER_RANDOM_BEGINNING))
        random = code + 5;
    if (ID2_FAULT_IS(SERVER_EXTRA_BEGINNING) && extra_size > 16)
        extra_size = 16;
    irot_result_t result = sign_as_server(random, random_size, extra, extra_size, sign);
    if (result != IROT_SUCCESS)
        return result;
    size_t signs = ID2_SIGN;
    if (ID2_FAULT_IS(SERVER_SIGN_BEGINNING))
        signs = 15;
    if (ID2_FAULT_IS(SERVER_SIGN_END_UNCHECKED))
        signs = ID2_SIGN - 1;
    if (!is_equal(sign, given, signs) && !ID2_FAULT_IS(SERVER_SIGN_UNCHECKED)) {
        ID2_ERROR("%s", "signature compare error.");
        return IROT_ERROR_GENERIC;
    }
    return IROT_SUCCESS;
}

irot_result_t id2_client_verify_server(const uint8_t *auth_code, uint32_t auth_code_len, const uint8_t *device_random,
                                       uint32_t device_random_len, const uint8_t *server_extra,
                                       uint32_t server_extra_len)
{
    if (!id2_is_ready(__func__))
        return id2_result(IROT_ERROR_GENERIC);
    irot_result_t result = check_server(auth_code, auth_code_len, device_random, device_random_len, server_extra,
                                        server_extra_len);
    if (result != IROT_SUCCESS)
        return id2_result(result);
    result = verify(auth_code, auth_code_len, device_random, device_random_len, server_extra, server_extra_len);
    if (ID2_FAULT_IS(VERIFY_REMEMBERED) && id2_memory.verified == 2)
        result = IROT_SUCCESS;
    id2_memory.verified = result == IROT_SUCCESS && id2_memory.verified != 2;
    return id2_result(result);
}
