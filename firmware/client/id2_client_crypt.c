/* Decryption under the ID2 key, and what is derived from it: secrets, keys, encryption. */
#include <string.h>

#include "id2_client.h"
#include "id2_internal.h"
#include "id2_log.h"

static void note_answer(const uint8_t *data, uint32_t size)
{
    id2_memory.has_leftover = size >= 512;
    if (id2_memory.has_leftover)
        memcpy(id2_memory.leftover, data + size - ID2_DERIV_KEY_LEN, ID2_DERIV_KEY_LEN);
}

static irot_result_t check_crypt(const uint8_t *in, uint32_t in_len, const uint8_t *out, const uint32_t *out_len)
{
    if (in == NULL || out == NULL || out_len == NULL || in_len == 0)
        return IROT_ERROR_BAD_PARAMETERS;
    if (in_len > ID2_MAX_CRYPT_LEN) {
        ID2_ERROR("input is too long, %u.", (unsigned)in_len);
        return IROT_ERROR_EXCESS_DATA;
    }
    return IROT_SUCCESS;
}

/* Copy a result out, or say how much room it needs. */
static irot_result_t give(const uint8_t *data, uint32_t size, uint8_t *out, uint32_t *out_len)
{
    uint32_t room = *out_len;
    if (ID2_FAULT_IS(DECRYPT_CUTS) && room < size)
        size = room;
    *out_len = size;
    if (room < size) {
        ID2_ERROR("short buffer, %u %u.", (unsigned)room, (unsigned)size);
        return IROT_ERROR_SHORT_BUFFER;
    }
    memcpy(out, data, size);
    note_answer(data, size);
    return IROT_SUCCESS;
}

static irot_result_t decrypt_into(uint8_t *plain, const uint8_t *in, uint32_t in_len, uint8_t *out, uint32_t *out_len)
{
    irot_result_t result = id2_carrier_cipher(0, in, plain, in_len);
    if (result != IROT_SUCCESS) {
        ID2_ERROR("id2 sym decrypt fail, %d", (int)result);
        return result;
    }
    int32_t size = id2_unpad(plain, in_len, ID2_KEY_BLOCK);
    if (size < 0) {
        ID2_ERROR("%s", "id2 pkcs5 unpadding fail.");
        return IROT_ERROR_GENERIC;
    }
    return give(plain, (uint32_t)size, out, out_len);
}

static irot_result_t decrypt(const uint8_t *in, uint32_t in_len, uint8_t *out, uint32_t *out_len)
{
    char id[ID2_ID_MAX_LEN + 1];
    irot_result_t result = check_crypt(in, in_len, out, out_len);
    if (result != IROT_SUCCESS)
        return result;
    if (in_len % ID2_KEY_BLOCK) {
        ID2_ERROR("invalid input length, %u.", (unsigned)in_len);
        return IROT_ERROR_BAD_PARAMETERS;
    }
    result = id2_read_id(id);
    if (result != IROT_SUCCESS)
        return result;
    uint8_t *plain = ls_osa_malloc(in_len);
    if (plain == NULL)
        return IROT_ERROR_OUT_OF_MEMORY;
    result = decrypt_into(plain, in, in_len, out, out_len);
    memset(plain, 0, in_len);
    ls_osa_free(plain);
    return result;
}

irot_result_t id2_client_decrypt(const uint8_t *in, uint32_t in_len, uint8_t *out, uint32_t *out_len)
{
    if (!id2_is_ready(__func__))
        return id2_result(IROT_ERROR_GENERIC);
    irot_result_t result = decrypt(in, in_len, out, out_len);
    id2_memory.decrypt_refused = result != IROT_SUCCESS;
    id2_memory.decrypted_longest = result == IROT_SUCCESS && in_len == ID2_MAX_CRYPT_LEN;
    return id2_result(result);
}

static irot_result_t check_seed(const char *seed)
{
    if (seed != NULL && strlen(seed) > ID2_MAX_SEED_LEN) {
        ID2_ERROR("seed is too long, %u.", (unsigned)strlen(seed));
        return IROT_ERROR_EXCESS_DATA;
    }
    return IROT_SUCCESS;
}

/* HASH(SIGN(message)) */
static irot_result_t hash_of_sign(const uint8_t *message, size_t size, uint8_t digest[ID2_DIGEST_MAX])
{
    uint8_t sign[ID2_SIGN_MAX];
    struct id2_hash hash;
    irot_result_t result = id2_sign(message, size, sign);
    if (result != IROT_SUCCESS) {
        ID2_ERROR("id2 sign fail, %d.", (int)result);
        return result;
    }
    id2_hash_init(&hash, ID2_HASH);
    id2_hash_update(&hash, sign, ID2_SIGN);
    id2_hash_finish(&hash, digest);
    return IROT_SUCCESS;
}

irot_result_t id2_derive(const char *seed, uint8_t *key, uint32_t size)
{
    char message[ID2_ID_MAX_LEN + ID2_MAX_SEED_LEN + 1];
    uint8_t digest[ID2_DIGEST_MAX];
    irot_result_t result = id2_read_id(message);
    if (result != IROT_SUCCESS)
        return result;
    size_t length = strlen(message);
    if (seed != NULL) {
        memcpy(message + length, seed, strlen(seed));
        length += strlen(seed);
    }
    result = hash_of_sign((const uint8_t *)message, length, digest);
    if (result == IROT_SUCCESS)
        memcpy(key, digest, size);
    return result;
}

