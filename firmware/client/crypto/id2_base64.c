#include "id2_base64.h"

static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t id2_base64_encode(const uint8_t *data, size_t size, uint8_t *text)
{
    size_t length = 0;
    for (size_t at = 0; at < size; at += 3) {
        size_t have = size - at < 3 ? size - at : 3;
        uint32_t group = (uint32_t)data[at] << 16;
        if (have > 1)
            group |= (uint32_t)data[at + 1] << 8;
        if (have > 2)
            group |= data[at + 2];
        for (size_t i = 0; i < 4; i++)
            text[length++] = (uint8_t)(i <= have ? LETTERS[group >> (18 - 6 * i) & 63] : '=');
    }
    return length;
}

static int value_of(uint8_t letter)
{
    for (int i = 0; i < 64; i++)
        if ((uint8_t)LETTERS[i] == letter)
            return i;
    return -1;
}

int id2_base64_decode(const uint8_t *text, size_t length, uint8_t *data, size_t room, size_t *size)
{
    *size = 0;
    if (length == 0 || length % 4)
        return -1;
    for (size_t at = 0; at < length; at += 4) {
        size_t have = 3;
        uint32_t group = 0;
        if (at + 4 == length && text[at + 3] == '=')
            have = text[at + 2] == '=' ? 1 : 2;
        for (size_t i = 0; i < 4; i++) {
            int value = i <= have ? value_of(text[at + i]) : 0;
            if (value < 0)
                return -1;
            group = group << 6 | (uint32_t)value;
        }
        if ((have == 1 && (group & 0xffff)) || (have == 2 && (group & 0xff)))
            return -1; /* bits behind the end */
        if (room - *size < have)
            return -1;
        for (size_t i = 0; i < have; i++)
            data[(*size)++] = (uint8_t)(group >> (16 - 8 * i));
    }
    return 0;
}
