/* 3DES (FIPS 46-3), in the order encrypt, decrypt, encrypt; a key of 16 bytes is K1, K2, K1. */
#include <string.h>

#include "id2_cipher.h"

static const uint8_t FIRST[64] = {
    58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4,
    62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40, 32, 24, 16, 8,
    57, 49, 41, 33, 25, 17, 9,  1, 59, 51, 43, 35, 27, 19, 11, 3,
    61, 53, 45, 37, 29, 21, 13, 5, 63, 55, 47, 39, 31, 23, 15, 7};

static const uint8_t LAST[64] = {
    40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31,
    38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45, 13, 53, 21, 61, 29,
    36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27,
    34, 2, 42, 10, 50, 18, 58, 26, 33, 1, 41, 9,  49, 17, 57, 25};

static const uint8_t WIDEN[48] = {
    32, 1,  2,  3,  4,  5,  4,  5,  6,  7,  8,  9,  8,  9,  10, 11, 12, 13, 12, 13, 14, 15, 16, 17,
    16, 17, 18, 19, 20, 21, 20, 21, 22, 23, 24, 25, 24, 25, 26, 27, 28, 29, 28, 29, 30, 31, 32, 1};

static const uint8_t SPREAD[32] = {16, 7, 20, 21, 29, 12, 28, 17, 1,  15, 23, 26, 5,  18, 31, 10,
                                   2,  8, 24, 14, 32, 27, 3,  9,  19, 13, 30, 6,  22, 11, 4,  25};

static const uint8_t CHOICE_1[56] = {
    57, 49, 41, 33, 25, 17, 9,  1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
    63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4};

static const uint8_t CHOICE_2[48] = {
    14, 17, 11, 24, 1,  5,  3,  28, 15, 6,  21, 10, 23, 19, 12, 4,  26, 8,  16, 7,  27, 20, 13, 2,
    41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32};

static const uint8_t TURNS[16] = {1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1};

static const uint8_t BOXES[8][64] = {
    {14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7, 0, 15, 7, 4, 14, 2, 13, 1, 10, 6, 12, 11, 9, 5, 3, 8,
     4, 1, 14, 8, 13, 6, 2, 11, 15, 12, 9, 7, 3, 10, 5, 0, 15, 12, 8, 2, 4, 9, 1, 7, 5, 11, 3, 14, 10, 0, 6, 13},
    {15, 1, 8, 14, 6, 11, 3, 4, 9, 7, 2, 13, 12, 0, 5, 10, 3, 13, 4, 7, 15, 2, 8, 14, 12, 0, 1, 10, 6, 9, 11, 5,
     0, 14, 7, 11, 10, 4, 13, 1, 5, 8, 12, 6, 9, 3, 2, 15, 13, 8, 10, 1, 3, 15, 4, 2, 11, 6, 7, 12, 0, 5, 14, 9},
    {10, 0, 9, 14, 6, 3, 15, 5, 1, 13, 12, 7, 11, 4, 2, 8, 13, 7, 0, 9, 3, 4, 6, 10, 2, 8, 5, 14, 12, 11, 15, 1,
     13, 6, 4, 9, 8, 15, 3, 0, 11, 1, 2, 12, 5, 10, 14, 7, 1, 10, 13, 0, 6, 9, 8, 7, 4, 15, 14, 3, 11, 5, 2, 12},
    {7, 13, 14, 3, 0, 6, 9, 10, 1, 2, 8, 5, 11, 12, 4, 15, 13, 8, 11, 5, 6, 15, 0, 3, 4, 7, 2, 12, 1, 10, 14, 9,
     10, 6, 9, 0, 12, 11, 7, 13, 15, 1, 3, 14, 5, 2, 8, 4, 3, 15, 0, 6, 10, 1, 13, 8, 9, 4, 5, 11, 12, 7, 2, 14},
    {2, 12, 4, 1, 7, 10, 11, 6, 8, 5, 3, 15, 13, 0, 14, 9, 14, 11, 2, 12, 4, 7, 13, 1, 5, 0, 15, 10, 3, 9, 8, 6,
     4, 2, 1, 11, 10, 13, 7, 8, 15, 9, 12, 5, 6, 3, 0, 14, 11, 8, 12, 7, 1, 14, 2, 13, 6, 15, 0, 9, 10, 4, 5, 3},
    {12, 1, 10, 15, 9, 2, 6, 8, 0, 13, 3, 4, 14, 7, 5, 11, 10, 15, 4, 2, 7, 12, 9, 5, 6, 1, 13, 14, 0, 11, 3, 8,
     9, 14, 15, 5, 2, 8, 12, 3, 7, 0, 4, 10, 1, 13, 11, 6, 4, 3, 2, 12, 9, 5, 15, 10, 11, 14, 1, 7, 6, 0, 8, 13},
    {4, 11, 2, 14, 15, 0, 8, 13, 3, 12, 9, 7, 5, 10, 6, 1, 13, 0, 11, 7, 4, 9, 1, 10, 14, 3, 5, 12, 2, 15, 8, 6,
     1, 4, 11, 13, 12, 3, 7, 14, 10, 15, 6, 8, 0, 5, 9, 2, 6, 11, 13, 8, 1, 4, 10, 7, 9, 5, 0, 15, 14, 2, 3, 12},
    {13, 2, 8, 4, 6, 15, 11, 1, 10, 9, 3, 14, 5, 0, 12, 7, 1, 15, 13, 8, 10, 3, 7, 4, 12, 5, 6, 11, 0, 14, 9, 2,
     7, 11, 4, 1, 9, 12, 14, 2, 0, 6, 10, 13, 15, 3, 5, 8, 2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0, 3, 5, 6, 11}};

