/*
 * The flash on Linux: a file, written a word at a time. What was written when the process is killed is what was
 * programmed when the power went.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"
#include "id2_machine.h"
#include "linux_machine.h"

#define ERASE_STEP 256u

static int flash = -1;
static uint8_t image[ID2_FLASH_SIZE]; /* what stands in the file: read here, written there */

/* One of the faults keeps everything a second time, where erasing does not reach. */
#define SECOND ((off_t)ID2_FLASH_SIZE)

static int read_all(off_t begin)
{
    for (size_t at = 0; at < sizeof image;) {
        ssize_t got = pread(flash, image + at, sizeof image - at, begin + (off_t)at);
        if (got < 0)
            return -1;
        if (got == 0) {
            memset(image + at, 0xff, sizeof image - at);
            break;
        }
        at += (size_t)got;
    }
    return 0;
}

static int put(uint32_t address, const uint8_t *data, size_t size)
{
    if (pwrite(flash, data, size, (off_t)address) != (ssize_t)size)
        return -1;
    if (ID2_FAULT_IS(IDENTITY_OUTLIVES_ERASING) && pwrite(flash, data, size, SECOND + (off_t)address) != (ssize_t)size)
        return -1;
    memcpy(image + address, data, size);
    return 0;
}

int linux_flash_open(const char *path)
{
    flash = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return flash < 0 || read_all(ID2_FAULT_IS(IDENTITY_OUTLIVES_ERASING) ? SECOND : 0) ? -1 : 0;
}

int id2_machine_flash_erase(uint32_t block)
{
    uint8_t erased[ERASE_STEP];
    memset(erased, 0xff, sizeof erased);
    if (block >= ID2_FLASH_BLOCKS)
        return -1;
    for (uint32_t at = 0; at < ID2_FLASH_BLOCK; at += ERASE_STEP)
        if (put(block * ID2_FLASH_BLOCK + at, erased, ERASE_STEP))
            return -1;
    return 0;
}

int id2_machine_flash_program(uint32_t address, const void *data, uint32_t size)
{
    const uint8_t *bytes = data;
    if (address % ID2_FLASH_WORD || size % ID2_FLASH_WORD || address > ID2_FLASH_SIZE || size > ID2_FLASH_SIZE - address)
        return -1;
    for (uint32_t at = 0; at < size; at += ID2_FLASH_WORD) {
        uint8_t word[ID2_FLASH_WORD];
        for (uint32_t i = 0; i < ID2_FLASH_WORD; i++)
            word[i] = bytes[at + i] & image[address + at + i]; /* programming only clears bits */
        if (put(address + at, word, ID2_FLASH_WORD))
            return -1;
    }
    return 0;
}

int id2_machine_flash_read(uint32_t address, void *data, uint32_t size)
{
    if (address > ID2_FLASH_SIZE || size > ID2_FLASH_SIZE - address)
        return -1;
    memcpy(data, image + address, size);
    return 0;
}
