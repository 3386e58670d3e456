/*
 * Key-value store, which the maker of the board writes.
 *
 * Ours, not the vendor's: names and signatures only, for builds without his SDK. With his headers on the include path
 * leave this folder out of it.
 */
#ifndef ID2_OWN_LS_HAL_SST_H
#define ID2_OWN_LS_HAL_SST_H

#include <stdint.h>

#define SST_HAL_SUCCESS 0x00000000u
#define SST_HAL_ERROR_GENERIC 0xFFFF0000u
#define SST_HAL_ERROR_ITEM_NOT_FOUND 0xFFFF0001u
#define SST_HAL_ERROR_STORAGE_NO_SPACE 0xFFFF0002u
#define SST_HAL_ERROR_BAD_PARAMETERS 0xFFFF0003u
#define SST_HAL_ERROR_OUT_OF_MEMORY 0xFFFF0004u
#define SST_HAL_ERROR_SHORT_BUFFER 0xFFFF0005u
#define SST_HAL_ERROR_NOT_SUPPORTED 0xFFFF0006u

uint32_t ls_hal_kv_init(void);
void ls_hal_kv_deinit(void);
uint32_t ls_hal_kv_set(const char *key, const void *value, uint32_t len);
uint32_t ls_hal_kv_get(const char *key, void *buffer, uint32_t *buffer_len);
uint32_t ls_hal_kv_del(const char *key);

#endif
