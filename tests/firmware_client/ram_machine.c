/* A machine of RAM: what the client of the tests runs on. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "id2_machine.h"
#include "ls_hal_crypt.h"
#include "ls_osa.h"

#define PRINTED_MAX 262144

uint8_t flash[ID2_FLASH_SIZE];
int words_left = 0x7fffffff; /* words that can still be programmed, blocks erased, before the power goes */
int forced_random = -1;
int blocks_taken;
int malloc_left = -1; /* blocks that can still be taken; negative for any number */
char printed[PRINTED_MAX];
int printed_size;

static int (*chip)(const char *line, char *answer, uint32_t size);
static char waiting[1024];
static int waiting_size;
static int waiting_at;

int id2_machine_flash_erase(uint32_t block)
{
    for (uint32_t at = 0; at < ID2_FLASH_BLOCK; at += 512) {
        if (words_left <= 0)
            return -1;
        words_left--;
        memset(flash + block * ID2_FLASH_BLOCK + at, 0xff, 512);
    }
    return 0;
}

int id2_machine_flash_program(uint32_t address, const void *data, uint32_t size)
{
    const uint8_t *bytes = data;
    if (address % 4 || size % 4 || address + size > ID2_FLASH_SIZE)
        abort();
    for (uint32_t at = 0; at < size; at += 4) {
        if (words_left <= 0)
            return -1;
        words_left--;
        for (uint32_t i = 0; i < 4; i++)
            flash[address + at + i] &= bytes[at + i];
    }
    return 0;
}

int id2_machine_flash_read(uint32_t address, void *data, uint32_t size)
{
    if (address + size > ID2_FLASH_SIZE)
        abort();
    memcpy(data, flash + address, size);
    return 0;
}

int id2_machine_entropy(uint8_t *data, uint32_t size)
{
    memset(data, 7, size);
    return 0;
}

int id2_machine_unique_id(uint8_t *data, uint32_t size)
{
    (void)data;
    (void)size;
    return -1;
}

void hal_random_start(void)
{
}

int ls_hal_get_random(uint8_t *buf, size_t len)
{
    static uint8_t next;
    for (size_t i = 0; i < len; i++)
        buf[i] = forced_random < 0 ? next++ : (uint8_t)forced_random;
    return 0;
}

void attach_chip(int (*exchange)(const char *line, char *answer, uint32_t size))
{
    chip = exchange;
    waiting_size = waiting_at = 0;
}

int id2_machine_chip_open(void)
{
    return chip == NULL ? -1 : 0;
}

void id2_machine_chip_close(void)
{
}

int id2_machine_chip_write(const uint8_t *data, uint32_t size)
{
    char line[1024];
    if (chip == NULL || size >= sizeof line)
        return -1;
    memcpy(line, data, size - 1);
    line[size - 1] = 0;
    waiting_size = chip(line, waiting, sizeof waiting);
    waiting_at = 0;
    return 0;
}

int id2_machine_chip_read(uint8_t *byte, uint32_t timeout_ms)
{
    (void)timeout_ms;
    if (chip == NULL)
        return -1;
    if (waiting_at >= waiting_size)
        return 0;
    *byte = (uint8_t)waiting[waiting_at++];
    return 1;
}

void ls_osa_print(const char *fmt, ...)
{
    va_list arguments;
    va_start(arguments, fmt);
    int size = vsnprintf(printed + printed_size, (size_t)(PRINTED_MAX - printed_size), fmt, arguments);
    va_end(arguments);
    if (size > 0 && printed_size + size < PRINTED_MAX)
        printed_size += size;
}

int ls_osa_snprintf(char *str, size_t size, const char *fmt, ...)
{
    va_list arguments;
    va_start(arguments, fmt);
    int written = vsnprintf(str, size, fmt, arguments);
    va_end(arguments);
    return written;
}

void *ls_osa_malloc(size_t size)
{
    if (malloc_left == 0)
        return NULL;
    if (malloc_left > 0)
        malloc_left--;
    blocks_taken++;
    return malloc(size);
}

void ls_osa_free(void *ptr)
{
    if (ptr != NULL)
        blocks_taken--;
    free(ptr);
}

void ls_osa_msleep(unsigned int msec)
{
    (void)msec;
}

long long ls_osa_get_time_ms(void)
{
    return (long long)time(NULL) * 1000;
}
