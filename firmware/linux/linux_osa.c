/* The OSA on Linux: print, formats, memory, time. */
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "faults.h"
#include "linux_machine.h"
#include "ls_osa.h"
#include "platform/platform.h"
#include "platform/platform_machine.h"

#define HEAP ((size_t)256 * 1024) /* bytes that can be taken at once, as on a small board */
#define LINE_MAX 2048
#ifndef ID2_CLOCK_OFFSET_S /* seconds that the wall clock is wrong by */
#define ID2_CLOCK_OFFSET_S 0
#endif

static pthread_mutex_t console = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t heap = PTHREAD_MUTEX_INITIALIZER;

void platform_machine_write(const char *bytes, size_t count)
{
    int locked = !linux_board_is_crashing() && pthread_mutex_lock(&console) == 0;
    while (count) {
        ssize_t sent = write(STDOUT_FILENO, bytes, count);
        if (sent <= 0)
            break;
        bytes += sent;
        count -= (size_t)sent;
    }
    if (locked)
        pthread_mutex_unlock(&console);
}

int platform_machine_read(uint32_t timeout_ms)
{
    static unsigned char bytes[256];
    static ssize_t got, next;
    if (next == got) {
        struct pollfd one = {STDIN_FILENO, POLLIN, 0};
        if (poll(&one, 1, (int)timeout_ms) <= 0)
            return -1;
        next = 0;
        got = read(STDIN_FILENO, bytes, sizeof bytes);
        if (got <= 0) {
            got = 0;
            return -2;
        }
    }
    return bytes[next++];
}

uint32_t platform_machine_ms(void)
{
    static unsigned long long start;
    unsigned long long now = linux_real_ms();
    if (start == 0)
        start = now;
    return (uint32_t)(now - start);
}

void ls_osa_print(const char *fmt, ...)
{
    char line[LINE_MAX];
    va_list arguments;
    va_start(arguments, fmt);
    int size = vsnprintf(line, sizeof line, fmt, arguments);
    va_end(arguments);
    if (size > 0)
        platform_write(line, size < LINE_MAX ? (size_t)size : LINE_MAX - 1);
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
        memcpy(format, fmt, strlen(fmt) + 1);
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

/* In front of each block: its size. */
union head {
    size_t size;
    long long align_number;
    long double align_float;
};

static size_t used;

static void *take(size_t size)
{
    union head *block = NULL;
    pthread_mutex_lock(&heap);
    if (size <= HEAP && used + size + sizeof *block <= HEAP) {
        block = malloc(sizeof *block + size);
        if (block != NULL) {
            block->size = size;
            used += size + sizeof *block;
        }
    }
    pthread_mutex_unlock(&heap);
    return block == NULL ? NULL : block + 1;
}

/* Give a block that begins in the middle of the one before; its address, 8 beside that of others, tells it apart. */
static void *overlapping(size_t size)
{
    static unsigned char *before;
    static size_t before_size;
    if (before != NULL && before_size >= size) {
        unsigned char *inner = before + before_size / 32 * 16 + 8;
        before = NULL;
        return inner;
    }
    before = take(2 * size + 16);
    before_size = size;
    return before;
}

static int is_inner(const void *block)
{
    return ID2_FAULT_IS(MALLOC_OVERLAPS) && (uintptr_t)block % 16 == 8;
}

void *ls_osa_malloc(size_t size)
{
    void *block = ID2_FAULT_IS(MALLOC_OVERLAPS) && size >= 64 ? overlapping(size) : take(size);
    if (block != NULL)
        memset(block, 0xee, size); /* what a program does not write is not zero by accident */
    return block;
}

void *ls_osa_calloc(size_t nmemb, size_t size)
{
    if (size && nmemb > HEAP / size)
        return NULL;
    void *block = ls_osa_malloc(nmemb * size);
    if (block != NULL && !ID2_FAULT_IS(CALLOC_DIRTY))
        memset(block, 0, nmemb * size);
    return block;
}

void ls_osa_free(void *ptr)
{
    static unsigned calls;
    if (ptr == NULL || is_inner(ptr) || (ID2_FAULT_IS(FREE_FORGETS) && ++calls % 2))
        return;
    union head *block = (union head *)ptr - 1;
    pthread_mutex_lock(&heap);
    used -= block->size + sizeof *block;
    pthread_mutex_unlock(&heap);
    free(block);
}

unsigned long long linux_real_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned long long)now.tv_sec * 1000u + (unsigned long long)now.tv_nsec / 1000000u;
}

/* Wall-clock milliseconds at the first call, and from then on the monotonic clock. */
long long ls_osa_get_time_ms(void)
{
    static unsigned long long start;
    static long long wall;
    unsigned long long now = linux_real_ms();
    if (start == 0) {
        struct timespec real;
        clock_gettime(CLOCK_REALTIME, &real);
        start = now;
        wall = ((long long)real.tv_sec + (ID2_CLOCK_OFFSET_S)) * 1000 + real.tv_nsec / 1000000;
    }
    long long passed = (long long)(now - start);
    if (ID2_FAULT_IS(CLOCK_AN_HOUR_WRONG))
        passed += 3600LL * 1000;
    if (ID2_FAULT_IS(TIME_JUMPS_BACK))
        passed -= 50 * (passed / 1500);
    if (ID2_FAULT_IS(TIME_DRIFTS))
        passed += passed / 20;
    if (ID2_FAULT_IS(TIME_COARSE))
        return (wall + passed) / 10 * 10;
    if (ID2_FAULT_IS(TIME_RESTARTS) && passed > 5000)
        return passed - 5000;
    return wall + passed;
}

void ls_osa_msleep(unsigned int msec)
{
    unsigned long long wanted = msec;
    if (ID2_FAULT_IS(SLEEP_SHORT))
        wanted = wanted * 3 / 4;
    if (ID2_FAULT_IS(SLEEP_LONG))
        wanted *= 2;
    struct timespec left = {(time_t)(wanted / 1000), (long)(wanted % 1000) * 1000000};
    while (nanosleep(&left, &left))
        continue;
}
