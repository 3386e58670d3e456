#include "itls_hello.h"

#include <string.h>

#include "faults.h"

#define FRAGMENT_1024 2u
#define EXTENSIONS_MAX 64u

/* ---- writing */

struct writer {
    uint8_t *data;
    uint32_t size;
    uint32_t room;
    int full;
};

static void put(struct writer *to, const void *data, uint32_t size)
{
    if (size > to->room - to->size) {
        to->full = 1;
        return;
    }
    if (size)
        memcpy(to->data + to->size, data, size);
    to->size += size;
}

static void put_number(struct writer *to, uint32_t number, unsigned bytes)
{
    for (unsigned i = bytes; i-- > 0;) {
        uint8_t byte = (uint8_t)(number >> 8 * i);
        put(to, &byte, 1);
    }
}

static void put_extension(struct writer *to, uint16_t number, const void *data, uint32_t size)
{
    put_number(to, number, 2);
    put_number(to, size, 2);
    put(to, data, size);
}

/* Write a length that was left open. */
static void close_length(struct writer *to, uint32_t at, unsigned bytes)
{
    uint32_t size = to->size - at - bytes;
    for (unsigned i = 0; i < bytes && !to->full; i++)
        to->data[at + i] = (uint8_t)(size >> 8 * (bytes - 1 - i));
}

uint32_t itls_write_client_hello(const struct itls_client_hello *hello, uint8_t *message, uint32_t room)
{
    static const uint8_t VERSION[4] = {0x00, 0x02, 0x01, 0x00};
    static const uint8_t GROUP[4] = {0x00, 0x10, 0x00, 0x10};
    struct writer to = {message, 0, room, 0};
    uint8_t key_id[sizeof GROUP + ID2_ID_MAX_LEN];
    uint32_t id_size = (uint32_t)strlen(hello->id);
    const uint8_t fragment = FRAGMENT_1024;
    if (id_size > ID2_ID_MAX_LEN)
        return 0;
    memcpy(key_id, GROUP, sizeof GROUP);
    memcpy(key_id + sizeof GROUP, hello->id, id_size);
    put_number(&to, ITLS_CLIENT_HELLO, 1);
    put_number(&to, 0, 3);
    put_number(&to, 0x0303, 2);
    put(&to, hello->random, ITLS_RANDOM);
    put_number(&to, 0, 1);
    put_number(&to, hello->as_wrapper ? 4 : 6, 2);
    put_number(&to, ITLS_AES_256_SHA256, 2);
    put_number(&to, ITLS_AES_128_SHA256, 2);
    if (!hello->as_wrapper)
        put_number(&to, 0x00ff, 2);
    put_number(&to, 0x0100, 2);
    uint32_t list = to.size;
    put_number(&to, 0, 2);
    if (!hello->as_wrapper)
        put_extension(&to, ITLS_MAX_FRAGMENT, &fragment, 1);
    put_extension(&to, ITLS_PRODUCT_KEY, hello->product_key, (uint32_t)strlen(hello->product_key));
    put_extension(&to, ITLS_KEY_ID, key_id, (uint32_t)sizeof GROUP + id_size);
    put_extension(&to, ITLS_AUTH_CODE, hello->code, hello->code_size);
    put_extension(&to, ITLS_VERSION, VERSION, sizeof VERSION);
    close_length(&to, list, 2);
    close_length(&to, 1, 3);
    return to.full ? 0 : to.size;
}

/* ---- reading */

struct reader {
    const uint8_t *data;
    uint32_t left;
    int torn; /* more was asked for than there was */
};

static const uint8_t *take(struct reader *from, uint32_t size)
{
    const uint8_t *data = from->data;
    if (from->torn || size > from->left) {
        from->torn = 1;
        return NULL;
    }
    from->data += size;
    from->left -= size;
    return data;
}

static uint32_t take_number(struct reader *from, unsigned bytes)
{
    const uint8_t *data = take(from, bytes);
    uint32_t number = 0;
    for (unsigned i = 0; data != NULL && i < bytes; i++)
        number = number << 8 | data[i];
    return number;
}

static struct itls_piece take_vector(struct reader *from, unsigned bytes)
{
    struct itls_piece piece = {NULL, take_number(from, bytes)};
    piece.data = take(from, piece.size);
    return piece;
}

