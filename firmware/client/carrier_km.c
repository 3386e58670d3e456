/*
 * The carriers of a Soft-KM and of a trusted application, for which this client stands where the carrier is a TEE: ID and
 * key in the key-value store of the HAL, empty until the device is provisioned.
 *
 * There are two copies. The older is written over, so that whenever the power goes one of them is whole. (The reserved
 * partition would do as well, but the harness writes all of it when it judges the port.)
 */
#include "id2_carrier.h"

#if ID2_CARRIER == ID2_CARRIER_KM || ID2_CARRIER == ID2_CARRIER_TEE

#include <string.h>

#include "faults.h"
#include "id2_internal.h"
#include "id2_log.h"
#include "id2_ta.h"
#include "ls_hal_sst.h"
#include "ls_osa.h"

#define MAGIC 0x4b4d4944u
#define COPIES 2
#define KEY_MAX 32u
#define NONE COPIES

static const char *const PLACES[COPIES] = {"id2_a", "id2_b"};

/* A copy in the store. `number` tells the newer of two; `check` is over everything before it. */
struct copy {
    uint32_t magic;
    uint32_t number;
    uint32_t id_size;
    uint32_t key_size;
    char id[ID2_ID_MAX_LEN];
    uint8_t key[KEY_MAX];
    uint8_t check[ID2_DIGEST_MAX];
};

static struct copy now;
static struct copy not_kept; /* what one of the faults has in memory alone */
static struct id2_cipher cipher;

static void check_of(const struct copy *copy, uint8_t check[ID2_DIGEST_MAX])
{
    struct id2_hash hash;
    id2_hash_init(&hash, ID2_HASH_SHA256);
    id2_hash_update(&hash, (const uint8_t *)copy, offsetof(struct copy, check));
    id2_hash_finish(&hash, check);
}

static int is_whole(const struct copy *copy)
{
    uint8_t check[ID2_DIGEST_MAX];
    if (copy->magic != MAGIC || copy->id_size > ID2_ID_MAX_LEN || copy->key_size > KEY_MAX)
        return 0;
    check_of(copy, check);
    return memcmp(check, copy->check, sizeof check) == 0;
}

/* Read the newer whole copy. Return its place, NONE for none, -1 when the store cannot be read. */
static int read_newest(struct copy *newest)
{
    struct copy copy;
    int place = NONE;
    if (ls_hal_kv_init() != SST_HAL_SUCCESS)
        return -1;
    for (int i = 0; i < COPIES; i++) {
        uint32_t size = sizeof copy;
        uint32_t result = ls_hal_kv_get(PLACES[i], &copy, &size);
        if (result != SST_HAL_SUCCESS && result != SST_HAL_ERROR_ITEM_NOT_FOUND)
            return -1;
        if (result == SST_HAL_SUCCESS && size == sizeof copy && is_whole(&copy) &&
            (place == NONE || (int32_t)(copy.number - newest->number) > 0)) {
            *newest = copy;
            place = i;
        }
    }
    return place;
}

static int write_copy(int place, const struct copy *copy)
{
    return ls_hal_kv_set(PLACES[place], copy, sizeof *copy) == SST_HAL_SUCCESS ? 0 : -1;
}

static irot_result_t use(void)
{
    return now.id_size && id2_cipher_init(&cipher, ID2_CIPHER_KIND, now.key, now.key_size) ? IROT_ERROR_GENERIC
                                                                                             : IROT_SUCCESS;
}

/* What one of the faults does at each start. */
static void write_anew(int place)
{
    static int done;
    if (!ID2_FAULT_IS(IDENTITY_LOST_ON_POWER_CUT) || done || place < 0 || place == NONE)
        return;
    done = 1;
    for (int i = 0; i < COPIES; i++)
        ls_hal_kv_del(PLACES[i]);
    ls_osa_msleep(1500);
    write_copy(place, &now);
}

/* What the factory put into a TEE; a Soft-KM is empty. */
static int take_literals(void)
{
    memset(&now, 0, sizeof now);
    if (ID2_CARRIER != ID2_CARRIER_TEE || ID2_DEMO_ID[0] == 0)
        return 0;
    if (id2_hex_decode(ID2_DEMO_KEY, strlen(ID2_DEMO_KEY), now.key, KEY_MAX, &now.key_size))
        return -1;
    now.id_size = (uint32_t)strlen(ID2_DEMO_ID);
    memcpy(now.id, ID2_DEMO_ID, now.id_size);
    return 0;
}

irot_result_t id2_carrier_init(void)
{
    memset(&now, 0, sizeof now);
    if (id2_ta_open())
        return IROT_ERROR_GENERIC;
    int place = read_newest(&now);
    if (place < 0) {
        ID2_ERROR("%s", "the storage of the ID2 cannot be read.");
        return IROT_ERROR_GENERIC;
    }
    write_anew(place);
    if (place == NONE && take_literals())
        return IROT_ERROR_GENERIC;
    id2_show_key(now.key, now.key_size);
    if (ID2_FAULT_IS(IDENTITY_NOT_KEPT))
        now = not_kept;
    return use();
}

void id2_carrier_cleanup(void)
{
    memset(&now, 0, sizeof now);
    memset(&cipher, 0, sizeof cipher);
}

irot_result_t id2_carrier_get_id(char id[ID2_ID_MAX_LEN + 1])
{
    if (now.id_size == 0)
        return IROT_ERROR_ITEM_NOT_FOUND;
    memcpy(id, now.id, now.id_size);
    id[now.id_size] = 0;
    return IROT_SUCCESS;
}

irot_result_t id2_carrier_cipher(int encrypt, const uint8_t *input, uint8_t *output, uint32_t size)
{
    if (now.id_size == 0)
        return IROT_ERROR_ITEM_NOT_FOUND;
    if (id2_ta_invoke())
        return IROT_ERROR_GENERIC;
    for (uint32_t at = 0; at < size; at += ID2_KEY_BLOCK) {
        if (encrypt)
            id2_cipher_encrypt(&cipher, input + at, output + at);
        else
            id2_cipher_decrypt(&cipher, input + at, output + at);
    }
    return IROT_SUCCESS;
}

irot_result_t id2_carrier_set(const char *id, const uint8_t *key, uint32_t key_size)
{
    struct copy next;
    struct copy newest;
    memset(&next, 0, sizeof next);
    if (strlen(id) > ID2_ID_MAX_LEN || key_size > KEY_MAX)
        return IROT_ERROR_BAD_PARAMETERS;
    if (id2_ta_invoke())
        return IROT_ERROR_GENERIC;
    int place = read_newest(&newest);
    if (place < 0)
        return IROT_ERROR_GENERIC;
    next.magic = MAGIC;
    next.number = place == NONE ? 1 : newest.number + 1;
    next.id_size = (uint32_t)strlen(id);
    next.key_size = key_size;
    memcpy(next.id, id, next.id_size);
    memcpy(next.key, key, key_size);
    check_of(&next, next.check);
    if (!ID2_FAULT_IS(IDENTITY_NOT_KEPT) && write_copy(place == 0 ? 1 : 0, &next))
        return IROT_ERROR_GENERIC;
    now = not_kept = next;
    return ID2_FAULT_IS(OLD_KEY_AFTER_PROVISIONING) ? IROT_SUCCESS : use();
}

#endif
