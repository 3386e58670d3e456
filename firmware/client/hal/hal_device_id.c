/* The device id of the HAL (ls_hal_km.h): the board's own bytes, or 12 random ones; kept in flash from the first start. */
#include <string.h>

#include "faults.h"
#include "hal_start.h"
#include "id2_machine.h"
#include "storage/id2_store.h"
#include "ls_hal_crypt.h"
#include "ls_hal_km.h"

#define SIZE 12u
#define NAME "device-id"

static uint8_t calls;

void hal_device_id_start(void)
{
    uint8_t id[SIZE];
    if (id2_store_get(ID2_STORE_CLIENT, NAME, 0, NULL, 0, NULL) != ID2_STORE_NONE)
        return;
    if (id2_machine_unique_id(id, SIZE) == 0 || ls_hal_get_random(id, SIZE) == 0)
        id2_store_put(ID2_STORE_CLIENT, NAME, id, SIZE);
}

int ls_hal_get_dev_id(uint8_t *dev_id, uint32_t *id_len)
{
    uint8_t id[SIZE];
    if (id_len == NULL)
        return -1;
    if (id2_store_get(ID2_STORE_CLIENT, NAME, 0, id, SIZE, NULL))
        return -1;
    if (ID2_FAULT_IS(DEVICE_ID_CHANGES))
        id[SIZE - 1] = (uint8_t)(id[SIZE - 1] + ++calls);
    if (ID2_FAULT_IS(DEVICE_ID_CHANGES_AFTER_RESET))
        id[SIZE - 1] = (uint8_t)(id[SIZE - 1] + id2_firmware_starts());
    if (dev_id == NULL || *id_len < SIZE) {
        if (ID2_FAULT_IS(DEVICE_ID_SHORT_BUFFER) && dev_id != NULL && *id_len) {
            memcpy(dev_id, id, *id_len);
            return 0;
        }
        *id_len = SIZE;
        return -1;
    }
    memcpy(dev_id, id, SIZE);
    *id_len = SIZE;
    return 0;
}
