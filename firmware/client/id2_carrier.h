/* Where the ID2 key lives: in memory and flash (carrier_demo.c), in a chip (carrier_se.c), or in the key-value
 * store of the HAL (carrier_km.c). */
#ifndef ID2_CARRIER_H
#define ID2_CARRIER_H

#include <stdint.h>

#include "crypto/id2_cipher.h"
#include "id2_client.h"
#include "id2_config.h"

#if ID2_FAMILY == ID2_FAMILY_AES
#define ID2_CIPHER_KIND ID2_CIPHER_AES
#define ID2_FAMILY_NAME "AES"
#elif ID2_FAMILY == ID2_FAMILY_SM4
#define ID2_CIPHER_KIND ID2_CIPHER_SM4
#define ID2_FAMILY_NAME "SM4"
#else
#define ID2_CIPHER_KIND ID2_CIPHER_3DES
#define ID2_FAMILY_NAME "3DES"
#endif
#define ID2_KEY_BLOCK (ID2_FAMILY == ID2_FAMILY_3DES ? 8u : 16u)

/* Get ready, and let go. */
irot_result_t id2_carrier_init(void);
void id2_carrier_cleanup(void);

/* Read the ID as text with a NUL; IROT_ERROR_ITEM_NOT_FOUND when there is none. */
irot_result_t id2_carrier_get_id(char id[ID2_ID_MAX_LEN + 1]);

/* Encrypt or decrypt whole blocks under the ID2 key, ECB; `output` has the same size as the input. */
irot_result_t id2_carrier_cipher(int encrypt, const uint8_t *input, uint8_t *output, uint32_t size);

/* Keep an ID and its key; IROT_ERROR_NOT_SUPPORTED where the key is in a chip. */
irot_result_t id2_carrier_set(const char *id, const uint8_t *key, uint32_t key_size);

#endif
