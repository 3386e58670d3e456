/*
 * AES of the HAL, which the maker of the board writes.
 *
 * Ours, not the vendor's: names and signatures only, for builds without his SDK. With his headers on the include path
 * leave this folder out of it.
 */
#ifndef ID2_OWN_LS_HAL_AES_H
#define ID2_OWN_LS_HAL_AES_H

#include <stddef.h>
#include <stdint.h>

/* is_enc: 1 encrypts, 0 decrypts; ctx: as many bytes as get_size() says. */
int ls_hal_aes_ecb_get_size(void);
int ls_hal_aes_ecb_init(void *ctx, int is_enc, const uint8_t *key, size_t key_size);
int ls_hal_aes_ecb_process(void *ctx, const uint8_t *src, uint8_t *dst, size_t size);

int ls_hal_aes_cbc_get_size(void);
int ls_hal_aes_cbc_init(void *ctx, int is_enc, const uint8_t *key, size_t key_size, uint8_t iv[16]);
int ls_hal_aes_cbc_process(void *ctx, const uint8_t *src, uint8_t *dst, size_t size);

int ls_hal_aes_ctr_get_size(void);
int ls_hal_aes_ctr_init(void *ctx, int is_enc, const uint8_t *key, size_t key_size, uint8_t iv[16]);
int ls_hal_aes_ctr_process(void *ctx, const uint8_t *src, uint8_t *dst, size_t size);

/* One context for both: cfb_process is CFB-8, cfb128_process is CFB-128. */
int ls_hal_aes_cfb_get_size(void);
int ls_hal_aes_cfb_init(void *ctx, int is_enc, const uint8_t *key, size_t key_size, uint8_t iv[16]);
int ls_hal_aes_cfb_process(void *ctx, const uint8_t *src, uint8_t *dst, size_t size);
int ls_hal_aes_cfb128_process(void *ctx, const uint8_t *src, uint8_t *dst, size_t size);

#endif
