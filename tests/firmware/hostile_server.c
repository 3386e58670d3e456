/*
 * The link of the firmware against a server that is right but for one thing, made up anew in each round: a byte, a length,
 * a piece more or less, on the wire or inside a record that is sealed as it must be. It says nothing when all is well;
 * with ASan and UBSan it says where the client reads or writes what is not its own.
 *
 *     hostile-server ROUNDS [SEED]
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "id2_lock.h"
#include "itls.h"
#include "itls_hello.h"
#include "link_log.h"
#include "link_traffic.h"
#include "ls_hal_crypt.h"
#include "ls_osa.h"

#define STREAM_MAX 400000u
#define SILENCES_MAX 4

enum stage { OTP_DATA, VERIFY_REQUEST, SERVER_HELLO, FINISHED, CONNACK, SUBACK, PUBLISH, STAGES };

/* What is wrong in a round: at most one thing, in one stage. */
static struct {
    int stage; /* -1: nothing */
    int under_keys; /* in the content, before it is sealed */
    unsigned how;
    uint32_t place;
    uint8_t byte;
} wrong;

static struct {
    uint8_t stream[STREAM_MAX]; /* for the client, not yet read */
    uint32_t size;
    uint32_t read;
    int sends;
    int silences;
    int spoilt; /* the wrong thing has gone out */
    struct itls_keys keys;
    struct id2_hash transcript;
    uint8_t client_random[ITLS_RANDOM];
    uint8_t sealing; /* what is sent now is the server's own */
} server;

/* What the device is in a round. */
static struct {
    int has_id;
    int asks_alone; /* for an ID2 by one exchange, without a handshake */
} device;

static struct itls *client; /* on the heap, where nothing lies behind it */
static struct itls far;
static const uint8_t OTP[65] = "what the cloud answers to a device that has no ID2, 65 bytes long";
static const uint8_t PREMASTER[ITLS_PREMASTER] = "a secret that both sides know, 48 bytes long..";

static uint32_t drawn;

static uint32_t draw(uint32_t below)
{
    drawn = drawn * 1664525u + 1013904223u;
    return below ? (drawn >> 8) % below : 0;
}

/* What ASan cannot see: the buffers of a connection lie in one structure, and beyond one of them begins the next. */
static void must(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "the client %s\n", what);
        abort();
    }
}

static void check_client(void)
{
    must(client->have <= sizeof client->record, "has more of a record than there is room for");
    must(client->message_size <= sizeof client->message, "has more of a message than there is room for");
    must(client->taken <= client->message_size, "took more of its messages than have come");
}

/* What the device is given came in a message, and lies in it. */
static void check_piece(const uint8_t *data, uint32_t size)
{
    check_client();
    must(data >= client->message && size <= client->message_size &&
             (uint32_t)(data - client->message) <= client->message_size - size,
         "gives the device what lies outside of the message");
}

/* ---- what the client runs on */

void id2_enter(void)
{
}

void id2_leave(void)
{
}

int link_sdk(void)
{
    return 4;
}

void link_print(enum link_level level, const char *function, int line, unsigned code, const char *format, ...)
{
    (void)level, (void)function, (void)line, (void)code, (void)format;
}

void link_print_port(const char *function, int line, const char *format, ...)
{
    (void)function, (void)line, (void)format;
}

void link_print_bytes(char direction, const uint8_t *data, uint32_t size)
{
    volatile uint8_t seen = 0;
    (void)direction;
    for (uint32_t i = 0; i < size; i++)
        seen = data[i];
    (void)seen;
}

int ls_osa_snprintf(char *str, size_t size, const char *fmt, ...)
{
    va_list arguments;
    va_start(arguments, fmt);
    int written = vsnprintf(str, size, fmt, arguments);
    va_end(arguments);
    return written;
}

long long ls_osa_get_time_ms(void)
{
    static long long now;
    return now += 1 + (draw(50) == 0) * 3000;
}

int ls_hal_get_random(uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i++)
        buf[i] = (uint8_t)draw(256);
    return 0;
}

void id2_hex_encode(const uint8_t *data, size_t size, char *text)
{
    for (size_t i = 0; i < size; i++)
        sprintf(text + 2 * i, "%02X", data[i]);
}

int ls_osa_net_connect(const char *host, const char *port, int type)
{
    (void)host, (void)port, (void)type;
    return 7;
}

