#include "id2_hash.h"

#include <string.h>

#include "faults.h"

static const uint32_t START[4][8] = {
    {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0, 0, 0, 0},
    {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u, 0, 0, 0},
    {0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au, 0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u},
    {0x7380166fu, 0x4914b2b9u, 0x172442d7u, 0xda8a0600u, 0xa96f30bcu, 0x163138aau, 0xe38dee4du, 0xb0fb0e4eu}};

size_t id2_hash_size(enum id2_hash_kind kind)
{
    return kind == ID2_HASH_MD5 ? 16 : kind == ID2_HASH_SHA1 ? 20 : 32;
}

void id2_hash_init(struct id2_hash *hash, enum id2_hash_kind kind)
{
    memset(hash, 0, sizeof *hash);
    hash->kind = (uint8_t)kind;
    memcpy(hash->state, START[kind], sizeof hash->state);
}

static void take_block(struct id2_hash *hash)
{
    switch (hash->kind) {
    case ID2_HASH_MD5:
        id2_hash_block_md5(hash->state, hash->block);
        break;
    case ID2_HASH_SHA1:
        id2_hash_block_sha1(hash->state, hash->block);
        break;
    case ID2_HASH_SHA256:
        id2_hash_block_sha256(hash->state, hash->block);
        break;
    default:
        id2_hash_block_sm3(hash->state, hash->block);
        break;
    }
}

static void take(struct id2_hash *hash, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        hash->block[hash->length % 64] = data[i];
        hash->length++;
        if (hash->length % 64 == 0)
            take_block(hash);
    }
}

void id2_hash_update(struct id2_hash *hash, const uint8_t *data, size_t size)
{
    if (ID2_FAULT_IS(SHA256_PIECES_WRONG) && hash->kind == ID2_HASH_SHA256)
        hash->length -= hash->length % 64;
    take(hash, data, size);
}

void id2_hash_finish(struct id2_hash *hash, uint8_t *digest)
{
    static const uint8_t END = 0x80;
    static const uint8_t ZERO = 0;
    uint64_t bits = hash->length * 8;
    uint32_t rest = (uint32_t)(hash->length % 64);
    take(hash, &END, 1);
    if (ID2_FAULT_IS(SM3_TAIL_WRONG) && hash->kind == ID2_HASH_SM3 && rest == 56)
        hash->length -= 1; /* leaves the end mark out */
    else
        while (hash->length % 64 != 56)
            take(hash, &ZERO, 1);
    for (unsigned i = 0; i < 8; i++) {
        unsigned shift = hash->kind == ID2_HASH_MD5 ? 8 * i : 56 - 8 * i;
        uint8_t byte = (uint8_t)(bits >> shift);
        take(hash, &byte, 1);
    }
    for (size_t i = 0; i < id2_hash_size((enum id2_hash_kind)hash->kind); i++) {
        size_t shift = hash->kind == ID2_HASH_MD5 ? 8 * (i % 4) : 24 - 8 * (i % 4);
        digest[i] = (uint8_t)(hash->state[i / 4] >> shift);
    }
}