enum itls_alert itls_read_verify_request(const uint8_t *body, uint32_t size, uint16_t *number, struct itls_piece *data)
{
    struct reader from = {body, size, 0};
    take(&from, 2); /* a version, of which nothing is said */
    *number = (uint16_t)take_number(&from, 2);
    *data = take_vector(&from, 2);
    return from.torn || from.left ? ITLS_DECODE_ERROR : ITLS_CLOSE_NOTIFY;
}

/* Put an extension where it belongs; refuse one that was not asked for, or that was there already. */
static enum itls_alert sort(struct itls_server_hello *hello, uint16_t number, struct itls_piece data, const char **why)
{
    struct itls_piece *place = NULL;
    if (number == ITLS_MAX_FRAGMENT)
        place = &hello->fragment;
    else if (number == ITLS_AUTH_CODE)
        place = &hello->code;
    else if (number == ITLS_PREMASTER_SECRET)
        place = &hello->premaster;
    else if ((number == ITLS_RENEGOTIATION && data.size == 1 && data.data[0] == 0) ||
             ID2_FAULT_IS(LINK_TAKES_UNASKED_EXTENSION))
        return ITLS_CLOSE_NOTIFY;
    if (place == NULL) {
        *why = "ServerHello with an extension that was not asked for";
        return ITLS_UNSUPPORTED_EXTENSION;
    }
    if (place->data != NULL) {
        *why = "ServerHello with an extension twice";
        return ITLS_ILLEGAL_PARAMETER;
    }
    *place = data;
    return ITLS_CLOSE_NOTIFY;
}

static enum itls_alert read_extensions(struct reader *list, struct itls_server_hello *hello, const char **why)
{
    for (uint32_t count = 0; list->left; count++) {
        uint16_t number = (uint16_t)take_number(list, 2);
        struct itls_piece data = take_vector(list, 2);
        if (list->torn || count == EXTENSIONS_MAX) {
            *why = "ServerHello with extensions that cannot be read";
            return ITLS_DECODE_ERROR;
        }
        enum itls_alert alert = sort(hello, number, data, why);
        if (alert != ITLS_CLOSE_NOTIFY)
            return alert;
    }
    return ITLS_CLOSE_NOTIFY;
}

static enum itls_alert check(const struct itls_server_hello *hello, uint32_t version, uint32_t compression,
                             const char **why)
{
    int known = hello->suite == ITLS_AES_256_SHA256 || hello->suite == ITLS_AES_128_SHA256;
    if (version != 0x0303) {
        *why = "ServerHello of another version";
        return ITLS_PROTOCOL_VERSION;
    }
    if (!known || (compression && !ID2_FAULT_IS(LINK_TAKES_ANY_COMPRESSION))) {
        *why = "ServerHello with a suite or compression that was not offered";
        return ITLS_ILLEGAL_PARAMETER;
    }
    if (hello->fragment.data != NULL && (hello->fragment.size != 1 || hello->fragment.data[0] != FRAGMENT_1024)) {
        *why = "ServerHello with another fragment length";
        return ITLS_ILLEGAL_PARAMETER;
    }
    return ITLS_CLOSE_NOTIFY;
}

enum itls_alert itls_read_server_hello(const uint8_t *body, uint32_t size, struct itls_server_hello *hello,
                                       const char **why)
{
    struct reader from = {body, size, 0};
    memset(hello, 0, sizeof *hello);
    *why = "ServerHello that cannot be read";
    uint32_t version = take_number(&from, 2);
    hello->random = take(&from, ITLS_RANDOM);
    struct itls_piece session = take_vector(&from, 1);
    hello->suite = (uint16_t)take_number(&from, 2);
    uint32_t compression = take_number(&from, 1);
    if (from.torn || session.size > 32)
        return ITLS_DECODE_ERROR;
    if (from.left) {
        struct itls_piece list = take_vector(&from, 2);
        if (from.torn || from.left)
            return ITLS_DECODE_ERROR;
        struct reader extensions = {list.data, list.size, 0};
        enum itls_alert alert = read_extensions(&extensions, hello, why);
        if (alert != ITLS_CLOSE_NOTIFY)
            return alert;
    }
    return check(hello, version, compression, why);
}
