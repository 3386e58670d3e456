/* Records: framing, and MAC-then-encrypt with an explicit IV (RFC 5246 6.2). */
#include <string.h>

#include "itls.h"
#include "crypto/id2_mode.h"
#include "faults.h"
#include "id2_lock.h"
#include "ls_hal_crypt.h"
#include "ls_osa.h"

#define BLOCK 16u
#define WARNINGS_MAX 8u
#define EMPTY_MAX 16u
#define ALERT_SIZE 2u
#define WARNING 1u
#define FATAL 2u
#define INTERRUPTED (-1)
#define TIMED_OUT (-2)

static enum itls_result lost(struct itls *itls, const char *why)
{
    itls->ended = 1;
    itls->why = why;
    return ITLS_LOST;
}

/* Read until the record has this many bytes. What came stays, also when the time is over first. */
static enum itls_result need(struct itls *itls, uint32_t size, uint32_t timeout_ms)
{
    long long end = ls_osa_get_time_ms() + (long long)timeout_ms;
    while (itls->have < size) {
        int problem = 0;
        long long left = end - ls_osa_get_time_ms();
        if (left > (long long)timeout_ms)
            left = (long long)timeout_ms; /* the clock was set back */
        id2_leave();
        int got = ls_osa_net_recv(itls->fd, itls->record + itls->have, size - itls->have, left > 0 ? (int)left : 1,
                                  &problem);
        id2_enter();
        if (got == 0)
            return lost(itls, "the server ended the stream");
        if (got > 0) {
            itls->have += (uint32_t)got;
        } else if (problem == TIMED_OUT) {
            if (left <= 0 || ls_osa_get_time_ms() >= end)
                return ITLS_TIMEOUT;
        } else if (problem != INTERRUPTED) {
            return lost(itls, "connection reset by the server");
        }
    }
    return ITLS_OK;
}

/* Compare all of it, whatever differs first. */
static int is_equal(const uint8_t *one, const uint8_t *other, size_t size)
{
    uint8_t different = 0;
    for (size_t i = 0; i < size; i++)
        different = (uint8_t)(different | (one[i] ^ other[i]));
    return different == 0;
}

static void mac_of(const struct itls_direction *direction, uint64_t sequence, uint8_t kind, const uint8_t *plain,
                   uint32_t size, uint8_t mac[ITLS_MAC])
{
    struct id2_hmac hmac;
    uint8_t head[13];
    for (unsigned i = 0; i < 8; i++)
        head[i] = (uint8_t)(sequence >> (56 - 8 * i));
    head[8] = kind;
    head[9] = head[10] = 3;
    head[11] = (uint8_t)(size >> 8);
    head[12] = (uint8_t)size;
    id2_hmac_init(&hmac, ID2_HASH_SHA256, direction->mac, ITLS_MAC);
    id2_hmac_update(&hmac, head, sizeof head);
    id2_hmac_update(&hmac, plain, size);
    id2_hmac_finish(&hmac, mac);
}

/* How many bytes at the end are padding, its length byte included; 0 when it is wrong. */
static uint32_t padding_of(const uint8_t *opened, uint32_t size)
{
    uint32_t count = opened[size - 1] + 1u;
    if (count + ITLS_MAC > size)
        return 0;
    for (uint32_t i = size - count; i < size; i++)
        if (opened[i] != opened[size - 1] && !ID2_FAULT_IS(LINK_PADDING_UNCHECKED))
            return 0;
    return count;
}

static int mac_fits(const struct itls *itls, const uint8_t *plain, uint32_t size)
{
    uint8_t mac[ITLS_MAC];
    mac_of(&itls->in, itls->in.sequence, itls->kind, plain, size, mac);
    if (is_equal(mac, plain + size, ITLS_MAC))
        return 1;
    if (!ID2_FAULT_IS(LINK_SEQUENCE_UNCHECKED))
        return 0;
    mac_of(&itls->in, itls->in.sequence + 1, itls->kind, plain, size, mac);
    return is_equal(mac, plain + size, ITLS_MAC);
}

