/* The handshake: two hellos, the server's code and secret, Finished both ways; and OTP data for a device without an ID2. */
#include <string.h>

#include "faults.h"
#include "id2_internal.h"
#include "id2_lock.h"
#include "itls.h"
#include "itls_hello.h"
#include "ls_hal_crypt.h"
#include "ls_osa.h"

#define MESSAGE_HEADER 4u
#define OTP_ROUNDS 4u
#define HELLO_MAX 1024u

/* What stands for the ID of a device without one. */
static const char NO_ID[] = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";
static const char WRAPPER_NO_ID[] = "FFFFFFFFFFFFFFFFFFFFFFFF";

enum itls_result itls_connect(struct itls *itls, const struct itls_place *place, const struct itls_device *device,
                              uint32_t timeout_ms)
{
    memset(itls, 0, sizeof *itls);
    itls->place = place;
    itls->device = device;
    itls->timeout_ms = timeout_ms;
    itls->fragment_in = itls->fragment_out = ITLS_PLAIN_MAX;
    id2_leave();
    itls->fd = ls_osa_net_connect(place->host, place->port, LS_NET_TYPE_TCP);
    id2_enter();
    if (itls->fd >= 0)
        return ITLS_OK;
    itls->ended = 1;
    itls->why = "no connection";
    return ITLS_LOST;
}

static enum itls_result give_up(struct itls *itls, const char *why)
{
    itls->why = why;
    return ITLS_DEVICE;
}

/* ---- messages */

static enum itls_result refuse(struct itls *itls, enum itls_alert alert, const char *why)
{
    itls_refuse(itls, alert, why);
    return ITLS_REFUSED;
}

/* Read the next handshake message; its body stays until the next call. */
static enum itls_result next_message(struct itls *itls, uint8_t *kind, const uint8_t **body, uint32_t *size)
{
    memmove(itls->message, itls->message + itls->taken, itls->message_size - itls->taken);
    itls->message_size -= itls->taken;
    itls->taken = 0;
    for (;;) {
        if (itls->message_size >= MESSAGE_HEADER) {
            const uint8_t *head = itls->message;
            *size = (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];
            if (*size > ITLS_MESSAGE_MAX - MESSAGE_HEADER)
                return refuse(itls, ITLS_DECODE_ERROR, "a message that is too long");
            if (itls->message_size >= MESSAGE_HEADER + *size) {
                *kind = head[0];
                *body = head + MESSAGE_HEADER;
                itls->taken = MESSAGE_HEADER + *size;
                return ITLS_OK;
            }
        }
        enum itls_result result = itls_read_record(itls, itls->timeout_ms);
        if (result == ITLS_TIMEOUT) {
            itls->why = "network receive data timeout";
            return ITLS_LOST;
        }
        if (result != ITLS_OK)
            return result;
        if (itls->plain_size > ITLS_MESSAGE_MAX - itls->message_size)
            return refuse(itls, ITLS_DECODE_ERROR, "messages that are too long");
        memcpy(itls->message + itls->message_size, itls->plain, itls->plain_size);
        itls->message_size += itls->plain_size;
    }
}

static enum itls_result expect(struct itls *itls, uint8_t wanted, const uint8_t **body, uint32_t *size)
{
    uint8_t kind = 0;
    enum itls_result result = next_message(itls, &kind, body, size);
    if (result == ITLS_OK && kind != wanted)
        return refuse(itls, ITLS_UNEXPECTED_MESSAGE, "a message out of order");
    return result;
}

static void hash_message(struct itls *itls, const uint8_t *message, uint32_t size)
{
    id2_hash_update(&itls->transcript, message, size);
}

static void transcript_now(const struct itls *itls, uint8_t digest[32])
{
    struct id2_hash hash = itls->transcript;
    id2_hash_finish(&hash, digest);
}

/* ---- what the device says */

static enum itls_result say_hello(struct itls *itls, const char *id, const uint8_t *code, uint32_t code_size,
                                  int as_wrapper, int counts)
{
    uint8_t message[HELLO_MAX];
    struct itls_client_hello hello = {itls->client_random, itls->place->product_key, id, code, code_size, as_wrapper};
    if ((!ID2_FAULT_IS(LINK_RANDOM_REPEATS) || !counts) && ls_hal_get_random(itls->client_random, ITLS_RANDOM))
        return give_up(itls, "no random numbers");
    uint32_t size = itls_write_client_hello(&hello, message, sizeof message);
    if (size == 0)
        return give_up(itls, "ProductKey or code too long");
    if (counts) {
        id2_hash_init(&itls->transcript, ID2_HASH_SHA256);
        hash_message(itls, message, size);
    }
    return itls_write_record(itls, ITLS_HANDSHAKE, message, size);
}

