/* The OSA on the bare board: one task, no threads and no network. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "faults.h"
#include "heap.h"
#include "ls_osa.h"
#include "mps2_an385.h"
#include "platform/platform.h"

#define TEXT_MAX 1536
#ifndef ID2_CLOCK_OFFSET_S /* seconds that the clock is wrong by */
#define ID2_CLOCK_OFFSET_S 0
#endif
#define DIRT 0xEE /* what a program finds in memory that it does not write */

void ls_osa_print(const char *fmt, ...)
{
    static char text[TEXT_MAX];
    va_list arguments;
    va_start(arguments, fmt);
    int size = vsnprintf(text, sizeof text, fmt, arguments);
    va_end(arguments);
    if (size > 0)
        platform_write(text, size < TEXT_MAX ? (size_t)size : TEXT_MAX - 1);
}

/* Make each %08X print lower-case digits. */
static void spoil(char *format)
{
    for (char *at = strstr(format, "%08X"); at != NULL; at = strstr(at, "%08X"))
        at[3] = 'x';
}

int ls_osa_snprintf(char *str, size_t size, const char *fmt, ...)
{
    char format[128];
    va_list arguments;
    int result;
    if (fmt == NULL || (str == NULL && size))
        return -1;
    va_start(arguments, fmt);
    if (ID2_FAULT_IS(SNPRINTF_NO_PRECISION) && strcmp(fmt, "%.*s") == 0) {
        (void)va_arg(arguments, int);
        result = snprintf(str, size, "%s", va_arg(arguments, const char *));
    } else if (ID2_FAULT_IS(SNPRINTF_LOWER_CASE) && strlen(fmt) < sizeof format) {
        strcpy(format, fmt);
        spoil(format);
        result = vsnprintf(str, size, format, arguments);
    } else {
        result = vsnprintf(str, size, fmt, arguments);
    }
    va_end(arguments);
    if (ID2_FAULT_IS(SNPRINTF_NO_END) && size && result >= (int)size)
        str[size - 1] = '#';
    return result;
}

void *ls_osa_malloc(size_t size)
{
    void *block = heap_take(size);
    if (block != NULL)
        memset(block, DIRT, size);
    return block;
}

void *ls_osa_calloc(size_t nmemb, size_t size)
{
    if (size != 0 && nmemb > HEAP_SIZE / size)
        return NULL;
    void *block = ls_osa_malloc(nmemb * size);
    if (block != NULL && !ID2_FAULT_IS(CALLOC_DIRTY))
        memset(block, 0, nmemb * size);
    return block;
}

void ls_osa_free(void *ptr)
{
    static unsigned calls;
    if (ID2_FAULT_IS(FREE_FORGETS) && ++calls % 2)
        return;
    heap_give(ptr);
}

/* Milliseconds since the start: the board has no clock that runs on without power. */
long long ls_osa_get_time_ms(void)
{
    long long passed = (long long)(clock_ticks() / CLOCK_PER_MS);
    if (ID2_FAULT_IS(CLOCK_AN_HOUR_WRONG))
        passed += 3600 * 1000;
    if (ID2_FAULT_IS(TIME_JUMPS_BACK))
        passed -= 50 * (passed / 1500);
    if (ID2_FAULT_IS(TIME_DRIFTS))
        passed += passed / 20;
    if (ID2_FAULT_IS(TIME_COARSE))
        passed = passed / 10 * 10;
    if (ID2_FAULT_IS(TIME_RESTARTS) && passed > 5000)
        passed -= 5000;
    return passed + (ID2_CLOCK_OFFSET_S) * 1000LL;
}

void ls_osa_msleep(unsigned int msec)
{
    uint64_t ticks = (uint64_t)msec * CLOCK_PER_MS;
    if (ID2_FAULT_IS(SLEEP_SHORT))
        ticks = ticks * 3 / 4;
    if (ID2_FAULT_IS(SLEEP_LONG))
        ticks *= 2;
    clock_wait_until(clock_ticks() + ticks);
}
