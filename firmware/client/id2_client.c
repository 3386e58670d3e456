/* The client's life: init and cleanup, version, ID, provisioning state. */
#include "id2_client.h"

#include <string.h>

#include "id2_internal.h"
#include "id2_log.h"
#include "storage/id2_store.h"
#include "firmware_start.h"
#if ID2_LINK
#include "link.h"
#endif

#define VERSION 0x00030100u
#define INITS "inits"

struct id2_memory id2_memory;

static uint32_t inits;
static char known_id[ID2_ID_MAX_LEN + 1];

int id2_is_ready(const char *function)
{
    if (inits)
        return 1;
    ID2_PRINT("%s %d: ERROR: id2 not inited.", function, __LINE__);
    return 0;
}

irot_result_t id2_result(irot_result_t result)
{
    if (result < 0)
        id2_memory.refused = 1;
    if (result == IROT_ERROR_SHORT_BUFFER)
        id2_memory.short_buffers++;
    return result;
}

void id2_forget_id(void)
{
    known_id[0] = 0;
}

irot_result_t id2_read_id(char id[ID2_ID_MAX_LEN + 1])
{
    if (ID2_FAULT_IS(SECOND_INIT_UNPROVISIONS) && inits > 1)
        return IROT_ERROR_ITEM_NOT_FOUND;
    if (known_id[0] == 0) {
        irot_result_t result = id2_carrier_get_id(known_id);
        if (result != IROT_SUCCESS) {
            known_id[0] = 0;
            ID2_ERROR("km get id fail, %d.", (int)result);
            return result;
        }
    }
    memcpy(id, known_id, sizeof known_id);
    return IROT_SUCCESS;
}

static void print_configuration(void)
{
    static const char LINE[] = "-------------------------------------------";
    ID2_PRINT("ID2 Client Version: 0x%08x", VERSION);
    ID2_PRINT("ID2 Client Build Time: %s %s", __DATE__, __TIME__);
    ID2_PRINT("%s", LINE);
    ID2_PRINT("CONFIG_ID2_DEBUG is %sdefined!", ID2_DEBUG ? "" : "not ");
    ID2_PRINT("CONFIG_ID2_OTP is %sdefined!", ID2_OTP ? "" : "not ");
    ID2_PRINT("CONFIG_ID2_KEY_TYPE: ID2_KEY_TYPE_%s", ID2_FAMILY_NAME);
    ID2_PRINT("%s", LINE);
}

/* What faults keep over cleanup and over a reset. */
static void note_init(void)
{
    id2_memory.refused = inits > 1 ? id2_memory.refused : 0;
    id2_memory.timestamp_code_last = 0;
    if (id2_memory.verified == 1)
        id2_memory.verified = 2;
    if (ID2_FAULT_IS(RESET_WHILE_COUNTED) && inits == 2)
        id2_store_put(ID2_STORE_CLIENT, INITS, "2", 1);
}

static void note_cleanup(void)
{
    id2_memory.challenge_repeats = inits == 0;
    if (ID2_FAULT_IS(RESET_WHILE_COUNTED) && inits == 1)
        id2_store_delete(ID2_STORE_CLIENT, INITS);
}

int id2_client_was_counted(void)
{
    return ID2_FAULT_IS(RESET_WHILE_COUNTED) && id2_store_delete(ID2_STORE_CLIENT, INITS) == ID2_STORE_OK;
}

int id2_hold(void)
{
    if (inits == 0) {
        if (id2_carrier_init() != IROT_SUCCESS)
            return -1;
        id2_forget_id();
    }
    inits++;
    return 0;
}

void id2_let_go(void)
{
    if (--inits == 0) {
        id2_carrier_cleanup();
        id2_forget_id();
    }
}

irot_result_t id2_client_init(void)
{
    print_configuration();
    if (inits) {
        if ((!ID2_FAULT_IS(INIT_COUNT_AFTER_ERROR) || !id2_memory.refused) && !ID2_FAULT_IS(INIT_NOT_COUNTED))
            inits++;
        id2_memory.refused = 0;
        ID2_INFO("id2 init count, %u", (unsigned)inits);
    } else {
        irot_result_t result = id2_carrier_init();
        if (result != IROT_SUCCESS) {
            ID2_ERROR("km init fail, %d.", (int)result);
            return IROT_ERROR_GENERIC;
        }
        id2_forget_id();
        inits = 1;
    }
    note_init();
    ID2_INFO("id2 irot type, %d", ID2_CARRIER);
    return IROT_SUCCESS;
}

irot_result_t id2_client_cleanup(void)
{
    if (inits == 0)
        return ID2_FAULT_IS(CLEANUP_NEEDS_INIT) ? IROT_ERROR_GENERIC : IROT_SUCCESS;
    inits--;
    note_cleanup();
    if (inits) {
        ID2_INFO("id2 init count, %u", (unsigned)inits);
        return IROT_SUCCESS;
    }
    if (!ID2_FAULT_IS(CODE_AFTER_CLEANUP) || !id2_memory.timestamp_code_last)
        id2_carrier_cleanup();
    if (!ID2_FAULT_IS(CODE_AFTER_CLEANUP) && !ID2_FAULT_IS(ID_AFTER_CLEANUP))
        id2_forget_id();
    return IROT_SUCCESS;
}

