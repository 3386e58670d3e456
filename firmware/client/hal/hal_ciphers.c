/* The cipher functions of the HAL (ls_hal_aes.h, ls_hal_sm4.h) over the modes of firmware/client/crypto. */
#include "crypto/id2_mode.h"
#include "ls_hal_crypt.h"

static int start(void *ctx, enum id2_mode_kind mode, enum id2_cipher_kind cipher, int is_enc, const uint8_t *key,
                 size_t key_size, const uint8_t *iv)
{
    if (ctx == NULL)
        return (int)HAL_CRYPT_INVALID_CONTEXT;
    if (key == NULL || (iv == NULL && mode != ID2_MODE_ECB))
        return (int)HAL_CRYPT_INVALID_ARG;
    return id2_mode_init(ctx, mode, cipher, is_enc, key, key_size, iv) ? (int)HAL_CRYPT_LENGTH_ERR : HAL_CRYPT_SUCCESS;
}

static int go_on(void *ctx, const uint8_t *src, uint8_t *dst, size_t size)
{
    if (ctx == NULL)
        return (int)HAL_CRYPT_INVALID_CONTEXT;
    if ((src == NULL || dst == NULL) && size)
        return (int)HAL_CRYPT_INVALID_ARG;
    return id2_mode_process(ctx, src, dst, size) ? (int)HAL_CRYPT_LENGTH_ERR : HAL_CRYPT_SUCCESS;
}

#define CIPHER_WITH_IV(name, mode, cipher)                                                                     \
    int ls_hal_##name##_get_size(void)                                                                         \
    {                                                                                                          \
        return (int)sizeof(struct id2_mode);                                                                   \
    }                                                                                                          \
    int ls_hal_##name##_init(void *ctx, int is_enc, const uint8_t *key, size_t key_size, uint8_t iv[16])       \
    {                                                                                                          \
        return start(ctx, mode, cipher, is_enc, key, key_size, iv);                                            \
    }                                                                                                          \
    int ls_hal_##name##_process(void *ctx, const uint8_t *src, uint8_t *dst, size_t size)                      \
    {                                                                                                          \
        return go_on(ctx, src, dst, size);                                                                     \
    }

#define CIPHER_WITHOUT_IV(name, cipher)                                                                        \
    int ls_hal_##name##_get_size(void)                                                                         \
    {                                                                                                          \
        return (int)sizeof(struct id2_mode);                                                                   \
    }                                                                                                          \
    int ls_hal_##name##_init(void *ctx, int is_enc, const uint8_t *key, size_t key_size)                       \
    {                                                                                                          \
        return start(ctx, ID2_MODE_ECB, cipher, is_enc, key, key_size, NULL);                                  \
    }                                                                                                          \
    int ls_hal_##name##_process(void *ctx, const uint8_t *src, uint8_t *dst, size_t size)                      \
    {                                                                                                          \
        return go_on(ctx, src, dst, size);                                                                     \
    }

CIPHER_WITHOUT_IV(aes_ecb, ID2_CIPHER_AES)
CIPHER_WITH_IV(aes_cbc, ID2_MODE_CBC, ID2_CIPHER_AES)
CIPHER_WITH_IV(aes_ctr, ID2_MODE_CTR, ID2_CIPHER_AES)
CIPHER_WITHOUT_IV(sm4_ecb, ID2_CIPHER_SM4)
CIPHER_WITH_IV(sm4_cbc, ID2_MODE_CBC, ID2_CIPHER_SM4)
CIPHER_WITH_IV(sm4_ctr, ID2_MODE_CTR, ID2_CIPHER_SM4)

int ls_hal_aes_cfb_get_size(void)
{
    return (int)sizeof(struct id2_mode);
}

int ls_hal_aes_cfb_init(void *ctx, int is_enc, const uint8_t *key, size_t key_size, uint8_t iv[16])
{
    return start(ctx, ID2_MODE_CFB, ID2_CIPHER_AES, is_enc, key, key_size, iv);
}

int ls_hal_aes_cfb128_process(void *ctx, const uint8_t *src, uint8_t *dst, size_t size)
{
    return go_on(ctx, src, dst, size);
}

/* CFB with 8 bits a step is another mode of the same context. */
int ls_hal_aes_cfb_process(void *ctx, const uint8_t *src, uint8_t *dst, size_t size)
{
    if (ctx != NULL)
        ((struct id2_mode *)ctx)->kind = ID2_MODE_CFB8;
    return go_on(ctx, src, dst, size);
}
