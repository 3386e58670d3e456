/*
 * Random numbers and the crypto of the HAL, which the maker of the board writes.
 *
 * Ours, not the vendor's: names and signatures only, for builds without his SDK. With his headers on the include path
 * leave this folder out of it.
 */
#ifndef ID2_OWN_LS_HAL_CRYPT_H
#define ID2_OWN_LS_HAL_CRYPT_H

#include <stddef.h>
#include <stdint.h>

#include "ls_hal_aes.h"
#include "ls_hal_hash.h"
#include "ls_hal_sm4.h"

#define HAL_CRYPT_SUCCESS 0
#define HAL_CRYPT_ERROR 0xFFFF0000u
#define HAL_CRYPT_BAD_PARAMETERS 0xFFFF0001u
#define HAL_CRYPT_NOSUPPORT 0xFFFF0002u
#define HAL_CRYPT_INVALID_CONTEXT 0xFFFF0003u
#define HAL_CRYPT_INVALID_ARG 0xFFFF0004u
#define HAL_CRYPT_LENGTH_ERR 0xFFFF0005u
#define HAL_CRYPT_OUTOFMEM 0xFFFF0006u
#define HAL_CRYPT_SHORT_BUFFER 0xFFFF0007u
#define HAL_CRYPT_INVALID_AUTH 0xFFFF0008u

int ls_hal_get_random(uint8_t *buf, size_t len);
int ls_hal_set_seed(uint8_t *seed, size_t seed_len);

#endif