void ls_osa_net_disconnect(int fd)
{
    (void)fd;
}

int ls_osa_net_recv(int fd, unsigned char *buf, size_t len, int timeout, int *ret_orig)
{
    uint32_t left = server.size - server.read;
    uint32_t count = left < len ? left : (uint32_t)len;
    (void)fd, (void)timeout;
    *ret_orig = 0;
    check_client();
    must(buf >= client->record && len <= sizeof client->record - (size_t)(buf - client->record),
         "reads into what is no record");
    if (left == 0) {
        if (++server.silences > SILENCES_MAX)
            return 0;
        *ret_orig = -2;
        return -1;
    }
    if (count > 1 && draw(4) == 0)
        count = 1 + draw(count);
    memcpy(buf, server.stream + server.read, count);
    server.read += count;
    return (int)count;
}

/* ---- the server */

/* Bytes from the length of the last extension to the end of the message. */
static const uint32_t LAST_LENGTH[STAGES] = {2 + sizeof OTP, 2 + ITLS_CHALLENGE, 2 + ITLS_PREMASTER};

static uint32_t spoil(uint8_t *data, uint32_t size, uint32_t room)
{
    uint32_t at = size ? wrong.place % size : 0;
    server.spoilt = 1;
    switch (wrong.how % 8) {
    case 0:
        if (size)
            data[at] ^= wrong.byte ? wrong.byte : 1;
        return size;
    case 1:
        return at; /* the rest is missing */
    case 2:
        if (size < room) {
            memmove(data + at + 1, data + at, size - at);
            data[at] = wrong.byte;
            return size + 1;
        }
        return size;
    case 3:
        if (size) {
            memmove(data + at, data + at + 1, size - at - 1);
            return size - 1;
        }
        return size;
    case 4: { /* once more from some place on */
        uint32_t more = size - at < room - size ? size - at : room - size;
        memmove(data + size, data + at, more);
        return size + more;
    }
    case 5: /* a length that lies: of the last extension, or whatever stands there */
        if (LAST_LENGTH[wrong.stage] && LAST_LENGTH[wrong.stage] <= size && draw(2))
            at = size - LAST_LENGTH[wrong.stage];
        if (size - at > 1) {
            static const uint16_t LIES[] = {0xffff, 0x8000, 0x4001, 0x0801, 0x0100, 0x0000};
            uint16_t lie = LIES[draw(6)];
            data[at] = (uint8_t)(lie >> 8);
            data[at + 1] = (uint8_t)lie;
        }
        return size;
    case 6: { /* much more than there is room for */
        uint32_t more = 1 + draw(8) * 3000;
        more = more < room - size ? more : room - size;
        memmove(data + at + more, data + at, size - at);
        memset(data + at, wrong.byte, more);
        return size + more;
    }
    default: /* noise from some place on */
        for (uint32_t i = at; i < size; i++)
            data[i] = (uint8_t)draw(256);
        return size;
    }
}

/* Send content in records, spoilt where this round says so. */
static void say(int stage, enum itls_kind kind, const uint8_t *data, uint32_t size)
{
    static uint8_t content[60000];
    uint32_t before = server.size;
    memcpy(content, data, size);
    if (wrong.stage == stage && wrong.under_keys)
        size = spoil(content, size, sizeof content);
    server.sealing = 1;
    itls_write_record(&far, kind, content, size);
    server.sealing = 0;
    if (wrong.stage == stage && !wrong.under_keys)
        server.size = before + spoil(server.stream + before, server.size - before, STREAM_MAX - server.size);
}

static uint32_t number(uint8_t *to, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    return bytes;
}

static uint32_t extension(uint8_t *to, uint16_t kind, const void *data, uint32_t size)
{
    uint32_t at = number(to, kind, 2);
    at += number(to + at, size, 2);
    memcpy(to + at, data, size);
    return at + size;
}

static void say_verify_request(int stage, uint16_t kind, const void *data, uint32_t data_size)
{
    uint8_t message[128] = {ITLS_HELLO_VERIFY_REQUEST};
    uint32_t size = 4 + number(message + 4, 0x0303, 2);
    size += extension(message + size, kind, data, data_size);
    number(message + 1, size - 4, 3);
    say(stage, ITLS_HANDSHAKE, message, size);
}

