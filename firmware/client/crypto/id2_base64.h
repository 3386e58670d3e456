/* Standard base64 with padding, without line ends. */
#ifndef ID2_BASE64_H
#define ID2_BASE64_H

#include <stddef.h>
#include <stdint.h>

#define ID2_BASE64_SIZE(bytes) (((bytes) + 2u) / 3u * 4u)

/* Write the text of `size` bytes, without a NUL; return its length, which is ID2_BASE64_SIZE(size). */
size_t id2_base64_encode(const uint8_t *data, size_t size, uint8_t *text);

/* Write the bytes of a text and their number. Return 0, or -1 when it is no base64 or `room` is too small. */
int id2_base64_decode(const uint8_t *text, size_t length, uint8_t *data, size_t room, size_t *size);

#endif
