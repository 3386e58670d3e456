/*
 * A log of records in flash, which outlives a power cut at any moment.
 *
 * The flash is two areas. One is in use: its records follow each other, the last of a name is the one that holds. A
 * record counts from the moment that its last word is written, never before. When an area is full, what holds is
 * copied into the other area, whose first word is written last.
 */
#ifndef ID2_STORE_H
#define ID2_STORE_H

#include <stdint.h>

#define ID2_STORE_NAME_MAX 64u
#define ID2_STORE_VALUE_MAX 4100u

enum id2_store_kind {
    ID2_STORE_KV = 1,    /* the key-value store of the HAL; the name is the key */
    ID2_STORE_CLIENT,    /* what the client and the HAL keep for themselves */
    ID2_STORE_PARTITION, /* the reserved partition, whole */
};

enum id2_store_result {
    ID2_STORE_OK = 0,
    ID2_STORE_NONE = -1,   /* no such record */
    ID2_STORE_FULL = -2,   /* no room, even after copying */
    ID2_STORE_BROKEN = -3, /* the flash refuses */
};

/* Find the area in use, or make one. Call it once at the start. */
int id2_store_mount(void);

/* Write a record. */
int id2_store_put(enum id2_store_kind kind, const char *name, const void *value, uint32_t size);

/* Read bytes of the record that holds, from an offset; `size` gets the size of the whole record (may be NULL). */
int id2_store_get(enum id2_store_kind kind, const char *name, uint32_t offset, void *value, uint32_t room,
                  uint32_t *size);

/* Delete a record. Give ID2_STORE_NONE when there is none. */
int id2_store_delete(enum id2_store_kind kind, const char *name);

#endif
