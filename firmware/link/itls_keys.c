#include "itls_keys.h"

#include <string.h>

#include "crypto/id2_hash.h"

#define BLOCK_MAX (2u * (ITLS_MAC + ITLS_KEY_MAX))
#define SEED_MAX (2u * ITLS_RANDOM)

/* The next A(i), or a piece of the output: HMAC over `step`, label and seed, as far as they are given. */
static void piece(const uint8_t *secret, size_t secret_size, const uint8_t *step, const char *label,
                  const uint8_t *seed, size_t seed_size, uint8_t mac[32])
{
    struct id2_hmac hmac;
    id2_hmac_init(&hmac, ID2_HASH_SHA256, secret, secret_size);
    if (step != NULL)
        id2_hmac_update(&hmac, step, 32);
    if (label != NULL) {
        id2_hmac_update(&hmac, (const uint8_t *)label, strlen(label));
        id2_hmac_update(&hmac, seed, seed_size);
    }
    id2_hmac_finish(&hmac, mac);
}

static void prf(const uint8_t *secret, size_t secret_size, const char *label, const uint8_t *seed, size_t seed_size,
                uint8_t *output, size_t size)
{
    uint8_t step[32];
    uint8_t next[32];
    uint8_t block[32];
    piece(secret, secret_size, NULL, label, seed, seed_size, step);
    for (size_t at = 0; at < size; at += sizeof block) {
        piece(secret, secret_size, step, label, seed, seed_size, block);
        memcpy(output + at, block, size - at < sizeof block ? size - at : sizeof block);
        piece(secret, secret_size, step, NULL, NULL, 0, next);
        memcpy(step, next, sizeof step);
    }
}

void itls_derive(struct itls_keys *keys, uint16_t suite, const uint8_t *premaster, size_t premaster_size,
                 const uint8_t client_random[ITLS_RANDOM], const uint8_t server_random[ITLS_RANDOM])
{
    uint8_t seed[SEED_MAX];
    uint8_t block[BLOCK_MAX];
    uint8_t key_size = suite == ITLS_AES_256_SHA256 ? 32 : 16;
    memset(keys, 0, sizeof *keys);
    memcpy(seed, client_random, ITLS_RANDOM);
    memcpy(seed + ITLS_RANDOM, server_random, ITLS_RANDOM);
    prf(premaster, premaster_size, "master secret", seed, sizeof seed, keys->master, ITLS_MASTER);
    memcpy(seed, server_random, ITLS_RANDOM);
    memcpy(seed + ITLS_RANDOM, client_random, ITLS_RANDOM);
    prf(keys->master, ITLS_MASTER, "key expansion", seed, sizeof seed, block, 2 * (ITLS_MAC + (size_t)key_size));
    memcpy(keys->client.mac, block, ITLS_MAC);
    memcpy(keys->server.mac, block + ITLS_MAC, ITLS_MAC);
    memcpy(keys->client.key, block + 2 * (size_t)ITLS_MAC, key_size);
    memcpy(keys->server.key, block + 2 * (size_t)ITLS_MAC + key_size, key_size);
    keys->client.key_size = keys->server.key_size = key_size;
    memset(block, 0, sizeof block);
}

void itls_finished(const struct itls_keys *keys, const char *label, const uint8_t transcript[32],
                   uint8_t verify[ITLS_FINISHED])
{
    prf(keys->master, ITLS_MASTER, label, transcript, 32, verify, ITLS_FINISHED);
}
