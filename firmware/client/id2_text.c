/* Hex digits, padding, and what must never be printed. */
#include "crypto/id2_base64.h"
#include "faults.h"
#include "id2_internal.h"
#include "ls_osa.h"

static const char DIGITS[] = "0123456789ABCDEF";

void id2_hex_encode(const uint8_t *data, size_t size, char *text)
{
    for (size_t i = 0; i < size; i++) {
        *text++ = DIGITS[data[i] >> 4];
        *text++ = DIGITS[data[i] & 15];
    }
    *text = 0;
}

static int value_of(char letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    if (letter >= 'A' && letter <= 'F')
        return letter - 'A' + 10;
    if (letter >= 'a' && letter <= 'f')
        return letter - 'a' + 10;
    return -1;
}

int id2_hex_decode(const char *text, size_t length, uint8_t *data, size_t room, uint32_t *size)
{
    if (length % 2 || length / 2 > room)
        return -1;
    for (size_t i = 0; i < length / 2; i++) {
        int high = value_of(text[2 * i]);
        int low = value_of(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return -1;
        data[i] = (uint8_t)(high << 4 | low);
    }
    *size = (uint32_t)(length / 2);
    return 0;
}

uint32_t id2_pad(uint8_t *data, uint32_t size, uint32_t block)
{
    uint32_t count = block - size % block;
    for (uint32_t i = 0; i < count; i++)
        data[size + i] = (uint8_t)count;
    return size + count;
}

int32_t id2_unpad(const uint8_t *data, uint32_t size, uint32_t block)
{
    uint32_t count = data[size - 1];
    if (count == 0 && ID2_FAULT_IS(ZERO_PADDING_TAKEN))
        return (int32_t)size;
    if (count == 0 || count > block || count > size)
        return -1;
    for (uint32_t i = size - count; i < size; i++)
        if (data[i] != count)
            return -1;
    return (int32_t)(size - count);
}

void id2_show_key(const uint8_t *key, uint32_t size)
{
    char shown[2 * 32 + 1];
    if (size == 0 || size > 32)
        return;
    if (ID2_FAULT_IS(KEY_PRINTED)) {
        id2_hex_encode(key, size, shown);
        ls_osa_print("key: %s\n", shown);
    }
    if (ID2_FAULT_IS(KEY_PRINTED_BASE64)) {
        shown[id2_base64_encode(key, size, (uint8_t *)shown)] = '\0';
        ls_osa_print("key: %s\n", shown);
    }
    for (uint32_t i = 0; ID2_FAULT_IS(KEY_PRINTED_BYTES) && i < size; i++)
        ls_osa_print("0x%02x%s", key[i], i + 1 < size ? ", " : "\n");
}
