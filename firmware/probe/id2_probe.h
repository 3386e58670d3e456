/*
 * A probe in the firmware: the harness calls the ID2 API, the SE driver, the OSA and the HAL of this board over its
 * console. The lines are those of docs/probe-protocol.md. Not for firmware that ships.
 *
 * One task calls the probe: id2_probe_start once, then id2_probe_feed for each byte of the console, or id2_probe_line or
 * id2_probe_words from a command of a shell that is there already. They must not be called from an interrupt (which puts
 * its bytes into a buffer that the task empties), nor by two tasks. A call of the API is made inside of them, on the
 * caller's stack, and takes as long as it takes; what is fed from inside of such a call is dropped.
 *
 * What the API prints during a call goes its own way to the console, between the probe's replies: each reply is one
 * write, inside of ID2_PROBE_LOCK and ID2_PROBE_UNLOCK, and begins with a line end.
 *
 * The probe has no memory but its own static buffers (3.3 KB, see id2_probe_config.h).
 */
#ifndef ID2_PROBE_H
#define ID2_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "id2_probe_config.h"

#ifndef ID2_PROBE_ENABLE
#error "The ID2 probe is for test builds: define ID2_PROBE_ENABLE there, and leave the probe out of firmware that ships."
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The probe. */

/*
 * Print the warning and the hello. The seed makes this start differ from others: a random number, the battery-backed
 * clock, or 0 where the board has nothing of the kind.
 */
void id2_probe_start(uint32_t seed);

/* Take one byte from the console. A line ends with LF or CR; both together are one end and an empty line. */
void id2_probe_feed(uint8_t byte);

/* Take a whole line without its end, from a shell that keeps the words together. */
void id2_probe_line(const char *line);

/* Take the words of a shell command, `id2p` first, which are joined by blanks. */
void id2_probe_words(int count, char *const *words);

/* The port, written by the maker. */

/* Write bytes to the console, all of them, waiting where needed: the harness sees a torn reply as noise. */
void id2_probe_port_write(const char *bytes, size_t count);

/* Return milliseconds since the start, of a timer that is not the one of ls_osa_get_time_ms where there are two. */
uint32_t id2_probe_port_ms(void);

#if ID2_PROBE_BOARD

/* Reset the board once all is written: 0 by software, 1 by the watchdog. Return only when that cannot be done. */
void id2_probe_port_reset(int kind);

/* Crash the board: 0 an access to a bad address, 1 a stack that overflows, 2 a hang until the watchdog bites. */
void id2_probe_port_crash(int kind);

/* Return why the board started: power-on, pin, software, watchdog, brown-out or other. */
const char *id2_probe_port_reset_cause(void);

#endif

#ifdef __cplusplus
}
#endif

#endif
