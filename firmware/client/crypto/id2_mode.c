#include "id2_mode.h"

#include <string.h>

#include "faults.h"

int id2_mode_init(struct id2_mode *mode, enum id2_mode_kind kind, enum id2_cipher_kind cipher, int encrypt,
                  const uint8_t *key, size_t key_size, const uint8_t *iv)
{
    memset(mode, 0, sizeof *mode);
    mode->kind = (uint8_t)kind;
    mode->encrypt = encrypt != 0;
    if (id2_cipher_init(&mode->cipher, cipher, key, key_size))
        return -1;
    if (kind != ID2_MODE_ECB)
        memcpy(mode->iv, iv, id2_cipher_block(&mode->cipher));
    return 0;
}

static void mix(uint8_t *to, const uint8_t *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)(to[i] ^ from[i]);
}

static void cbc_block(struct id2_mode *mode, const uint8_t *input, uint8_t *output, size_t block)
{
    uint8_t work[ID2_BLOCK_MAX];
    memcpy(work, input, block);
    if (mode->encrypt) {
        mix(work, mode->iv, block);
        id2_cipher_encrypt(&mode->cipher, work, output);
        memcpy(mode->iv, output, block);
    } else {
        id2_cipher_decrypt(&mode->cipher, work, output);
        mix(output, mode->iv, block);
        memcpy(mode->iv, work, block);
    }
}

static void count_up(uint8_t *counter, size_t block)
{
    for (size_t i = block; i-- > 0;)
        if (++counter[i] || ID2_FAULT_IS(CTR_CARRY_LOST))
            break;
}

static void stream_byte(struct id2_mode *mode, uint8_t input, uint8_t *output, size_t block)
{
    if (mode->used == 0) {
        id2_cipher_encrypt(&mode->cipher, mode->iv, mode->stream);
        if (mode->kind == ID2_MODE_CTR)
            count_up(mode->iv, block);
    }
    uint8_t result = (uint8_t)(input ^ mode->stream[mode->used]);
    if (mode->kind == ID2_MODE_CFB)
        mode->iv[mode->used] = mode->encrypt ? result : input;
    mode->used = (uint8_t)((mode->used + 1u) % block);
    *output = result;
}

/* Each byte takes a block of its own; the iv is the last 16 bytes of ciphertext. */
static void cfb8_byte(struct id2_mode *mode, uint8_t input, uint8_t *output, size_t block)
{
    id2_cipher_encrypt(&mode->cipher, mode->iv, mode->stream);
    uint8_t result = (uint8_t)(input ^ mode->stream[0]);
    memmove(mode->iv, mode->iv + 1, block - 1);
    mode->iv[block - 1] = mode->encrypt ? result : input;
    *output = result;
}

int id2_mode_process(struct id2_mode *mode, const uint8_t *input, uint8_t *output, size_t size)
{
    size_t block = id2_cipher_block(&mode->cipher);
    if (mode->kind == ID2_MODE_CFB8) {
        for (size_t i = 0; i < size; i++)
            cfb8_byte(mode, input[i], output + i, block);
        return 0;
    }
    if (mode->kind == ID2_MODE_CTR || mode->kind == ID2_MODE_CFB) {
        for (size_t i = 0; i < size; i++)
            stream_byte(mode, input[i], output + i, block);
        return 0;
    }
    if (size % block)
        return -1;
    uint8_t first_iv[ID2_BLOCK_MAX];
    memcpy(first_iv, mode->iv, sizeof first_iv);
    for (size_t at = 0; at < size; at += block) {
        if (mode->kind == ID2_MODE_CBC)
            cbc_block(mode, input + at, output + at, block);
        else if (mode->encrypt)
            id2_cipher_encrypt(&mode->cipher, input + at, output + at);
        else
            id2_cipher_decrypt(&mode->cipher, input + at, output + at);
    }
    if (ID2_FAULT_IS(CBC_IV_NOT_CHAINED))
        memcpy(mode->iv, first_iv, sizeof first_iv);
    return 0;
}