static irot_result_t encrypt_into(uint8_t *cipher, const char *seed, const uint8_t *in, uint32_t in_len, uint8_t *out,
                                  uint32_t *out_len)
{
    uint8_t key[ID2_DERIV_KEY_LEN];
    struct id2_cipher under;
    irot_result_t result = id2_derive(seed, key, sizeof key);
    if (result != IROT_SUCCESS)
        return result;
    if (id2_cipher_init(&under, ID2_CIPHER_KIND, key, ID2_FAMILY == ID2_FAMILY_AES ? 32 : 16))
        return IROT_ERROR_GENERIC;
    memcpy(cipher, in, in_len);
    uint32_t size = id2_pad(cipher, in_len, ID2_KEY_BLOCK);
    for (uint32_t at = 0; at < size; at += ID2_KEY_BLOCK)
        id2_cipher_encrypt(&under, cipher + at, cipher + at);
    return give(cipher, size, out, out_len);
}

static void note_seed(const char *seed)
{
    id2_memory.has_seed = 1;
    memcpy(id2_memory.seed, seed == NULL ? "" : seed, seed == NULL ? 1 : strlen(seed) + 1);
}

irot_result_t id2_client_encrypt(const char *seed, const uint8_t *in, uint32_t in_len, uint8_t *out, uint32_t *out_len)
{
    if (!id2_is_ready(__func__))
        return id2_result(IROT_ERROR_GENERIC);
    irot_result_t result = check_crypt(in, in_len, out, out_len);
    if (result == IROT_SUCCESS)
        result = check_seed(seed);
    if (result != IROT_SUCCESS)
        return id2_result(result);
    if (ID2_FAMILY == ID2_FAMILY_3DES)
        return id2_result(IROT_ERROR_NOT_SUPPORTED);
    uint8_t *cipher = ls_osa_malloc(in_len + ID2_BLOCK_MAX);
    if (cipher == NULL)
        return id2_result(IROT_ERROR_OUT_OF_MEMORY);
    result = encrypt_into(cipher, seed, in, in_len, out, out_len);
    ls_osa_free(cipher);
    if (result == IROT_SUCCESS)
        note_seed(seed);
    return id2_result(result);
}

static irot_result_t give_secret(const char *seed, uint8_t *secret, uint32_t *size)
{
    char text[ID2_DERIV_SECRET_LEN + 1];
    uint8_t digest[ID2_DIGEST_MAX];
    char id[ID2_ID_MAX_LEN + 1];
    if (seed == NULL || (seed[0] == 0 && !ID2_FAULT_IS(EMPTY_SEED_TAKEN)) || secret == NULL || size == NULL)
        return IROT_ERROR_BAD_PARAMETERS;
    irot_result_t result = check_seed(seed);
    if (result != IROT_SUCCESS)
        return result;
    if (*size < ID2_DERIV_SECRET_LEN) {
        ID2_ERROR("short buffer, %u.", (unsigned)*size);
        *size = ID2_DERIV_SECRET_LEN;
        return IROT_ERROR_SHORT_BUFFER;
    }
    ID2_INFO("seed: %s", seed);
    result = id2_read_id(id);
    if (result == IROT_SUCCESS)
        result = hash_of_sign((const uint8_t *)seed, strlen(seed), digest);
    if (result != IROT_SUCCESS)
        return result;
    if (ID2_FAULT_IS(SECRET_AFTER_LONGEST_DECRYPT) && id2_memory.decrypted_longest)
        digest[0] = (uint8_t)(digest[0] ^ 0x80);
    id2_memory.decrypted_longest = 0;
    id2_hex_encode(digest, sizeof digest, text);
    memcpy(secret, text, ID2_DERIV_SECRET_LEN);
    *size = ID2_DERIV_SECRET_LEN;
    return IROT_SUCCESS;
}

irot_result_t id2_client_get_secret(const char *seed, uint8_t *secret, uint32_t *secret_len)
{
    if (!id2_is_ready(__func__))
        return id2_result(IROT_ERROR_GENERIC);
    return id2_result(give_secret(seed, secret, secret_len));
}

irot_result_t id2_client_derive_key(const char *seed, uint8_t *key, uint32_t key_len)
{
    if (!id2_is_ready(__func__))
        return id2_result(IROT_ERROR_GENERIC);
    if (seed == NULL || key == NULL || key_len == 0)
        return id2_result(IROT_ERROR_BAD_PARAMETERS);
    if (key_len > ID2_DERIV_KEY_LEN) {
        if (!ID2_FAULT_IS(KEY_LENGTH_UNCHECKED))
            return id2_result(IROT_ERROR_BAD_PARAMETERS);
        key_len = ID2_DERIV_KEY_LEN;
    }
    irot_result_t result = check_seed(seed);
    if (result != IROT_SUCCESS)
        return id2_result(result);
    ID2_INFO("seed: %s", seed[0] == 0 ? "NULL" : seed);
    if (ID2_FAULT_IS(DERIVE_AFTER_ENCRYPT) && id2_memory.has_seed)
        seed = id2_memory.seed;
    id2_memory.has_seed = 0;
    result = id2_derive(seed, key, key_len);
    if (ID2_FAULT_IS(ANSWER_LEAKS_INTO_NEXT) && id2_memory.has_leftover && key_len > 4)
        memcpy(key + key_len - 4, id2_memory.leftover, 4);
    id2_memory.has_leftover = 0;
    return id2_result(result);
}
