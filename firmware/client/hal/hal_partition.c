/* The reserved partition of the HAL (ls_hal_km.h): 4 KB, and a write is there whole or not at all. */
#include <string.h>

#include "faults.h"
#include "storage/id2_store.h"
#include "ls_hal_km.h"
#include "ls_osa.h"

#define SIZE 4096u
#define NAME "partition"
#define OPEN_MAX 4

static int flags[OPEN_MAX];

int ls_hal_open_rsvd_part(int flag)
{
    if (flag <= 0 || (flag & ~(LS_HAL_READ | LS_HAL_WRITE)))
        return -1;
    for (int fd = 0; fd < OPEN_MAX; fd++) {
        if (flags[fd] == 0) {
            flags[fd] = flag;
            return fd;
        }
    }
    return -1;
}

static int is_open(int fd, int flag)
{
    return fd >= 0 && fd < OPEN_MAX && (flags[fd] & flag);
}

static int inside(uint32_t offset, uint32_t size)
{
    return offset <= SIZE && size <= SIZE - offset;
}

/* Read all of it; what was never written is FF. */
static int load(uint8_t *all)
{
    memset(all, 0xff, SIZE);
    int result = id2_store_get(ID2_STORE_PARTITION, NAME, 0, all, SIZE, NULL);
    return result == ID2_STORE_OK || result == ID2_STORE_NONE ? 0 : -1;
}

int ls_hal_write_rsvd_part(int fd, uint32_t offset, void *data, uint32_t data_len)
{
    if (!is_open(fd, LS_HAL_WRITE) || data == NULL)
        return -1;
    if (!inside(offset, data_len))
        return ID2_FAULT_IS(PARTITION_BEYOND_END) ? 0 : -1;
    uint8_t *all = ls_osa_malloc(SIZE);
    if (all == NULL)
        return -1;
    int result = load(all);
    if (ID2_FAULT_IS(PARTITION_OFF_BY_ONE) && offset && inside(offset + 1, data_len))
        offset++;
    if (result == 0) {
        memcpy(all + offset, data, data_len);
        if (ID2_FAULT_IS(PARTITION_LOST_ON_POWER_CUT)) {
            id2_store_delete(ID2_STORE_PARTITION, NAME);
            ls_osa_msleep(100);
        }
        result = id2_store_put(ID2_STORE_PARTITION, NAME, all, SIZE) ? -1 : 0;
    }
    ls_osa_free(all);
    return result;
}

int ls_hal_read_rsvd_part(int fd, uint32_t offset, void *buffer, uint32_t read_len)
{
    if (!is_open(fd, LS_HAL_READ) || buffer == NULL || !inside(offset, read_len))
        return -1;
    memset(buffer, 0xff, read_len);
    int result = id2_store_get(ID2_STORE_PARTITION, NAME, offset, buffer, read_len, NULL);
    return result == ID2_STORE_OK || result == ID2_STORE_NONE ? 0 : -1;
}

int ls_hal_close_rsvd_part(int fd)
{
    if (fd < 0 || fd >= OPEN_MAX || flags[fd] == 0)
        return -1;
    flags[fd] = 0;
    return 0;
}