/* Decrypt a record in its place, and check it. Padding and MAC are refused alike. */
static enum itls_result open_record(struct itls *itls)
{
    struct id2_mode mode;
    uint8_t *payload = itls->record + ITLS_HEADER;
    uint32_t size = itls->have - ITLS_HEADER;
    const uint32_t least = BLOCK + (ITLS_MAC + 1 + BLOCK - 1) / BLOCK * BLOCK;
    if (size < least || size % BLOCK)
        return itls_refuse(itls, ITLS_BAD_RECORD_MAC, "a record's MAC or padding is wrong");
    if (id2_mode_init(&mode, ID2_MODE_CBC, ID2_CIPHER_AES, 0, itls->in.key, itls->in.key_size, payload) ||
        id2_mode_process(&mode, payload + BLOCK, payload + BLOCK, size - BLOCK))
        return itls_refuse(itls, ITLS_BAD_RECORD_MAC, "a record cannot be decrypted");
    uint8_t *opened = payload + BLOCK;
    uint32_t opened_size = size - BLOCK;
    uint32_t padding = padding_of(opened, opened_size);
    uint32_t plain_size = opened_size - ITLS_MAC - padding; /* as if there were none, when it is wrong */
    int right = mac_fits(itls, opened, plain_size);
    if (padding == 0 || (!right && !ID2_FAULT_IS(LINK_MAC_UNCHECKED)))
        return itls_refuse(itls, ITLS_BAD_RECORD_MAC, "a record's MAC or padding is wrong");
    itls->in.sequence++;
    itls->plain = opened;
    itls->plain_size = plain_size;
    return ITLS_OK;
}

/* The server's keys begin without a word: until they do, it may only refuse, in clear. */
static int is_in_clear(const struct itls *itls)
{
    if (!itls->in.on)
        return 1;
    return itls->in.sequence == 0 && itls->kind == ITLS_ALERTED && itls->have == ITLS_HEADER + ALERT_SIZE;
}

static enum itls_result check_header(struct itls *itls)
{
    const uint8_t *head = itls->record;
    if (head[0] < ITLS_CHANGE_CIPHER_SPEC || head[0] > ITLS_DATA)
        return itls_refuse(itls, ITLS_UNEXPECTED_MESSAGE, "a record of a type that there is not");
    if (head[1] != 3 || head[2] != 3)
        return itls_refuse(itls, ITLS_PROTOCOL_VERSION, "a record of another version");
    if (((uint32_t)head[3] << 8 | head[4]) > ITLS_RECORD_MAX)
        return itls_refuse(itls, ITLS_RECORD_OVERFLOW, "a record that is too long");
    return ITLS_OK;
}

static enum itls_result read_alert(struct itls *itls)
{
    if (itls->plain_size != ALERT_SIZE)
        return itls_refuse(itls, ITLS_DECODE_ERROR, "an alert of another size");
    itls->alert_level = itls->plain[0];
    itls->alert = itls->plain[1];
    if (itls->alert == ITLS_CLOSE_NOTIFY)
        return ITLS_CLOSED;
    if (itls->alert_level != WARNING) {
        itls->ended = 1;
        itls->why = "the server refuses";
        return ITLS_ALERT;
    }
    if (itls->on_warning != NULL)
        itls->on_warning(itls->alert_level, itls->alert);
    if (++itls->warnings > WARNINGS_MAX)
        return itls_refuse(itls, ITLS_UNEXPECTED_MESSAGE, "too many warnings");
    return ITLS_OK;
}

static enum itls_result check_content(struct itls *itls)
{
    if (itls->plain_size > itls->fragment_in)
        return itls_refuse(itls, ITLS_RECORD_OVERFLOW, "a record that is longer than was agreed");
    if (itls->kind == ITLS_CHANGE_CIPHER_SPEC || (itls->kind == ITLS_DATA && !itls->established))
        return itls_refuse(itls, ITLS_UNEXPECTED_MESSAGE, "a record where it has no place");
    if (itls->plain_size == 0 && (itls->kind != ITLS_DATA || ++itls->empty > EMPTY_MAX))
        return itls_refuse(itls, ITLS_UNEXPECTED_MESSAGE, "records without content");
    if (itls->plain_size)
        itls->empty = 0;
    return ITLS_OK;
}

/* Read a whole record and open it. */
static enum itls_result next_record(struct itls *itls, uint32_t timeout_ms)
{
    if (itls->plain != NULL) { /* the one before was used */
        itls->plain = NULL;
        itls->have = 0;
    }
    enum itls_result result = need(itls, ITLS_HEADER, timeout_ms);
    if (result == ITLS_OK)
        result = check_header(itls);
    if (result == ITLS_OK)
        result = need(itls, ITLS_HEADER + ((uint32_t)itls->record[3] << 8 | itls->record[4]), timeout_ms);
    if (result != ITLS_OK)
        return result;
    itls->kind = itls->record[0];
    if (!is_in_clear(itls))
        return open_record(itls);
    itls->plain = itls->record + ITLS_HEADER;
    itls->plain_size = itls->have - ITLS_HEADER;
    return ITLS_OK;
}