static uint8_t bit(const uint8_t *data, unsigned number)
{
    return (uint8_t)(data[(number - 1) / 8] >> (7 - (number - 1) % 8) & 1);
}

/* Output bit i is input bit table[i]; bits count from 1, the highest of the first byte first. */
static void permute(const uint8_t *table, size_t bits, const uint8_t *from, uint8_t *to)
{
    memset(to, 0, (bits + 7) / 8);
    for (size_t i = 0; i < bits; i++)
        to[i / 8] = (uint8_t)(to[i / 8] | bit(from, table[i]) << (7 - i % 8));
}

static uint32_t turn(uint32_t half, unsigned bits)
{
    return (half << bits | half >> (28 - bits)) & 0x0fffffffu;
}

static void expand(uint8_t keys[16][6], const uint8_t *key)
{
    uint8_t chosen[7];
    permute(CHOICE_1, 56, key, chosen);
    uint32_t high = (uint32_t)chosen[0] << 20 | (uint32_t)chosen[1] << 12 | (uint32_t)chosen[2] << 4 | chosen[3] >> 4;
    uint32_t low = (uint32_t)(chosen[3] & 0x0f) << 24 | (uint32_t)chosen[4] << 16 | (uint32_t)chosen[5] << 8 | chosen[6];
    for (size_t round = 0; round < 16; round++) {
        high = turn(high, TURNS[round]);
        low = turn(low, TURNS[round]);
        chosen[0] = (uint8_t)(high >> 20);
        chosen[1] = (uint8_t)(high >> 12);
        chosen[2] = (uint8_t)(high >> 4);
        chosen[3] = (uint8_t)(high << 4 | low >> 24);
        chosen[4] = (uint8_t)(low >> 16);
        chosen[5] = (uint8_t)(low >> 8);
        chosen[6] = (uint8_t)low;
        permute(CHOICE_2, 48, chosen, keys[round]);
    }
}

static void round_function(const uint8_t *key, const uint8_t *right, uint8_t *mixed)
{
    uint8_t wide[6];
    uint8_t narrow[4] = {0, 0, 0, 0};
    permute(WIDEN, 48, right, wide);
    for (size_t i = 0; i < 6; i++)
        wide[i] = (uint8_t)(wide[i] ^ key[i]);
    for (unsigned box = 0; box < 8; box++) {
        unsigned row = (unsigned)(bit(wide, 6 * box + 1) << 1 | bit(wide, 6 * box + 6));
        unsigned column = 0;
        for (unsigned i = 2; i < 6; i++)
            column = column << 1 | bit(wide, 6 * box + i);
        narrow[box / 2] = (uint8_t)(narrow[box / 2] | BOXES[box][16 * row + column] << (box % 2 ? 0 : 4));
    }
    permute(SPREAD, 32, narrow, mixed);
}

static void crypt(const uint8_t keys[16][6], uint8_t *block, int decrypt)
{
    uint8_t halves[8];
    permute(FIRST, 64, block, halves);
    for (size_t round = 0; round < 16; round++) {
        uint8_t mixed[4];
        round_function(keys[decrypt ? 15 - round : round], halves + 4, mixed);
        for (size_t i = 0; i < 4; i++) {
            uint8_t next = (uint8_t)(halves[i] ^ mixed[i]);
            halves[i] = halves[4 + i];
            halves[4 + i] = next;
        }
    }
    uint8_t swapped[8];
    memcpy(swapped, halves + 4, 4);
    memcpy(swapped + 4, halves, 4);
    permute(LAST, 64, swapped, block);
}

void id2_des3_expand(struct id2_cipher *cipher, const uint8_t *key, size_t size)
{
    expand(cipher->key.des[0], key);
    expand(cipher->key.des[1], key + 8);
    expand(cipher->key.des[2], size == 24 ? key + 16 : key);
}

void id2_des3_encrypt(const struct id2_cipher *cipher, uint8_t *block)
{
    crypt(cipher->key.des[0], block, 0);
    crypt(cipher->key.des[1], block, 1);
    crypt(cipher->key.des[2], block, 0);
}

void id2_des3_decrypt(const struct id2_cipher *cipher, uint8_t *block)
{
    crypt(cipher->key.des[2], block, 1);
    crypt(cipher->key.des[1], block, 0);
    crypt(cipher->key.des[0], block, 1);
}
