/*
 * The device's side of one iTLS connection (TLS 1.2 with ID2 in the place of certificates), on a socket of the OSA.
 *
 * Everything that the server sends is hostile until it has proved itself: each length is checked before it is used, and
 * whatever is not as it must be ends the connection with an alert.
 */
#ifndef ITLS_H
#define ITLS_H

#include <stddef.h>
#include <stdint.h>

#include "itls_keys.h"
#include "crypto/id2_hash.h"
#include "id2_client.h"

#define ITLS_HEADER 5u
#define ITLS_PLAIN_MAX 16384u
#define ITLS_RECORD_MAX (ITLS_PLAIN_MAX + 2048u)
#define ITLS_FRAGMENT 1024u /* what is asked for */
#define ITLS_MESSAGE_MAX 2048u

/* How something on the connection ended. */
enum itls_result {
    ITLS_OK = 0,
    ITLS_TIMEOUT,  /* nothing came in time */
    ITLS_LOST,     /* the stream ended or was cut, or nobody answers */
    ITLS_CLOSED,   /* the server said close_notify */
    ITLS_ALERT,    /* the server ended it by a fatal alert: `alert` */
    ITLS_REFUSED,  /* this side ended it; the server was told why */
    ITLS_DEVICE    /* this device cannot go on: no code, no storage */
};

enum itls_kind { ITLS_CHANGE_CIPHER_SPEC = 20, ITLS_ALERTED = 21, ITLS_HANDSHAKE = 22, ITLS_DATA = 23 };

/* Alerts that this side sends. */
enum itls_alert {
    ITLS_CLOSE_NOTIFY = 0,
    ITLS_UNEXPECTED_MESSAGE = 10,
    ITLS_BAD_RECORD_MAC = 20,
    ITLS_RECORD_OVERFLOW = 22,
    ITLS_HANDSHAKE_FAILURE = 40,
    ITLS_ILLEGAL_PARAMETER = 47,
    ITLS_DECODE_ERROR = 50,
    ITLS_DECRYPT_ERROR = 51,
    ITLS_PROTOCOL_VERSION = 70,
    ITLS_UNSUPPORTED_EXTENSION = 110,
    ITLS_NO_ALERT = 255 /* the connection ends without one */
};

/* Where a connection leads, and as what. */
struct itls_place {
    const char *host;
    const char *port;
    const char *product_key;
    const char *product_secret;
};

/* The device's ID2, as the handshake needs it; each gives an irot result. A connection calls nothing else. */
struct itls_device {
    /* The ID as text with a NUL; IROT_ERROR_ITEM_NOT_FOUND without one. */
    irot_result_t (*get_id)(char id[ID2_ID_MAX_LEN + 1]);
    irot_result_t (*auth_code)(const char *challenge, uint8_t *code, uint32_t *size);
    irot_result_t (*verify_server)(const uint8_t *code, uint32_t size, const char *device_random);
    irot_result_t (*decrypt)(const uint8_t *data, uint32_t size, uint8_t *plain, uint32_t *plain_size);
    irot_result_t (*otp_code)(const char *token, uint8_t *code, uint32_t *size);
    irot_result_t (*load_otp)(const uint8_t *data, uint32_t size);
};

struct itls {
    int fd;
    const struct itls_place *place;
    const struct itls_device *device;
    uint32_t timeout_ms; /* for each word of the handshake */

    struct itls_direction in;
    struct itls_direction out;
    uint32_t fragment_in;
    uint32_t fragment_out;

    uint8_t record[ITLS_HEADER + ITLS_RECORD_MAX];
    uint32_t have; /* bytes of it that are there */
    uint8_t *plain; /* content of the last record */
    uint32_t plain_size;
    uint8_t kind;

    uint8_t message[ITLS_MESSAGE_MAX];
    uint32_t message_size; /* bytes of it that are there; may be more than one message */
    uint32_t taken;        /* bytes of it that were acted on */

    struct id2_hash transcript;
    uint8_t client_random[ITLS_RANDOM];
    uint8_t iv[16]; /* of the first record that was sent: one of the faults takes it again */
    struct itls_keys keys;
    uint16_t suite;
    uint8_t established;
    uint8_t ended; /* nothing more is sent */
    uint8_t warnings;
    uint8_t empty;
    uint8_t otp_rounds;
    uint8_t alert_level;
    uint8_t alert; /* of the server, after ITLS_ALERT; of this side after ITLS_REFUSED */
    const char *why; /* in words, after ITLS_REFUSED, ITLS_LOST and ITLS_DEVICE */
    void (*on_warning)(uint8_t level, uint8_t alert); /* told of each alert that is not fatal; may be NULL */
};

/* Connect. Return ITLS_OK or ITLS_LOST. */
enum itls_result itls_connect(struct itls *itls, const struct itls_place *place, const struct itls_device *device,
                              uint32_t timeout_ms);

/* Ask for an ID2 by one exchange without a handshake, as the vendor's wrapper does. */
enum itls_result itls_provision(struct itls *itls);

/* Make the handshake; a device without an ID2 asks for one in it. */
enum itls_result itls_handshake(struct itls *itls);

/* Send application data, in records of what was agreed. */
enum itls_result itls_write(struct itls *itls, const uint8_t *data, size_t size);

/* Wait for application data: `plain` and `plain_size` until the next call. */
enum itls_result itls_read(struct itls *itls, uint32_t timeout_ms);

/* Say close_notify where that is still possible, and hang up. */
void itls_disconnect(struct itls *itls);

/* ---- between the files of iTLS ---- */

/* Read the next record of any kind but warnings: `kind`, `plain`, `plain_size`. */
enum itls_result itls_read_record(struct itls *itls, uint32_t timeout_ms);

/* Send content in records of one kind. */
enum itls_result itls_write_record(struct itls *itls, enum itls_kind kind, const uint8_t *data, size_t size);

/* End the connection for a reason, and tell the server by an alert. Always returns ITLS_REFUSED. */
enum itls_result itls_refuse(struct itls *itls, enum itls_alert alert, const char *why);

#endif
