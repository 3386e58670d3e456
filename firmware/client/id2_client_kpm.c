/* Business keys, which the cloud wraps under the ID2 key and the Demo carrier keeps in flash. */
#include "id2_client_kpm.h"

#include <string.h>

#include "crypto/id2_base64.h"
#include "id2_internal.h"
#include "id2_log.h"
#include "crypto/id2_mode.h"
#include "storage/id2_store.h"

#define MAGIC 0x4b
#define VERSION 0x01
#define HEAD 4u
#define ID2_INDEX 0
#define NO_INDEX 0xff
#define INFO_AES_256 3
#define INFO_SM4 9
#define TYPE_AES 81u
#define TYPE_SM4 82u
#define BLOB_MAX 256u
#define CODE_MAX (HEAD + 2u + ID2_ID_MAX_LEN + 2u + ID2_CODE_ROOM)

enum suite { AES_ECB = 101, AES_CBC, SM4_ECB, SM4_CBC };

struct business_key {
    uint8_t info;
    uint8_t key[32];
};

static uint32_t key_size_of(uint8_t info)
{
    if (info >= 1 && info <= INFO_AES_256)
        return 8u + 8u * info;
    return info == INFO_SM4 ? 16 : 0;
}

static enum id2_cipher_kind cipher_of(uint8_t info)
{
    return info == INFO_SM4 ? ID2_CIPHER_SM4 : ID2_CIPHER_AES;
}

static void name_of(uint8_t index, char name[8])
{
    memcpy(name, "kpm-", 4);
    id2_hex_encode(&index, 1, name + 4);
}

/* Check what all functions check: init, and that this is the index of a business key. */
static irot_result_t check(const char *function, uint8_t index)
{
    if (!id2_is_ready(function))
        return IROT_ERROR_GENERIC;
    if (index == ID2_INDEX)
        return IROT_ERROR_NOT_SUPPORTED;
    return index == NO_INDEX ? IROT_ERROR_BAD_PARAMETERS : IROT_SUCCESS;
}

static irot_result_t check_stored(const char *function, uint8_t index)
{
    irot_result_t result = check(function, index);
    if (result == IROT_SUCCESS && !ID2_OTP)
        return IROT_ERROR_NOT_SUPPORTED;
    return result;
}

static irot_result_t read_key(uint8_t index, struct business_key *key)
{
    char name[8];
    name_of(index, name);
    int result = id2_store_get(ID2_STORE_CLIENT, name, 0, key, sizeof *key, NULL);
    if (result == ID2_STORE_NONE)
        return IROT_ERROR_ITEM_NOT_FOUND;
    return result == ID2_STORE_OK ? IROT_SUCCESS : IROT_ERROR_GENERIC;
}

irot_result_t id2_client_kpm_get_prov_stat(uint8_t key_idx, bool *is_prov)
{
    struct business_key key;
    irot_result_t result = check_stored(__func__, key_idx);
    if (result == IROT_SUCCESS && is_prov == NULL)
        result = IROT_ERROR_BAD_PARAMETERS;
    if (result != IROT_SUCCESS)
        return id2_result(result);
    result = read_key(key_idx, &key);
    if (result != IROT_SUCCESS && result != IROT_ERROR_ITEM_NOT_FOUND)
        return id2_result(result);
    *is_prov = result == IROT_SUCCESS;
    return IROT_SUCCESS;
}

irot_result_t id2_client_kpm_get_key_type(uint8_t key_idx, uint32_t *key_type)
{
    struct business_key key;
    irot_result_t result = check_stored(__func__, key_idx);
    if (result == IROT_SUCCESS && key_type == NULL)
        result = IROT_ERROR_BAD_PARAMETERS;
    if (result == IROT_SUCCESS)
        result = read_key(key_idx, &key);
    if (result == IROT_SUCCESS)
        *key_type = key.info == INFO_SM4 ? TYPE_SM4 : TYPE_AES;
    return id2_result(result);
}

