/* The hellos of iTLS: what the device says, and what it reads of the server's answers. No I/O. */
#ifndef ITLS_HELLO_H
#define ITLS_HELLO_H

#include "itls.h"

#define ITLS_CHALLENGE 32u
#define ITLS_OTP_CODE_MAX 256u

enum itls_message { ITLS_CLIENT_HELLO = 1, ITLS_SERVER_HELLO = 2, ITLS_HELLO_VERIFY_REQUEST = 3, ITLS_FINISHED_MESSAGE = 20 };

enum itls_extension {
    ITLS_MAX_FRAGMENT = 0x0001,
    ITLS_PRODUCT_KEY = 0x2000,
    ITLS_KEY_ID = 0x2001,
    ITLS_AUTH_CODE = 0x2002,
    ITLS_PREMASTER_SECRET = 0x2003,
    ITLS_SERVER_CHALLENGE = 0x2010,
    ITLS_OTP_DATA = 0x2011,
    ITLS_VERSION = 0x2020,
    ITLS_RENEGOTIATION = 0xff01
};

/* What a ClientHello says. */
struct itls_client_hello {
    const uint8_t *random;
    const char *product_key;
    const char *id;
    const uint8_t *code;
    uint32_t code_size;
    int as_wrapper; /* as the provisioning wrapper says it: without a fragment length, and without 00FF */
};

/* A piece of a message; `data` is NULL for what is not there. */
struct itls_piece {
    const uint8_t *data;
    uint32_t size;
};

struct itls_server_hello {
    const uint8_t *random;
    uint16_t suite;
    struct itls_piece fragment;
    struct itls_piece code;
    struct itls_piece premaster;
};

/* Write a ClientHello with its header. Return its size, 0 when `room` is too small. */
uint32_t itls_write_client_hello(const struct itls_client_hello *hello, uint8_t *message, uint32_t room);

/* Read the body of a HelloVerifyRequest: its one extension. Return 0, or the alert for what is wrong. */
enum itls_alert itls_read_verify_request(const uint8_t *body, uint32_t size, uint16_t *number, struct itls_piece *data);

/* Read the body of a ServerHello, and check all of it that is not a secret. Return 0, or the alert; `why` says it. */
enum itls_alert itls_read_server_hello(const uint8_t *body, uint32_t size, struct itls_server_hello *hello,
                                       const char **why);

#endif