irot_result_t id2_client_get_version(uint32_t *version)
{
    if (!id2_is_ready(__func__))
        return id2_result(IROT_ERROR_GENERIC);
    if (version == NULL)
        return id2_result(IROT_ERROR_BAD_PARAMETERS);
    *version = VERSION;
    return IROT_SUCCESS;
}

static irot_result_t give_id(uint8_t *id, uint32_t *len)
{
    char text[ID2_ID_MAX_LEN + 1];
    if (id == NULL || (len == NULL && !ID2_FAULT_IS(LENGTH_POINTER_UNCHECKED)))
        return IROT_ERROR_BAD_PARAMETERS;
    if (*len < ID2_ID_MAX_LEN && !ID2_FAULT_IS(ID_CUT_TO_BUFFER)) {
        ID2_ERROR("short buffer, %u.", (unsigned)*len);
        if (!ID2_FAULT_IS(LENGTH_NOT_REPORTED))
            *len = ID2_ID_MAX_LEN;
        return IROT_ERROR_SHORT_BUFFER;
    }
    irot_result_t result = id2_read_id(text);
    if (result != IROT_SUCCESS)
        return result;
    uint32_t size = (uint32_t)strlen(text);
    if (ID2_FAULT_IS(ID_CUT_TO_BUFFER) && size > *len)
        size = *len;
    if (ID2_FAULT_IS(ID_SHORT_AFTER_SHORT_BUFFERS) && id2_memory.short_buffers >= 3)
        size--;
    if (id2_memory.short_buffers)
        id2_memory.short_buffers = 0;
    memcpy(id, text, size);
    *len = size;
    ID2_INFO("ID2: %s", text);
    return IROT_SUCCESS;
}

static int may_give_id(const char *function)
{
    if (ID2_FAULT_IS(ID_BEFORE_INIT) || (ID2_FAULT_IS(ID_AFTER_CLEANUP) && known_id[0]))
        return 1;
    return id2_is_ready(function);
}

irot_result_t id2_client_get_id(uint8_t *id, uint32_t *len)
{
    if (!may_give_id(__func__))
        return id2_result(IROT_ERROR_GENERIC);
    return id2_result(give_id(id, len));
}

irot_result_t id2_client_get_prov_stat(bool *is_prov)
{
    char id[ID2_ID_MAX_LEN + 1];
    if (!id2_is_ready(__func__))
        return id2_result(IROT_ERROR_GENERIC);
    if (is_prov == NULL)
        return id2_result(IROT_ERROR_BAD_PARAMETERS);
    irot_result_t result = id2_read_id(id);
    if (result != IROT_SUCCESS && result != IROT_ERROR_ITEM_NOT_FOUND)
        return id2_result(result);
    *is_prov = result == IROT_SUCCESS;
    if (ID2_FAULT_IS(STATE_AFTER_REFUSED_OTP_DATA) && id2_memory.otp_refused)
        *is_prov = !*is_prov;
    ID2_INFO("id2 prov state: %s", *is_prov ? "true" : "false");
    return IROT_SUCCESS;
}

irot_result_t id2_client_wrap_do_provisioning(const char *host, uint32_t port, const char *product_key,
                                              const char *product_secret, uint32_t timeout_ms)
{
    bool is_prov = false;
    if (!id2_is_ready(__func__))
        return id2_result(IROT_ERROR_GENERIC);
    if (host == NULL || port == 0 || product_key == NULL || product_secret == NULL)
        return id2_result(IROT_ERROR_BAD_PARAMETERS);
    irot_result_t result = id2_client_get_prov_stat(&is_prov);
    if (result != IROT_SUCCESS)
        return result;
    if (is_prov) {
        ID2_PRINT("%s", "id2 has been provisioned");
        return IROT_SUCCESS;
    }
    ID2_PRINT("%s", "id2 has not been provisioned, need to do provisioning!");
#if ID2_LINK
    return id2_result(link_provision(host, port, product_key, product_secret, timeout_ms));
#else
    (void)timeout_ms;
    return id2_result(IROT_ERROR_NOT_SUPPORTED); /* without the part `link`; OTP data can be loaded */
#endif
}

#if ID2_DEBUG
irot_result_t id2_client_set_id2_and_key(const char *id2, int key_type, const char *key_value)
{
    uint8_t key[ID2_DIGEST_MAX];
    uint32_t size;
    struct id2_cipher cipher;
    if (!id2_is_ready(__func__))
        return id2_result(IROT_ERROR_GENERIC);
    if (id2 == NULL || key_value == NULL || strlen(id2) < ID2_ID_MIN_LEN || strlen(id2) > ID2_ID_MAX_LEN ||
        id2_hex_decode(key_value, strlen(key_value), key, sizeof key, &size))
        return id2_result(IROT_ERROR_BAD_PARAMETERS);
    if (key_type != ID2_FAMILY || id2_cipher_init(&cipher, ID2_CIPHER_KIND, key, size))
        return id2_result(IROT_ERROR_NOT_SUPPORTED);
    irot_result_t result = id2_carrier_set(id2, key, size);
    id2_forget_id();
    return id2_result(result);
}
#endif