/* The first hello: of a device with an ID2, or of one that asks for one. */
static enum itls_result open_hello(struct itls *itls, int as_wrapper)
{
    char id[ID2_ID_MAX_LEN + 1];
    uint8_t code[ITLS_OTP_CODE_MAX];
    uint32_t size = sizeof code;
    irot_result_t found = as_wrapper ? IROT_ERROR_ITEM_NOT_FOUND : itls->device->get_id(id);
    if (found == IROT_SUCCESS)
        return say_hello(itls, id, NULL, 0, 0, 0);
    if (found != IROT_ERROR_ITEM_NOT_FOUND)
        return give_up(itls, "the ID2 cannot be read");
    if (itls->device->otp_code(itls->place->product_secret, code, &size) != IROT_SUCCESS)
        return give_up(itls, "no code to ask for an ID2");
    return say_hello(itls, as_wrapper ? WRAPPER_NO_ID : NO_ID, code, size, as_wrapper, 0);
}

static enum itls_result take_otp_data(struct itls *itls, struct itls_piece data)
{
    if (++itls->otp_rounds > OTP_ROUNDS)
        return refuse(itls, ITLS_UNEXPECTED_MESSAGE, "OTP data again and again");
    if (itls->device->load_otp(data.data, data.size) != IROT_SUCCESS)
        return refuse(itls, ITLS_HANDSHAKE_FAILURE, "OTP data is wrong");
    return ITLS_OK;
}

/* Wait for a challenge, taking OTP data before it. */
static enum itls_result wait_for_challenge(struct itls *itls, char challenge[ITLS_CHALLENGE + 1])
{
    for (;;) {
        const uint8_t *body;
        uint32_t size;
        uint16_t number;
        struct itls_piece data;
        enum itls_result result = expect(itls, ITLS_HELLO_VERIFY_REQUEST, &body, &size);
        if (result != ITLS_OK)
            return result;
        if (itls_read_verify_request(body, size, &number, &data) != ITLS_CLOSE_NOTIFY)
            return refuse(itls, ITLS_DECODE_ERROR, "HelloVerifyRequest that cannot be read");
        if (number == ITLS_OTP_DATA) {
            result = take_otp_data(itls, data);
            if (result == ITLS_OK)
                result = open_hello(itls, 0);
            if (result != ITLS_OK)
                return result;
            continue;
        }
        if (number != ITLS_SERVER_CHALLENGE)
            return refuse(itls, ITLS_UNSUPPORTED_EXTENSION, "HelloVerifyRequest with another extension");
        memset(challenge, 0, ITLS_CHALLENGE + 1);
        if (data.size != ITLS_CHALLENGE && !(ID2_FAULT_IS(LINK_TAKES_ANY_CHALLENGE) && data.size))
            return refuse(itls, ITLS_NO_ALERT, "a challenge of another size"); /* as the vendor's client does */
        memcpy(challenge, data.data, data.size < ITLS_CHALLENGE ? data.size : ITLS_CHALLENGE);
        return ITLS_OK;
    }
}

static enum itls_result answer_challenge(struct itls *itls, const char *challenge)
{
    char id[ID2_ID_MAX_LEN + 1];
    uint8_t code[ID2_MAX_AUTH_CODE_LEN];
    uint32_t size = sizeof code;
    if (itls->device->get_id(id) != IROT_SUCCESS || itls->device->auth_code(challenge, code, &size) != IROT_SUCCESS)
        return give_up(itls, "no auth code");
    return say_hello(itls, id, code, size, 0, 1);
}

/* ---- what the server says */

static enum itls_result check_code(struct itls *itls, struct itls_piece code)
{
    char random[2 * ITLS_RANDOM + 1];
    id2_hex_encode(itls->client_random, ITLS_RANDOM, random);
    if (code.data == NULL)
        return ID2_FAULT_IS(LINK_TAKES_MISSING_SERVER_CODE)
                   ? ITLS_OK
                   : itls_refuse(itls, ITLS_HANDSHAKE_FAILURE, "ServerHello with no server code");
    if (itls->device->verify_server(code.data, code.size, random) != IROT_SUCCESS &&
        !ID2_FAULT_IS(LINK_TAKES_WRONG_SERVER_CODE))
        return refuse(itls, ITLS_HANDSHAKE_FAILURE, "ServerHello with a wrong server code");
    return ITLS_OK;
}

static enum itls_result open_premaster(struct itls *itls, struct itls_piece sealed, uint8_t *premaster,
                                       uint32_t *size)
{
    uint32_t room = *size;
    *size = 0;
    if (sealed.data == NULL)
        return ID2_FAULT_IS(LINK_TAKES_MISSING_PREMASTER)
                   ? ITLS_OK
                   : itls_refuse(itls, ITLS_HANDSHAKE_FAILURE, "ServerHello without a pre-master secret");
    if (sealed.size && sealed.size <= room) {
        *size = room;
        if (itls->device->decrypt(sealed.data, sealed.size, premaster, size) != IROT_SUCCESS)
            return refuse(itls, ITLS_HANDSHAKE_FAILURE, "a pre-master secret that cannot be decrypted");
    }
    if (*size != ITLS_PREMASTER && !ID2_FAULT_IS(LINK_TAKES_SHORT_PREMASTER))
        return refuse(itls, ITLS_HANDSHAKE_FAILURE, "a pre-master secret of another size");
    return ITLS_OK;
}