/* The client's second hello stands in its record as it is. */
static void say_hello(const uint8_t *record, uint32_t record_size)
{
    uint8_t message[512] = {ITLS_SERVER_HELLO};
    uint8_t random[ITLS_RANDOM];
    const uint8_t fragment = 2;
    uint16_t suite = draw(2) ? ITLS_AES_128_SHA256 : ITLS_AES_256_SHA256;
    ls_hal_get_random(random, sizeof random);
    uint32_t size = 4 + number(message + 4, 0x0303, 2);
    memcpy(message + size, random, sizeof random);
    size += sizeof random;
    size += number(message + size, 0, 1);
    size += number(message + size, suite, 2);
    size += number(message + size, 0, 1);
    uint32_t list = size;
    size += 2;
    if (draw(2))
        size += extension(message + size, ITLS_MAX_FRAGMENT, &fragment, 1);
    size += extension(message + size, ITLS_AUTH_CODE, "a right code", 12);
    size += extension(message + size, ITLS_PREMASTER_SECRET, PREMASTER, sizeof PREMASTER);
    number(message + list, size - list - 2, 2);
    number(message + 1, size - 4, 3);
    memcpy(server.client_random, record + ITLS_HEADER + 6, ITLS_RANDOM);
    id2_hash_init(&server.transcript, ID2_HASH_SHA256);
    id2_hash_update(&server.transcript, record + ITLS_HEADER, record_size - ITLS_HEADER);
    id2_hash_update(&server.transcript, message, size);
    say(SERVER_HELLO, ITLS_HANDSHAKE, message, size);
    itls_derive(&server.keys, suite, PREMASTER, sizeof PREMASTER, server.client_random, random);
    far.out = server.keys.server;
    far.out.on = 1;
    far.fragment_out = ITLS_FRAGMENT;
}

static void say_finished(void)
{
    uint8_t message[4 + ITLS_FINISHED] = {ITLS_FINISHED_MESSAGE, 0, 0, ITLS_FINISHED};
    uint8_t digest[32];
    struct id2_hash hash = server.transcript;
    id2_hash_finish(&hash, digest);
    itls_finished(&server.keys, "client finished", digest, message + 4);
    id2_hash_update(&server.transcript, message, sizeof message);
    id2_hash_finish(&server.transcript, digest);
    itls_finished(&server.keys, "server finished", digest, message + 4);
    say(FINISHED, ITLS_HANDSHAKE, message, sizeof message);
}

