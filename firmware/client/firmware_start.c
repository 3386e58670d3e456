#include "firmware_start.h"

#include "faults.h"
#include "hal/hal_start.h"
#include "id2_client.h"
#include "id2_config.h"
#include "id2_lock.h"
#include "id2_log.h"
#include "id2_machine.h"
#include "storage/id2_store.h"
#include "ls_hal_sst.h"
#if ID2_LINK
#include "link.h"
#endif

#define STARTS "starts"

static uint32_t starts;

uint32_t id2_firmware_starts(void)
{
    return starts;
}

static void count_start(void)
{
    if (id2_store_get(ID2_STORE_CLIENT, STARTS, 0, &starts, sizeof starts, NULL) != ID2_STORE_OK)
        starts = 0;
    starts++;
    id2_store_put(ID2_STORE_CLIENT, STARTS, &starts, sizeof starts);
}

void id2_firmware_prepare(void)
{
    for (uint32_t block = 0; ID2_FAULT_IS(FLASH_FORGETS) && block < ID2_FLASH_BLOCKS; block++)
        id2_machine_flash_erase(block);
    if (id2_store_mount())
        ID2_PRINT("%s", "the flash cannot be used");
    count_start();
    hal_random_start();
    hal_device_id_start();
    ls_hal_kv_init();
    hal_kv_start();
}

void id2_firmware_connect(void)
{
#if ID2_LINK
    link_start();
#endif
}

void id2_firmware_start(void)
{
    id2_enter();
    id2_firmware_prepare();
    int was_counted = id2_client_was_counted();
    if (ID2_HAL_TEST)
        id2_hal_test();
    if (ID2_APP)
        id2_app();
    if (was_counted)
        id2_client_init();
    id2_leave();
}
