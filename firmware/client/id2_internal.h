/* What the files of the client share. */
#ifndef ID2_INTERNAL_H
#define ID2_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "faults.h"
#include "id2_carrier.h"
#include "crypto/id2_hash.h"

#define ID2_DEVICE_RANDOM 16u            /* characters in an auth code */
#define ID2_SIGN_MAX (ID2_DIGEST_MAX + ID2_BLOCK_MAX)
#define ID2_SIGN (ID2_DIGEST_MAX + ID2_KEY_BLOCK)
#define ID2_CODE_ROOM 256u               /* the least buffer for an auth code */
#define ID2_HASH (ID2_FAMILY == ID2_FAMILY_SM4 ? ID2_HASH_SM3 : ID2_HASH_SHA256)
#define ID2_HASH_NUMBER (ID2_FAMILY == ID2_FAMILY_SM4 ? 3 : 2)

/* What state-dependent faults remember from call to call; a sound build writes it and never looks at it. */
struct id2_memory {
    int refused;              /* a call was refused since the first init */
    int timestamp_code_last;  /* the last call gave a timestamp code */
    uint8_t extra[ID2_MAX_EXTRA_LEN];
    uint32_t extra_size;      /* of a refused auth code */
    uint8_t leftover[ID2_DERIV_KEY_LEN];
    int has_leftover;         /* the last answer had 512 bytes */
    char type;                /* TYPE of the last code */
    int decrypt_refused;
    char seed[ID2_MAX_SEED_LEN + 1];
    int has_seed;             /* the last call encrypted under it */
    int short_buffers;
    int challenge_too_long;
    int verified;             /* 1: a code was right; 2: and init followed */
    char challenge[ID2_MAX_DEVICE_RANDOM_LEN];
    uint32_t challenge_size;
    int challenge_repeats;    /* cleanup followed */
    int decrypted_longest;
    int otp_refused;
};
extern struct id2_memory id2_memory;

/* Tell whether init was called more often than cleanup; log it when not. */
int id2_is_ready(const char *function);

/* Return the result of a function of the API; refusals are counted for the faults. */
irot_result_t id2_result(irot_result_t result);

/* Have the client ready for a few calls without a word on the console, and let it go again. Return 0 or -1. */
int id2_hold(void);
void id2_let_go(void);

/* Read the ID, once between init and cleanup. */
irot_result_t id2_read_id(char id[ID2_ID_MAX_LEN + 1]);

/* Forget what was read of ID and key: they are others now. */
void id2_forget_id(void);

/* SIGN of a message: its hash, padded, encrypted under the ID2 key; `sign` gets ID2_SIGN bytes. */
irot_result_t id2_sign(const uint8_t *message, size_t size, uint8_t sign[ID2_SIGN_MAX]);

/* The first bytes of HASH(SIGN(ID, seed)), which id2_client_derive_key gives. */
irot_result_t id2_derive(const char *seed, uint8_t *key, uint32_t size);

/* Check a code's arguments and make it: mode 0 challenge, 1 timestamp. */
irot_result_t id2_make_code(int mode, const char *random, const uint8_t *extra, uint32_t extra_size, uint8_t *code,
                            uint32_t *size);

/* PKCS#5: fill up to whole blocks; return the padded size. The buffer has room for a whole block more. */
uint32_t id2_pad(uint8_t *data, uint32_t size, uint32_t block);

/* PKCS#5: return the size without padding, or -1 when the padding is wrong. */
int32_t id2_unpad(const uint8_t *data, uint32_t size, uint32_t block);

/* Print a key, which only faults do. */
void id2_show_key(const uint8_t *key, uint32_t size);

/* Upper-case hex with a NUL at the end; decoding takes both cases and whole bytes only. */
void id2_hex_encode(const uint8_t *data, size_t size, char *text);
int id2_hex_decode(const char *text, size_t length, uint8_t *data, size_t room, uint32_t *size);

#endif