static uint32_t put_field(uint8_t *data, uint32_t at, const void *field, uint32_t size)
{
    data[at] = (uint8_t)(size >> 8);
    data[at + 1] = (uint8_t)size;
    memcpy(data + at + 2, field, size);
    return at + 2 + size;
}

static irot_result_t make_kpm_code(uint8_t index, uint8_t info, uint8_t mode, const char *random, uint8_t *code,
                                   uint32_t *size)
{
    uint8_t data[CODE_MAX];
    uint8_t inner[ID2_CODE_ROOM];
    uint32_t inner_size = sizeof inner;
    char id[ID2_ID_MAX_LEN + 1];
    irot_result_t result = id2_read_id(id);
    if (result == IROT_SUCCESS)
        result = id2_make_code(mode, random, NULL, 0, inner, &inner_size);
    if (result != IROT_SUCCESS)
        return result;
    data[0] = MAGIC;
    data[1] = VERSION;
    data[2] = index;
    data[3] = info;
    uint32_t length = put_field(data, HEAD, id, (uint32_t)strlen(id));
    length = put_field(data, length, inner, inner_size);
    uint32_t room = *size;
    *size = ID2_BASE64_SIZE(length);
    if (room < *size) {
        ID2_ERROR("short buffer, %u %u.", (unsigned)room, (unsigned)*size);
        return IROT_ERROR_SHORT_BUFFER;
    }
    id2_base64_encode(data, length, code);
    return IROT_SUCCESS;
}

irot_result_t id2_client_kpm_get_auth_code(uint8_t key_idx, uint8_t key_info, uint8_t mode, char *random,
                                           uint8_t *auth_code, uint32_t *auth_code_len)
{
    irot_result_t result = check(__func__, key_idx);
    if (result != IROT_SUCCESS)
        return id2_result(result);
    if (key_size_of(key_info) == 0 || mode > 1 || random == NULL || auth_code == NULL || auth_code_len == NULL)
        return id2_result(IROT_ERROR_BAD_PARAMETERS);
    return id2_result(make_kpm_code(key_idx, key_info, mode, random, auth_code, auth_code_len));
}

/* Read a field of a blob. Return where it ends, 0 when it does not fit. */
static uint32_t take_field(const uint8_t *data, uint32_t at, uint32_t end, const uint8_t **field, uint32_t *size)
{
    if (end - at < 2)
        return 0;
    *size = (uint32_t)data[at] << 8 | data[at + 1];
    *field = data + at + 2;
    return *size && *size <= end - at - 2 ? at + 2 + *size : 0;
}

/* Decrypt the key of a blob under the ID2 key, and hold the check value against it. */
static irot_result_t open_blob(const uint8_t *blob, uint32_t size, struct business_key *key)
{
    const uint8_t *wrapped;
    const uint8_t *value = NULL;
    uint32_t wrapped_size;
    uint32_t value_size = 0;
    uint8_t opened[ID2_DERIV_KEY_LEN + ID2_BLOCK_MAX];
    uint8_t shown[ID2_ID_MAX_LEN + ID2_BLOCK_MAX];
    struct id2_cipher under;
    uint32_t at = take_field(blob, HEAD, size, &wrapped, &wrapped_size);
    if (at == 0 || take_field(blob, at, size, &value, &value_size) != size || wrapped_size > sizeof opened ||
        wrapped_size % ID2_KEY_BLOCK)
        return IROT_ERROR_GENERIC;
    irot_result_t result = id2_carrier_cipher(0, wrapped, opened, wrapped_size);
    if (result != IROT_SUCCESS)
        return result;
    int32_t key_size = id2_unpad(opened, wrapped_size, ID2_KEY_BLOCK);
    if (key_size < 0 || (uint32_t)key_size != key_size_of(key->info) ||
        id2_cipher_init(&under, cipher_of(key->info), opened, (size_t)key_size))
        return IROT_ERROR_GENERIC;
    result = id2_read_id((char *)shown);
    if (result != IROT_SUCCESS)
        return result;
    uint32_t shown_size = id2_pad(shown, (uint32_t)strlen((char *)shown), ID2_BLOCK_MAX);
    for (uint32_t i = 0; i < shown_size; i += ID2_BLOCK_MAX)
        id2_cipher_encrypt(&under, shown + i, shown + i);
    if (shown_size != value_size || memcmp(shown, value, value_size) != 0)
        return IROT_ERROR_GENERIC;
    memcpy(key->key, opened, (size_t)key_size);
    return IROT_SUCCESS;
}

