/* Modes of the block ciphers, in pieces of any size where the mode allows it. */
#ifndef ID2_MODE_H
#define ID2_MODE_H

#include "id2_cipher.h"

enum id2_mode_kind { ID2_MODE_ECB, ID2_MODE_CBC, ID2_MODE_CTR, ID2_MODE_CFB, ID2_MODE_CFB8 };

struct id2_mode {
    struct id2_cipher cipher;
    uint8_t kind;
    uint8_t encrypt;
    uint8_t used; /* bytes of `stream` that were used: CTR and CFB go on in the middle of a block */
    uint8_t iv[ID2_BLOCK_MAX];
    uint8_t stream[ID2_BLOCK_MAX];
};

/* Start. `iv` has the size of a block; it is not read for ECB. Return 0, or -1 for a key size that there is not. */
int id2_mode_init(struct id2_mode *mode, enum id2_mode_kind kind, enum id2_cipher_kind cipher, int encrypt,
                  const uint8_t *key, size_t key_size, const uint8_t *iv);

/* Go on with `size` bytes; ECB and CBC take whole blocks. Input and output may be the same. Return 0, or -1. */
int id2_mode_process(struct id2_mode *mode, const uint8_t *input, uint8_t *output, size_t size);

#endif
