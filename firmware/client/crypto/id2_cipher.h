/* The block ciphers of ID²: AES, SM4 and 3DES, one block at a time. */
#ifndef ID2_CIPHER_H
#define ID2_CIPHER_H

#include <stddef.h>
#include <stdint.h>

#define ID2_BLOCK_MAX 16u

enum id2_cipher_kind { ID2_CIPHER_AES, ID2_CIPHER_SM4, ID2_CIPHER_3DES };

struct id2_cipher {
    uint8_t kind;
    uint8_t rounds; /* of AES: 10, 12, 14 */
    union {
        uint8_t aes[240];
        uint32_t sm4[32];
        uint8_t des[3][16][6];
    } key;
};

/* Expand a key. Return 0, or -1 for a size that the cipher does not have (AES 16, 24, 32; SM4 16; 3DES 16, 24). */
int id2_cipher_init(struct id2_cipher *cipher, enum id2_cipher_kind kind, const uint8_t *key, size_t size);

/* Return the size of a block: 16, or 8 for 3DES. */
size_t id2_cipher_block(const struct id2_cipher *cipher);

/* Encrypt or decrypt one block; input and output may be the same. */
void id2_cipher_encrypt(const struct id2_cipher *cipher, const uint8_t *input, uint8_t *output);
void id2_cipher_decrypt(const struct id2_cipher *cipher, const uint8_t *input, uint8_t *output);

/* The ciphers themselves. */
void id2_aes_expand(struct id2_cipher *cipher, const uint8_t *key, size_t size);
void id2_aes_encrypt(const struct id2_cipher *cipher, uint8_t *block);
void id2_aes_decrypt(const struct id2_cipher *cipher, uint8_t *block);
void id2_sm4_expand(struct id2_cipher *cipher, const uint8_t *key);
void id2_sm4_crypt(const struct id2_cipher *cipher, uint8_t *block, int decrypt);
void id2_des3_expand(struct id2_cipher *cipher, const uint8_t *key, size_t size);
void id2_des3_encrypt(const struct id2_cipher *cipher, uint8_t *block);
void id2_des3_decrypt(const struct id2_cipher *cipher, uint8_t *block);

#endif