static void say_publish(void)
{
    static uint8_t packet[20000] = {0x32};
    uint32_t payload = draw(17000);
    uint32_t length = 2 + 4 + 2 + payload;
    uint32_t at = 1;
    do {
        packet[at++] = (uint8_t)((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
        length >>= 7;
    } while (length);
    memcpy(packet + at, "\x00\x04/a/b\x00\x09", 8);
    memset(packet + at + 8, 'p', payload);
    say(PUBLISH, ITLS_DATA, packet, at + 8 + payload);
}

int ls_osa_net_send(int fd, unsigned char *buf, size_t len, int *ret_orig)
{
    (void)fd;
    *ret_orig = 0;
    if (server.sealing) {
        if (len > STREAM_MAX - server.size)
            return -1;
        memcpy(server.stream + server.size, buf, len);
        server.size += (uint32_t)len;
        return (int)len;
    }
    if (!device.has_id) {
        say_verify_request(OTP_DATA, ITLS_OTP_DATA, OTP, sizeof OTP);
        return (int)len;
    }
    switch (server.sends++) {
    case 0:
        say_verify_request(VERIFY_REQUEST, ITLS_SERVER_CHALLENGE, "0123456789ABCDEF0123456789ABCDEF", 32);
        break;
    case 1:
        say_hello(buf, (uint32_t)len);
        break;
    case 2:
        say_finished();
        break;
    case 3:
        say(CONNACK, ITLS_DATA, (const uint8_t *)"\x20\x02\x00\x00", 4);
        break;
    case 4:
        say(SUBACK, ITLS_DATA, (const uint8_t *)"\x90\x03\x00\x01\x01", 5);
        say_publish();
        say_publish();
        break;
    default:
        break;
    }
    return (int)len;
}

/* ---- the device */

static irot_result_t get_id(char id[ID2_ID_MAX_LEN + 1])
{
    strcpy(id, "0123456789ABCDEF01234567");
    return device.has_id ? IROT_SUCCESS : IROT_ERROR_ITEM_NOT_FOUND;
}

static irot_result_t auth_code(const char *challenge, uint8_t *code, uint32_t *size)
{
    *size = (uint32_t)strlen(challenge);
    memcpy(code, challenge, *size);
    return IROT_SUCCESS;
}

static irot_result_t verify_server(const uint8_t *code, uint32_t size, const char *device_random)
{
    check_piece(code, size);
    return size == 12 && memcmp(code, "a right code", 12) == 0 && strlen(device_random) == 64 ? IROT_SUCCESS
                                                                                            : IROT_ERROR_GENERIC;
}

static irot_result_t decrypt(const uint8_t *data, uint32_t size, uint8_t *plain, uint32_t *plain_size)
{
    check_piece(data, size);
    if (size > *plain_size)
        return IROT_ERROR_SHORT_BUFFER;
    memcpy(plain, data, size);
    *plain_size = size;
    return IROT_SUCCESS;
}

static irot_result_t otp_code(const char *token, uint8_t *code, uint32_t *size)
{
    (void)token;
    *size = *size < 200 ? *size : 200;
    memset(code, 'c', *size);
    return IROT_SUCCESS;
}

static irot_result_t load_otp(const uint8_t *data, uint32_t size)
{
    check_piece(data, size);
    if (size != sizeof OTP || memcmp(data, OTP, sizeof OTP) != 0)
        return draw(4) ? IROT_ERROR_GENERIC : IROT_SUCCESS; /* a success that leaves the device as it is */
    device.has_id = 1;
    return IROT_SUCCESS;
}

/* Play one round. Return whether the handshake came about. */
static int play(void)
{
    static const struct itls_device DEVICE = {get_id, auth_code, verify_server, decrypt, otp_code, load_otp};
    static const struct itls_place PLACE = {"host", "1883", "a1WO4Z9qHRw", "secret"};
    static const struct id2_link_settings SETTINGS = {
        "host", "1883", "a1WO4Z9qHRw", "secret", "device", "/a/b", "/a/c", 60, 1};
    enum itls_result result;
    int up = 0;
    memset(&server, 0, sizeof server);
    memset(&far, 0, sizeof far);
    far.fragment_out = ITLS_PLAIN_MAX;
    result = itls_connect(client, &PLACE, &DEVICE, 100);
    if (result == ITLS_OK && device.asks_alone)
        result = itls_provision(client);
    else if (result == ITLS_OK)
        result = itls_handshake(client);
    if (device.asks_alone) {
        if (wrong.stage < 0 && !(result == ITLS_OK && device.has_id)) {
            fprintf(stderr, "sound OTP data is refused: %s\n", client->why == NULL ? "?" : client->why);
            exit(1);
        }
        itls_disconnect(client);
        return 0;
    }
    check_client();
    int established = result == ITLS_OK;
    if (established)
        link_traffic(client, &SETTINGS, 5000, &result, &up);
    itls_disconnect(client);
    if (wrong.stage < 0 && !(established && up)) {
        fprintf(stderr, "a sound server is refused: %s\n", client->why == NULL ? "?" : client->why);
        exit(1);
    }
    return established;
}

int main(int count, char **words)
{
    long rounds = count > 1 ? strtol(words[1], NULL, 10) : 1000;
    long came_about = 0;
    client = malloc(sizeof *client);
    if (client == NULL)
        return 1;
    drawn = count > 2 ? (uint32_t)strtoul(words[2], NULL, 10) : 1;
    for (long round = 0; round < rounds; round++) {
        wrong.stage = round % 16 == 0 ? -1 : (int)draw(STAGES);
        wrong.under_keys = (int)draw(2);
        wrong.how = draw(8);
        wrong.place = draw(4) ? draw(100) : draw(20000);
        wrong.byte = (uint8_t)draw(256);
        device.has_id = wrong.stage == OTP_DATA || draw(3) == 0 ? 0 : 1;
        device.asks_alone = !device.has_id && draw(8) == 0;
        came_about += play();
        /* What is wrong in the server's Finished, or in its code and secret, must never come about. */
        if (wrong.stage == FINISHED && server.spoilt && client->established && wrong.how == 0) {
            fprintf(stderr, "round %ld: a Finished that was changed is taken\n", round);
            return 1;
        }
    }
    free(client);
    printf("%ld of %ld handshakes came about\n", came_about, rounds);
    return came_about ? 0 : 1;
}
