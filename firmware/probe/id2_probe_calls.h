/* Between id2_probe.c, which reads and answers lines, and id2_probe_calls.c, which calls the firmware's functions. */
#ifndef ID2_PROBE_CALLS_H
#define ID2_PROBE_CALLS_H

#include <stdint.h>

#include "id2_probe_config.h"

struct id2_probe_input {
    uint8_t *data; /* NULL to hand over a NULL pointer */
    uint32_t length;
};

/* A call: what the host asked for, and in `length`, `capacity` and the buffers what came of it. */
struct id2_probe_call {
    struct id2_probe_input in[3]; /* from slots a, b, c */
    uint32_t k, m, n, p;
    uint8_t *out;         /* NULL to hand over a NULL pointer, else the result buffer */
    uint32_t *out_length; /* &length, or NULL to hand over a NULL pointer */
    uint32_t length;      /* the length parameter; a function without one sets it to the size of what it gives */
    uint32_t capacity;    /* bytes of the result buffer that the function may use */
    uint8_t *result;      /* the result buffer, ID2_PROBE_RESULT bytes */
    uint8_t *context;     /* slot b, ID2_PROBE_SLOT_B bytes, aligned for any type */
};

/* What the core does around a call. */
enum {
    ID2_PROBE_TEXT_A = 0x01, /* put NUL behind slot a, b, c */
    ID2_PROBE_TEXT_B = 0x02,
    ID2_PROBE_TEXT_C = 0x04,
    ID2_PROBE_LENGTH = 0x08,  /* `length` begins as the length of `o`, else as 0 */
    ID2_PROBE_CONTEXT = 0x10, /* slot b is used up */
    ID2_PROBE_MODES = 0x20    /* ask id2_probe_has_mode whether k is there */
};

struct id2_probe_function {
    char name[4];
    uint8_t flags;
    int32_t (*call)(struct id2_probe_call *call);
};

/* What is in this firmware, `fns` first. The last has an empty name. */
extern const struct id2_probe_function id2_probe_functions[];

/* Give the names of all functions, `.` between them: what `fns` does. */
int32_t id2_probe_names(struct id2_probe_call *call);

/* Return whether this firmware has the mode k of the function that begins with this letter. */
int id2_probe_has_mode(char letter, uint32_t k);

#endif
