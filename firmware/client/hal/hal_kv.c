/* The key-value store of the HAL (ls_hal_sst.h). */
#include <string.h>

#include "faults.h"
#include "hal_start.h"
#include "id2_machine.h"
#include "storage/id2_store.h"
#include "ls_hal_sst.h"
#include "ls_osa.h"

#define VALUE_MAX 2048u
#define KEPT "kv-kept"
#define LAST "kv-last"

static int ready;

static uint32_t code_of(int result)
{
    switch (result) {
    case ID2_STORE_OK:
        return SST_HAL_SUCCESS;
    case ID2_STORE_NONE:
        return SST_HAL_ERROR_ITEM_NOT_FOUND;
    case ID2_STORE_FULL:
        return SST_HAL_ERROR_STORAGE_NO_SPACE;
    default:
        return SST_HAL_ERROR_GENERIC;
    }
}

/* The name of a key in the store. */
static int name_of(const char *key, char name[ID2_STORE_NAME_MAX + 1])
{
    size_t size = key == NULL ? 0 : strlen(key);
    if (size == 0 || size > ID2_STORE_NAME_MAX - 8)
        return -1;
    memcpy(name, key, size + 1);
    if (ID2_FAULT_IS(KV_FORGETS))
        ls_osa_snprintf(name + size, 9, "%08X", (unsigned)id2_firmware_starts());
    return 0;
}

uint32_t ls_hal_kv_init(void)
{
    ready = 1;
    return SST_HAL_SUCCESS;
}

void ls_hal_kv_deinit(void)
{
    ready = 0;
}

uint32_t ls_hal_kv_set(const char *key, const void *value, uint32_t len)
{
    char name[ID2_STORE_NAME_MAX + 1];
    if (!ready)
        return SST_HAL_ERROR_GENERIC;
    if (value == NULL || len == 0 || name_of(key, name))
        return SST_HAL_ERROR_BAD_PARAMETERS;
    if (len > VALUE_MAX)
        return SST_HAL_ERROR_STORAGE_NO_SPACE;
    if (ID2_FAULT_IS(KV_TRUNCATES) && len > 64)
        len = 64;
    if (ID2_FAULT_IS(KV_LOSES_LAST_WRITE))
        id2_store_put(ID2_STORE_CLIENT, LAST, name, (uint32_t)strlen(name) + 1);
    return code_of(id2_store_put(ID2_STORE_KV, name, value, len));
}

uint32_t ls_hal_kv_get(const char *key, void *buffer, uint32_t *buffer_len)
{
    char name[ID2_STORE_NAME_MAX + 1];
    uint32_t size;
    if (!ready)
        return SST_HAL_ERROR_GENERIC;
    if (buffer_len == NULL || (buffer == NULL && *buffer_len) || name_of(key, name))
        return SST_HAL_ERROR_BAD_PARAMETERS;
    int result = id2_store_get(ID2_STORE_KV, name, 0, NULL, 0, &size);
    if (result)
        return code_of(result);
    if (*buffer_len < size) {
        *buffer_len = size;
        return SST_HAL_ERROR_SHORT_BUFFER;
    }
    *buffer_len = size;
    return code_of(id2_store_get(ID2_STORE_KV, name, 0, buffer, size, NULL));
}

/* Remember a value that is deleted, so that the fault can bring it back. */
static void keep(const char *name)
{
    uint32_t size;
    if (id2_store_get(ID2_STORE_KV, name, 0, NULL, 0, &size))
        return;
    uint8_t *copy = ls_osa_malloc(ID2_STORE_NAME_MAX + 1 + size);
    if (copy == NULL)
        return;
    memset(copy, 0, ID2_STORE_NAME_MAX + 1);
    memcpy(copy, name, strlen(name));
    if (id2_store_get(ID2_STORE_KV, name, 0, copy + ID2_STORE_NAME_MAX + 1, size, NULL) == ID2_STORE_OK)
        id2_store_put(ID2_STORE_CLIENT, KEPT, copy, ID2_STORE_NAME_MAX + 1 + size);
    ls_osa_free(copy);
}

uint32_t ls_hal_kv_del(const char *key)
{
    char name[ID2_STORE_NAME_MAX + 1];
    if (!ready)
        return SST_HAL_ERROR_GENERIC;
    if (name_of(key, name))
        return SST_HAL_ERROR_BAD_PARAMETERS;
    if (ID2_FAULT_IS(KV_KEEPS_DELETED))
        keep(name);
    return code_of(id2_store_delete(ID2_STORE_KV, name));
}

/* What two of the faults do at a start. */
static void bring_back(void)
{
    uint32_t size;
    if (id2_store_get(ID2_STORE_CLIENT, KEPT, 0, NULL, 0, &size))
        return;
    uint8_t *copy = ls_osa_malloc(size);
    if (copy == NULL)
        return;
    if (id2_store_get(ID2_STORE_CLIENT, KEPT, 0, copy, size, NULL) == ID2_STORE_OK)
        id2_store_put(ID2_STORE_KV, (const char *)copy, copy + ID2_STORE_NAME_MAX + 1, size - ID2_STORE_NAME_MAX - 1);
    ls_osa_free(copy);
    id2_store_delete(ID2_STORE_CLIENT, KEPT);
}

void hal_kv_start(void)
{
    char name[ID2_STORE_NAME_MAX + 1];
    if (ID2_FAULT_IS(KV_KEEPS_DELETED))
        bring_back();
    if (ID2_FAULT_IS(KV_LOSES_LAST_WRITE) &&
        id2_store_get(ID2_STORE_CLIENT, LAST, 0, name, sizeof name, NULL) == ID2_STORE_OK) {
        id2_store_delete(ID2_STORE_KV, name);
        id2_store_delete(ID2_STORE_CLIENT, LAST);
    }
}
