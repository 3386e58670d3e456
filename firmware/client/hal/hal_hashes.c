/* The hash functions of the HAL (ls_hal_hash.h) over firmware/client/crypto. */
#include "crypto/id2_hash.h"
#include "ls_hal_crypt.h"

static int start(void *ctx, enum id2_hash_kind kind)
{
    if (ctx == NULL)
        return (int)HAL_CRYPT_INVALID_CONTEXT;
    id2_hash_init(ctx, kind);
    return HAL_CRYPT_SUCCESS;
}

static int go_on(void *ctx, const uint8_t *src, size_t size)
{
    if (ctx == NULL)
        return (int)HAL_CRYPT_INVALID_CONTEXT;
    if (src == NULL && size)
        return (int)HAL_CRYPT_INVALID_ARG;
    id2_hash_update(ctx, src, size);
    return HAL_CRYPT_SUCCESS;
}

static int finish(void *ctx, uint8_t *digest)
{
    if (ctx == NULL)
        return (int)HAL_CRYPT_INVALID_CONTEXT;
    if (digest == NULL)
        return (int)HAL_CRYPT_INVALID_ARG;
    id2_hash_finish(ctx, digest);
    return HAL_CRYPT_SUCCESS;
}

#define HASH(name, kind, size)                                                                                 \
    int ls_hal_##name##_get_size(void)                                                                         \
    {                                                                                                          \
        return (int)sizeof(struct id2_hash);                                                                   \
    }                                                                                                          \
    int ls_hal_##name##_init(void *ctx)                                                                        \
    {                                                                                                          \
        return start(ctx, kind);                                                                               \
    }                                                                                                          \
    int ls_hal_##name##_update(void *ctx, const uint8_t *src, size_t count)                                    \
    {                                                                                                          \
        return go_on(ctx, src, count);                                                                         \
    }                                                                                                          \
    int ls_hal_##name##_finish(void *ctx, uint8_t digest[size])                                                \
    {                                                                                                          \
        return finish(ctx, digest);                                                                            \
    }

HASH(md5, ID2_HASH_MD5, 16)
HASH(sha1, ID2_HASH_SHA1, 20)
HASH(sha256, ID2_HASH_SHA256, 32)
HASH(sm3, ID2_HASH_SM3, 32)
