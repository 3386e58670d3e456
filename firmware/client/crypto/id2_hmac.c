#include <string.h>

#include "id2_hash.h"

void id2_hmac_sha256(const uint8_t *key, size_t key_size, const uint8_t *data, size_t size, uint8_t *mac)
{
    uint8_t padded[64];
    struct id2_hash hash;
    memset(padded, 0x36, sizeof padded);
    for (size_t i = 0; i < key_size && i < sizeof padded; i++)
        padded[i] = (uint8_t)(padded[i] ^ key[i]);
    id2_hash_init(&hash, ID2_HASH_SHA256);
    id2_hash_update(&hash, padded, sizeof padded);
    id2_hash_update(&hash, data, size);
    id2_hash_finish(&hash, mac);
    for (size_t i = 0; i < sizeof padded; i++)
        padded[i] = (uint8_t)(padded[i] ^ 0x36 ^ 0x5c);
    id2_hash_init(&hash, ID2_HASH_SHA256);
    id2_hash_update(&hash, padded, sizeof padded);
    id2_hash_update(&hash, mac, 32);
    id2_hash_finish(&hash, mac);
}