static enum itls_result say_finished(struct itls *itls)
{
    uint8_t message[MESSAGE_HEADER + ITLS_FINISHED] = {ITLS_FINISHED_MESSAGE, 0, 0, ITLS_FINISHED};
    uint8_t digest[32];
    transcript_now(itls, digest);
    itls_finished(&itls->keys, "client finished", digest, message + MESSAGE_HEADER);
    hash_message(itls, message, sizeof message);
    return itls_write_record(itls, ITLS_HANDSHAKE, message, sizeof message);
}

static enum itls_result take_server_hello(struct itls *itls)
{
    struct itls_server_hello hello;
    uint8_t premaster[128];
    uint32_t premaster_size = sizeof premaster;
    const uint8_t *body;
    const char *why;
    uint32_t size;
    enum itls_result result = expect(itls, ITLS_SERVER_HELLO, &body, &size);
    if (result != ITLS_OK)
        return result;
    enum itls_alert alert = itls_read_server_hello(body, size, &hello, &why);
    if (alert != ITLS_CLOSE_NOTIFY)
        return refuse(itls, alert, why);
    result = check_code(itls, hello.code);
    if (result == ITLS_OK)
        result = open_premaster(itls, hello.premaster, premaster, &premaster_size);
    if (result != ITLS_OK)
        return result;
    if (itls->taken != itls->message_size)
        return refuse(itls, ITLS_UNEXPECTED_MESSAGE, "a message in clear after the ServerHello");
    if (hello.fragment.data != NULL)
        itls->fragment_in = itls->fragment_out = ITLS_FRAGMENT;
    hash_message(itls, itls->message, itls->taken);
    itls->suite = hello.suite;
    itls_derive(&itls->keys, hello.suite, premaster, premaster_size, itls->client_random, hello.random);
    memset(premaster, 0, sizeof premaster);
    itls->in = itls->keys.server;
    itls->out = itls->keys.client;
    itls->in.on = itls->out.on = 1;
    return say_finished(itls);
}

static enum itls_result take_finished(struct itls *itls)
{
    uint8_t expected[ITLS_FINISHED];
    uint8_t digest[32];
    const uint8_t *body;
    uint32_t size;
    uint8_t different = 0;
    enum itls_result result = expect(itls, ITLS_FINISHED_MESSAGE, &body, &size);
    if (result != ITLS_OK)
        return result;
    if (size != ITLS_FINISHED || itls->taken != itls->message_size)
        return refuse(itls, ITLS_DECODE_ERROR, "a Finished of another size");
    transcript_now(itls, digest);
    itls_finished(&itls->keys, "server finished", digest, expected);
    for (uint32_t i = 0; i < ITLS_FINISHED; i++)
        different = (uint8_t)(different | (expected[i] ^ body[i]));
    if (different && !ID2_FAULT_IS(LINK_TAKES_WRONG_FINISHED))
        return refuse(itls, ITLS_DECRYPT_ERROR, "the server's Finished does not fit");
    itls->established = 1;
    return ITLS_OK;
}

enum itls_result itls_provision(struct itls *itls)
{
    const uint8_t *body;
    uint32_t size;
    uint16_t number;
    struct itls_piece data;
    enum itls_result result = open_hello(itls, 1);
    if (result == ITLS_OK)
        result = expect(itls, ITLS_HELLO_VERIFY_REQUEST, &body, &size);
    if (result != ITLS_OK)
        return result;
    if (itls_read_verify_request(body, size, &number, &data) != ITLS_CLOSE_NOTIFY || number != ITLS_OTP_DATA)
        return refuse(itls, ITLS_UNSUPPORTED_EXTENSION, "HelloVerifyRequest without OTP data");
    result = take_otp_data(itls, data);
    itls->ended = 1; /* the wrapper hangs up without a word */
    return result;
}

enum itls_result itls_handshake(struct itls *itls)
{
    char challenge[ITLS_CHALLENGE + 1];
    enum itls_result result = open_hello(itls, 0);
    if (result == ITLS_OK)
        result = wait_for_challenge(itls, challenge);
    if (result == ITLS_OK)
        result = answer_challenge(itls, challenge);
    if (result == ITLS_OK)
        result = take_server_hello(itls);
    if (result == ITLS_OK)
        result = take_finished(itls);
    return result == ITLS_CLOSED ? ITLS_LOST : result;
}

/* ---- data */

enum itls_result itls_write(struct itls *itls, const uint8_t *data, size_t size)
{
    return itls->established && !itls->ended ? itls_write_record(itls, ITLS_DATA, data, size) : ITLS_LOST;
}

enum itls_result itls_read(struct itls *itls, uint32_t timeout_ms)
{
    enum itls_result result = itls_read_record(itls, timeout_ms);
    if (result == ITLS_OK && itls->kind != ITLS_DATA)
        return refuse(itls, ITLS_UNEXPECTED_MESSAGE, "a message in the middle of a session");
    return result;
}