static irot_result_t import_key(uint8_t index, const uint8_t *data, uint32_t size)
{
    struct business_key key;
    uint8_t blob[BLOB_MAX];
    char name[8];
    size_t blob_size;
    if (data == NULL || size == 0)
        return IROT_ERROR_BAD_PARAMETERS;
    irot_result_t result = read_key(index, &key);
    if (result != IROT_ERROR_ITEM_NOT_FOUND)
        return result == IROT_SUCCESS ? IROT_ERROR_NOT_SUPPORTED : result;
    if (id2_base64_decode(data, size, blob, sizeof blob, &blob_size) || blob_size < HEAD || blob[0] != MAGIC ||
        blob[1] != VERSION || blob[2] != index || key_size_of(blob[3]) == 0)
        return IROT_ERROR_GENERIC;
    memset(&key, 0, sizeof key);
    key.info = blob[3];
    result = open_blob(blob, (uint32_t)blob_size, &key);
    if (result != IROT_SUCCESS) {
        ID2_ERROR("key data is wrong, %d.", (int)result);
        return result;
    }
    name_of(index, name);
    return id2_store_put(ID2_STORE_CLIENT, name, &key, sizeof key) ? IROT_ERROR_GENERIC : IROT_SUCCESS;
}

irot_result_t id2_client_kpm_import_key(uint8_t key_idx, uint8_t *data, uint32_t size)
{
    irot_result_t result = check_stored(__func__, key_idx);
    return id2_result(result == IROT_SUCCESS ? import_key(key_idx, data, size) : result);
}

irot_result_t id2_client_kpm_delete_key(uint8_t key_idx)
{
    char name[8];
    irot_result_t result = check_stored(__func__, key_idx);
    if (result != IROT_SUCCESS)
        return id2_result(result);
    name_of(key_idx, name);
    int deleted = id2_store_delete(ID2_STORE_CLIENT, name);
    if (deleted == ID2_STORE_NONE)
        return id2_result(IROT_ERROR_ITEM_NOT_FOUND);
    return id2_result(deleted == ID2_STORE_OK ? IROT_SUCCESS : IROT_ERROR_GENERIC);
}

irot_result_t id2_client_kpm_export_pub_key(uint8_t key_idx, uint8_t *data, uint32_t *size)
{
    (void)data;
    (void)size;
    irot_result_t result = check_stored(__func__, key_idx);
    return id2_result(result == IROT_SUCCESS ? IROT_ERROR_NOT_SUPPORTED : result);
}

struct crypt_job {
    uint8_t index;
    uint8_t suite;
    int pads;
    int encrypt;
    const uint8_t *iv;
    uint32_t iv_size;
    const uint8_t *in;
    uint32_t in_size;
};

static irot_result_t check_job(const struct crypt_job *job, const struct business_key *key)
{
    int is_sm4 = job->suite == SM4_ECB || job->suite == SM4_CBC;
    int is_cbc = job->suite == AES_CBC || job->suite == SM4_CBC;
    if (job->suite < AES_ECB || job->suite > SM4_CBC)
        return IROT_ERROR_NOT_SUPPORTED;
    if (is_sm4 != (key->info == INFO_SM4) || (is_cbc && (job->iv == NULL || job->iv_size != ID2_BLOCK_MAX)))
        return IROT_ERROR_BAD_PARAMETERS;
    if (job->in_size % ID2_BLOCK_MAX && !(job->encrypt && job->pads))
        return IROT_ERROR_BAD_PARAMETERS;
    return IROT_SUCCESS;
}

