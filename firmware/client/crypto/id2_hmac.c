#include <string.h>

#include "id2_hash.h"

/* Begin a hash with the padded key, each byte of it changed by the one that tells inner from outer. */
static void begin(struct id2_hmac *hmac, uint8_t change)
{
    uint8_t padded[64];
    for (size_t i = 0; i < sizeof padded; i++)
        padded[i] = (uint8_t)(hmac->key[i] ^ change);
    id2_hash_init(&hmac->hash, (enum id2_hash_kind)hmac->hash.kind);
    id2_hash_update(&hmac->hash, padded, sizeof padded);
}

void id2_hmac_init(struct id2_hmac *hmac, enum id2_hash_kind kind, const uint8_t *key, size_t key_size)
{
    memset(hmac, 0, sizeof *hmac);
    if (key_size > sizeof hmac->key)
        key_size = sizeof hmac->key;
    if (key_size)
        memcpy(hmac->key, key, key_size);
    hmac->hash.kind = (uint8_t)kind;
    begin(hmac, 0x36);
}

void id2_hmac_update(struct id2_hmac *hmac, const uint8_t *data, size_t size)
{
    id2_hash_update(&hmac->hash, data, size);
}

void id2_hmac_finish(struct id2_hmac *hmac, uint8_t *mac)
{
    id2_hash_finish(&hmac->hash, mac);
    begin(hmac, 0x5c);
    id2_hash_update(&hmac->hash, mac, id2_hash_size((enum id2_hash_kind)hmac->hash.kind));
    id2_hash_finish(&hmac->hash, mac);
}

void id2_hmac_sha256(const uint8_t *key, size_t key_size, const uint8_t *data, size_t size, uint8_t *mac)
{
    struct id2_hmac hmac;
    id2_hmac_init(&hmac, ID2_HASH_SHA256, key, key_size);
    id2_hmac_update(&hmac, data, size);
    id2_hmac_finish(&hmac, mac);
}
