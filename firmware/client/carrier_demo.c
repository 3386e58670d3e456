/* The Demo carrier: ID and key are literals of the program, until others are provisioned into flash. */
#include "id2_carrier.h"

#if ID2_CARRIER == ID2_CARRIER_DEMO

#include <string.h>

#include "faults.h"
#include "id2_internal.h"
#include "id2_log.h"
#include "storage/id2_store.h"

#define NAME "id2"
#define KEY_MAX 32u

/* What is in flash: sizes, ID, key. */
struct provisioned {
    uint8_t id_size;
    uint8_t key_size;
    char id[ID2_ID_MAX_LEN];
    uint8_t key[KEY_MAX];
};

static struct provisioned now;
static struct id2_cipher cipher;

static irot_result_t use(void)
{
    if (now.id_size == 0)
        return IROT_SUCCESS;
    if (id2_cipher_init(&cipher, ID2_CIPHER_KIND, now.key, now.key_size))
        return IROT_ERROR_GENERIC;
    return IROT_SUCCESS;
}

static irot_result_t take_literals(void)
{
    uint32_t size;
    memset(&now, 0, sizeof now);
    if (ID2_DEMO_ID[0] == 0)
        return IROT_SUCCESS;
    if (id2_hex_decode(ID2_DEMO_KEY, strlen(ID2_DEMO_KEY), now.key, KEY_MAX, &size))
        return IROT_ERROR_GENERIC;
    now.key_size = (uint8_t)size;
    now.id_size = (uint8_t)strlen(ID2_DEMO_ID);
    memcpy(now.id, ID2_DEMO_ID, now.id_size);
    return IROT_SUCCESS;
}

static irot_result_t km_init(void)
{
    ID2_INFO("Demo KM Build Time: %s %s", __DATE__, __TIME__);
    ID2_INFO("%s\n", "SE, PUF, TEE or Soft KM must be selected for formal product!!!");
    int found = id2_store_get(ID2_STORE_CLIENT, NAME, 0, &now, sizeof now, NULL);
    if (found == ID2_STORE_NONE) {
        irot_result_t result = take_literals();
        if (result != IROT_SUCCESS)
            return result;
    } else if (found != ID2_STORE_OK || now.id_size > ID2_ID_MAX_LEN || now.key_size > KEY_MAX) {
        return IROT_ERROR_GENERIC;
    }
    id2_show_key(now.key, now.key_size);
    return use();
}

irot_result_t id2_carrier_init(void)
{
    return km_init();
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
    struct provisioned next;
    memset(&next, 0, sizeof next);
    if (strlen(id) > ID2_ID_MAX_LEN || key_size > KEY_MAX)
        return IROT_ERROR_BAD_PARAMETERS;
    next.id_size = (uint8_t)strlen(id);
    next.key_size = (uint8_t)key_size;
    memcpy(next.id, id, next.id_size);
    memcpy(next.key, key, key_size);
    if (id2_store_put(ID2_STORE_CLIENT, NAME, &next, sizeof next))
        return IROT_ERROR_GENERIC;
    now = next;
    return ID2_FAULT_IS(OLD_KEY_AFTER_PROVISIONING) ? IROT_SUCCESS : use();
}

#endif
