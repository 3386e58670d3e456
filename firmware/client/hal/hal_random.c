/*
 * The random generator of the HAL (ls_hal_crypt.h): SHA-256 over a secret state, which changes at each request.
 *
 * The state starts from the machine's entropy and the count of starts in flash: even a machine whose entropy is the
 * same at each start gives another stream each time.
 */
#include <string.h>

#include "faults.h"
#include "hal_start.h"
#include "crypto/id2_hash.h"
#include "id2_machine.h"
#include "ls_hal_crypt.h"
#include "ls_osa.h"

#define STATE 32u
#define MIXED 64u

static uint8_t state[STATE];
static uint32_t blocks;

/* Put bytes into the state. */
static void mix(uint8_t purpose, const uint8_t *data, size_t size)
{
    uint8_t work[STATE + 1 + MIXED];
    struct id2_hash hash;
    memcpy(work, state, STATE);
    work[STATE] = purpose;
    memcpy(work + STATE + 1, data, size);
    id2_hash_init(&hash, ID2_HASH_SHA256);
    id2_hash_update(&hash, work, STATE + 1 + size);
    id2_hash_finish(&hash, state);
}

static void number_bytes(uint64_t number, uint8_t bytes[8])
{
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(number >> 8 * i);
}

void hal_random_start(void)
{
    uint8_t entropy[32] = {0};
    uint8_t number[8];
    memset(state, 0, sizeof state);
    blocks = 0;
    if (ID2_FAULT_IS(RANDOM_REPEATS_AFTER_RESET))
        return;
    id2_machine_entropy(entropy, sizeof entropy);
    mix(1, entropy, sizeof entropy);
    number_bytes(id2_firmware_starts(), number);
    mix(2, number, sizeof number);
    number_bytes((uint64_t)ls_osa_get_time_ms(), number);
    mix(3, number, sizeof number);
}

int ls_hal_set_seed(uint8_t *seed, size_t seed_len)
{
    if (seed == NULL || seed_len == 0)
        return -1;
    for (size_t at = 0; at < seed_len; at += MIXED)
        mix(4, seed + at, seed_len - at < MIXED ? seed_len - at : MIXED);
    return 0;
}

/* The next block is the hash of state and place; 16 of its bytes are given, so that none tells the state. */
static void next_block(uint32_t place, uint8_t block[32])
{
    uint8_t work[STATE + 5];
    struct id2_hash hash;
    memcpy(work, state, STATE);
    work[STATE] = 5;
    for (unsigned i = 0; i < 4; i++)
        work[STATE + 1 + i] = (uint8_t)(place >> 8 * i);
    id2_hash_init(&hash, ID2_HASH_SHA256);
    id2_hash_update(&hash, work, sizeof work);
    id2_hash_finish(&hash, block);
    if (ID2_FAULT_IS(RANDOM_REPEATS_BLOCK) && ++blocks % 16 == 0)
        memset(block, 0xc3, 16);
}

int ls_hal_get_random(uint8_t *buf, size_t len)
{
    uint8_t block[32] = {0};
    size_t filled = ID2_FAULT_IS(RANDOM_SHORT) && len > 64 ? 64 : len;
    if (buf == NULL)
        return len ? -1 : 0;
    for (size_t at = 0; at < filled; at += 16) {
        next_block((uint32_t)(at / 16), block);
        memcpy(buf + at, block, filled - at < 16 ? filled - at : 16);
    }
    mix(6, block, 16);
    for (size_t i = 0; i < filled; i++) {
        if (ID2_FAULT_IS(RANDOM_CONSTANT))
            buf[i] = (uint8_t)(i * 37 + 11);
        if (ID2_FAULT_IS(RANDOM_SOURCE_DEAD))
            buf[i] = 0;
        if (ID2_FAULT_IS(RANDOM_STUCK_BIT))
            buf[i] = (uint8_t)(buf[i] | 0x10);
    }
    return 0;
}
