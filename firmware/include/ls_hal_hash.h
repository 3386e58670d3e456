/*
 * Hashes of the HAL, which the maker of the board writes.
 *
 * Ours, not the vendor's: names and signatures only, for builds without his SDK. With his headers on the include path
 * leave this folder out of it.
 */
#ifndef ID2_OWN_LS_HAL_HASH_H
#define ID2_OWN_LS_HAL_HASH_H

#include <stddef.h>
#include <stdint.h>

int ls_hal_md5_get_size(void);
int ls_hal_md5_init(void *ctx);
int ls_hal_md5_update(void *ctx, const uint8_t *src, size_t size);
int ls_hal_md5_finish(void *ctx, uint8_t digest[16]);

int ls_hal_sha1_get_size(void);
int ls_hal_sha1_init(void *ctx);
int ls_hal_sha1_update(void *ctx, const uint8_t *src, size_t size);
int ls_hal_sha1_finish(void *ctx, uint8_t digest[20]);

int ls_hal_sha256_get_size(void);
int ls_hal_sha256_init(void *ctx);
int ls_hal_sha256_update(void *ctx, const uint8_t *src, size_t size);
int ls_hal_sha256_finish(void *ctx, uint8_t digest[32]);

int ls_hal_sm3_get_size(void);
int ls_hal_sm3_init(void *ctx);
int ls_hal_sm3_update(void *ctx, const uint8_t *src, size_t size);
int ls_hal_sm3_finish(void *ctx, uint8_t digest[32]);

#endif