/* Do it in a buffer that has room for a block more than the input. */
static irot_result_t crypt_in(uint8_t *work, const struct crypt_job *job, const struct business_key *key, uint8_t *out,
                              uint32_t *out_size)
{
    struct id2_mode mode;
    uint32_t size = job->in_size;
    enum id2_mode_kind kind = job->suite == AES_CBC || job->suite == SM4_CBC ? ID2_MODE_CBC : ID2_MODE_ECB;
    if (id2_mode_init(&mode, kind, cipher_of(key->info), job->encrypt, key->key, key_size_of(key->info), job->iv))
        return IROT_ERROR_GENERIC;
    memcpy(work, job->in, size);
    if (job->encrypt && job->pads)
        size = id2_pad(work, size, ID2_BLOCK_MAX);
    if (id2_mode_process(&mode, work, work, size))
        return IROT_ERROR_GENERIC;
    if (!job->encrypt && job->pads) {
        int32_t plain = id2_unpad(work, size, ID2_BLOCK_MAX);
        if (plain < 0)
            return IROT_ERROR_GENERIC;
        size = (uint32_t)plain;
    }
    uint32_t room = *out_size;
    *out_size = size;
    if (room < size)
        return IROT_ERROR_SHORT_BUFFER;
    memcpy(out, work, size);
    return IROT_SUCCESS;
}

static irot_result_t crypt_under(const struct crypt_job *job, uint8_t *out, uint32_t *out_size)
{
    struct business_key key;
    if (job->in == NULL || job->in_size == 0 || out == NULL || out_size == NULL)
        return IROT_ERROR_BAD_PARAMETERS;
    if (job->in_size > ID2_MAX_CRYPT_LEN)
        return IROT_ERROR_EXCESS_DATA;
    irot_result_t result = read_key(job->index, &key);
    if (result == IROT_SUCCESS)
        result = check_job(job, &key);
    if (result != IROT_SUCCESS)
        return result;
    uint8_t *work = ls_osa_malloc(job->in_size + ID2_BLOCK_MAX);
    if (work == NULL)
        return IROT_ERROR_OUT_OF_MEMORY;
    result = crypt_in(work, job, &key, out, out_size);
    ls_osa_free(work);
    return result;
}

irot_result_t id2_client_kpm_encrypt(uint8_t key_idx, uint8_t cipher_suite, uint8_t padding_type, uint8_t *iv,
                                     uint32_t iv_len, uint8_t *in_data, uint32_t in_len, uint8_t *out_data,
                                     uint32_t *out_len)
{
    struct crypt_job job = {key_idx, cipher_suite, padding_type != 0, 1, iv, iv_len, in_data, in_len};
    irot_result_t result = check_stored(__func__, key_idx);
    return id2_result(result == IROT_SUCCESS ? crypt_under(&job, out_data, out_len) : result);
}

irot_result_t id2_client_kpm_decrypt(uint8_t key_idx, uint8_t cipher_suite, uint8_t padding_type, uint8_t *iv,
                                     uint32_t iv_len, uint8_t *in_data, uint32_t in_len, uint8_t *out_data,
                                     uint32_t *out_len)
{
    struct crypt_job job = {key_idx, cipher_suite, padding_type != 0, 0, iv, iv_len, in_data, in_len};
    irot_result_t result = check_stored(__func__, key_idx);
    return id2_result(result == IROT_SUCCESS ? crypt_under(&job, out_data, out_len) : result);
}

irot_result_t id2_client_kpm_sign(uint8_t key_idx, uint8_t *msg, uint32_t msg_len, uint8_t *sign, uint32_t *sign_len)
{
    (void)msg;
    (void)msg_len;
    (void)sign;
    (void)sign_len;
    irot_result_t result = check_stored(__func__, key_idx);
    return id2_result(result == IROT_SUCCESS ? IROT_ERROR_NOT_SUPPORTED : result);
}

irot_result_t id2_client_kpm_verify(uint8_t key_idx, uint8_t *msg, uint32_t msg_len, uint8_t *sign, uint32_t sign_len)
{
    (void)msg;
    (void)msg_len;
    (void)sign;
    (void)sign_len;
    irot_result_t result = check_stored(__func__, key_idx);
    return id2_result(result == IROT_SUCCESS ? IROT_ERROR_NOT_SUPPORTED : result);
}
