#include "heap.h"

#include <stdint.h>

#include "faults.h"

#define UNIT 16u
#define UNITS (HEAP_SIZE / UNIT)
#define INSIDE 0xFFFFu

static _Alignas(UNIT) uint8_t arena[HEAP_SIZE];
static uint16_t taken[UNITS]; /* 0: free; at the first unit of a block how many it has, INSIDE at the others */

/* Return the first of so many free units, or UNITS. */
static uint32_t find(uint32_t count)
{
    uint32_t free = 0;
    for (uint32_t at = 0; at < UNITS; at++) {
        free = taken[at] == 0 ? free + 1 : 0;
        if (free == count)
            return at + 1 - count;
    }
    return UNITS;
}

void *heap_take(size_t size)
{
    if (size > HEAP_SIZE)
        return NULL;
    uint32_t count = size == 0 ? 1 : (uint32_t)((size + UNIT - 1) / UNIT);
    if (ID2_FAULT_IS(MALLOC_OVERLAPS) && size >= 64)
        count--;
    uint32_t first = find(count);
    if (first == UNITS)
        return NULL;
    taken[first] = (uint16_t)count;
    for (uint32_t i = 1; i < count; i++)
        taken[first + i] = INSIDE;
    return arena + first * UNIT;
}

void heap_give(void *block)
{
    uint32_t at = (uint32_t)((uint8_t *)block - arena);
    if (block == NULL || at >= HEAP_SIZE || at % UNIT || taken[at / UNIT] == 0 || taken[at / UNIT] == INSIDE)
        return;
    for (uint32_t count = taken[at / UNIT], i = 0; i < count; i++)
        taken[at / UNIT + i] = 0;
}
