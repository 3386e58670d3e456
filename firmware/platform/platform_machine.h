/* What the platforms need of the machine. */
#ifndef ID2_PLATFORM_MACHINE_H
#define ID2_PLATFORM_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* Write to the console as it is, in one piece. Works in a crash too. */
void platform_machine_write(const char *bytes, size_t count);

/* Wait for a byte of the console, at most so many milliseconds. Return it, -1 for none, -2 when the console is gone. */
int platform_machine_read(uint32_t timeout_ms);

/* Milliseconds since the machine started, of a clock that no fault touches. */
uint32_t platform_machine_ms(void);

/* Why the machine started: power-on, pin, software, watchdog or other, which is a crash. */
const char *platform_machine_cause(void);

enum platform_restart { PLATFORM_BY_SOFTWARE, PLATFORM_BY_WATCHDOG, PLATFORM_BY_CRASH };

/* Start anew. */
__attribute__((noreturn)) void platform_machine_restart(enum platform_restart how);

/* Do nothing until the watchdog bites. */
__attribute__((noreturn)) void platform_machine_hang(void);

/* A word that a reset keeps and that is 0 when the power comes. */
uint32_t platform_machine_kept(void);
void platform_machine_keep(uint32_t word);

#endif