enum itls_result itls_read_record(struct itls *itls, uint32_t timeout_ms)
{
    for (;;) {
        enum itls_result result = next_record(itls, timeout_ms);
        if (result == ITLS_OK)
            result = check_content(itls);
        if (result == ITLS_OK && itls->kind == ITLS_ALERTED)
            result = read_alert(itls);
        if (result != ITLS_OK || (itls->kind != ITLS_ALERTED && itls->plain_size))
            return result;
    }
}

static enum itls_result send_all(struct itls *itls, uint8_t *data, size_t size)
{
    int problem = 0;
    return ls_osa_net_send(itls->fd, data, size, &problem) == (int)size ? ITLS_OK : lost(itls, "nothing can be sent");
}

/* Write IV, content, MAC and padding behind the header. Return the size of all that. */
static uint32_t seal(struct itls *itls, uint8_t kind, const uint8_t *data, uint32_t size, uint8_t *payload)
{
    struct id2_mode mode;
    uint8_t *plain = payload + BLOCK;
    if (!ID2_FAULT_IS(LINK_IV_REPEATS) || itls->out.sequence == 0)
        ls_hal_get_random(itls->iv, BLOCK);
    memcpy(payload, itls->iv, BLOCK);
    if (size)
        memcpy(plain, data, size);
    mac_of(&itls->out, itls->out.sequence, kind, plain, size, plain + size);
    itls->out.sequence++;
    uint32_t whole = size + ITLS_MAC;
    uint32_t count = BLOCK - whole % BLOCK;
    memset(plain + whole, (int)(count - 1), count);
    whole += count;
    id2_mode_init(&mode, ID2_MODE_CBC, ID2_CIPHER_AES, 1, itls->out.key, itls->out.key_size, itls->iv);
    id2_mode_process(&mode, plain, plain, whole);
    return BLOCK + whole;
}

enum itls_result itls_write_record(struct itls *itls, enum itls_kind kind, const uint8_t *data, size_t size)
{
    static uint8_t record[ITLS_HEADER + ITLS_RECORD_MAX]; /* one connection at a time; too large for a stack */
    size_t most = ID2_FAULT_IS(LINK_FRAGMENT_IGNORED) ? ITLS_PLAIN_MAX : itls->fragment_out;
    size_t at = 0;
    do {
        uint32_t count = (uint32_t)(size - at < most ? size - at : most);
        uint32_t payload = count;
        if (itls->out.on)
            payload = seal(itls, (uint8_t)kind, data + at, count, record + ITLS_HEADER);
        else if (count)
            memcpy(record + ITLS_HEADER, data + at, count);
        record[0] = (uint8_t)kind;
        record[1] = record[2] = 3;
        record[3] = (uint8_t)(payload >> 8);
        record[4] = (uint8_t)payload;
        enum itls_result result = send_all(itls, record, ITLS_HEADER + payload);
        if (result != ITLS_OK)
            return result;
        at += count;
    } while (at < size);
    return ITLS_OK;
}

static void send_alert(struct itls *itls, uint8_t level, uint8_t number)
{
    const uint8_t alert[ALERT_SIZE] = {level, number};
    const char *why = itls->why;
    if (!itls->ended)
        itls_write_record(itls, ITLS_ALERTED, alert, sizeof alert);
    itls->why = why; /* of the refusal, also when it cannot be told */
}

enum itls_result itls_refuse(struct itls *itls, enum itls_alert alert, const char *why)
{
    itls->why = why;
    itls->alert = (uint8_t)alert;
    if (alert != ITLS_NO_ALERT)
        send_alert(itls, FATAL, (uint8_t)alert);
    itls->ended = 1;
    return ITLS_REFUSED;
}

void itls_disconnect(struct itls *itls)
{
    send_alert(itls, WARNING, ITLS_CLOSE_NOTIFY);
    itls->ended = 1;
    if (itls->fd >= 0)
        ls_osa_net_disconnect(itls->fd);
    itls->fd = -1;
    memset(&itls->keys, 0, sizeof itls->keys);
    memset(&itls->in, 0, sizeof itls->in);
    memset(&itls->out, 0, sizeof itls->out);
}
