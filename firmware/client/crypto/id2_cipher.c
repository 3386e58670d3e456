#include "id2_cipher.h"

#include <string.h>

int id2_cipher_init(struct id2_cipher *cipher, enum id2_cipher_kind kind, const uint8_t *key, size_t size)
{
    memset(cipher, 0, sizeof *cipher);
    cipher->kind = (uint8_t)kind;
    if (kind == ID2_CIPHER_AES && (size == 16 || size == 24 || size == 32))
        id2_aes_expand(cipher, key, size);
    else if (kind == ID2_CIPHER_SM4 && size == 16)
        id2_sm4_expand(cipher, key);
    else if (kind == ID2_CIPHER_3DES && (size == 16 || size == 24))
        id2_des3_expand(cipher, key, size);
    else
        return -1;
    return 0;
}

size_t id2_cipher_block(const struct id2_cipher *cipher)
{
    return cipher->kind == ID2_CIPHER_3DES ? 8 : 16;
}

void id2_cipher_encrypt(const struct id2_cipher *cipher, const uint8_t *input, uint8_t *output)
{
    memmove(output, input, id2_cipher_block(cipher));
    if (cipher->kind == ID2_CIPHER_AES)
        id2_aes_encrypt(cipher, output);
    else if (cipher->kind == ID2_CIPHER_SM4)
        id2_sm4_crypt(cipher, output, 0);
    else
        id2_des3_encrypt(cipher, output);
}

void id2_cipher_decrypt(const struct id2_cipher *cipher, const uint8_t *input, uint8_t *output)
{
    memmove(output, input, id2_cipher_block(cipher));
    if (cipher->kind == ID2_CIPHER_AES)
        id2_aes_decrypt(cipher, output);
    else if (cipher->kind == ID2_CIPHER_SM4)
        id2_sm4_crypt(cipher, output, 1);
    else
        id2_des3_decrypt(cipher, output);
}
