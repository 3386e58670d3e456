/* From the pre-master secret to the keys of both directions, and Finished (RFC 5246 5, 6.3, 7.4.9, 8.1). */
#ifndef ITLS_KEYS_H
#define ITLS_KEYS_H

#include <stddef.h>
#include <stdint.h>

#define ITLS_RANDOM 32u
#define ITLS_PREMASTER 48u
#define ITLS_MASTER 48u
#define ITLS_MAC 32u     /* HMAC-SHA256 */
#define ITLS_KEY_MAX 32u /* AES-256 */
#define ITLS_FINISHED 12u

#define ITLS_AES_128_SHA256 0xd003u
#define ITLS_AES_256_SHA256 0xd004u

/* The keys of one direction. */
struct itls_direction {
    uint8_t mac[ITLS_MAC];
    uint8_t key[ITLS_KEY_MAX];
    uint8_t key_size;
    uint8_t on; /* records of this direction are under these keys */
    uint64_t sequence;
};

struct itls_keys {
    uint8_t master[ITLS_MASTER];
    struct itls_direction client;
    struct itls_direction server;
};

/* Derive everything; `premaster_size` is ITLS_PREMASTER unless a fault let another one through. */
void itls_derive(struct itls_keys *keys, uint16_t suite, const uint8_t *premaster, size_t premaster_size,
                 const uint8_t client_random[ITLS_RANDOM], const uint8_t server_random[ITLS_RANDOM]);

/* What Finished says: `label` is "client finished" or "server finished". */
void itls_finished(const struct itls_keys *keys, const char *label, const uint8_t transcript[32],
                   uint8_t verify[ITLS_FINISHED]);

#endif
