/* MD5, SHA-1, SHA-256 and SM3, which share a block of 64 bytes, and the HMAC of each. */
#ifndef ID2_HASH_H
#define ID2_HASH_H

#include <stddef.h>
#include <stdint.h>

#define ID2_DIGEST_MAX 32u

enum id2_hash_kind { ID2_HASH_MD5, ID2_HASH_SHA1, ID2_HASH_SHA256, ID2_HASH_SM3 };

struct id2_hash {
    uint64_t length; /* bytes so far */
    uint32_t state[8];
    uint8_t kind;
    uint8_t block[64];
};

/* Hash in pieces. `digest` gets `id2_hash_size` bytes: 16, 20, 32 or 32. */
void id2_hash_init(struct id2_hash *hash, enum id2_hash_kind kind);
void id2_hash_update(struct id2_hash *hash, const uint8_t *data, size_t size);
void id2_hash_finish(struct id2_hash *hash, uint8_t *digest);
size_t id2_hash_size(enum id2_hash_kind kind);

struct id2_hmac {
    struct id2_hash hash;
    uint8_t key[64];
};

/* HMAC in pieces; `key` has at most 64 bytes, `mac` gets as many as the hash has. */
void id2_hmac_init(struct id2_hmac *hmac, enum id2_hash_kind kind, const uint8_t *key, size_t key_size);
void id2_hmac_update(struct id2_hmac *hmac, const uint8_t *data, size_t size);
void id2_hmac_finish(struct id2_hmac *hmac, uint8_t *mac);

/* HMAC-SHA256 of a message; `key` has at most 64 bytes, `mac` gets 32. */
void id2_hmac_sha256(const uint8_t *key, size_t key_size, const uint8_t *data, size_t size, uint8_t *mac);

/* Take one block into the state. */
void id2_hash_block_md5(uint32_t *state, const uint8_t *block);
void id2_hash_block_sha1(uint32_t *state, const uint8_t *block);
void id2_hash_block_sha256(uint32_t *state, const uint8_t *block);
void id2_hash_block_sm3(uint32_t *state, const uint8_t *block);

#endif
