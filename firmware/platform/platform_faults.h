/* The faults of a system around the client: where they can come in. A sound build goes straight through. */
#ifndef ID2_PLATFORM_FAULTS_H
#define ID2_PLATFORM_FAULTS_H

#include <stddef.h>

/* Before anything is printed, and before the prompt. */
void platform_fault_before_start(void);
void platform_fault_before_prompt(void);

/* Look at what the client prints, and do something in the middle of it. */
void platform_fault_in_output(const char *bytes, size_t count);

/* Write to the console, or less than that. */
void platform_fault_write(const char *bytes, size_t count);

/* The cause of the reset as the system tells it. */
const char *platform_fault_cause(const char *cause);

/* Whether the supplicant of the TEE has started, as init says it. */
const char *platform_fault_supplicant(const char *state);

/* The command that is carried out for a line; NULL for none. */
const char *platform_fault_command(const char *name);

/* Take a byte that was typed, or lose it: -1. */
int platform_fault_typed(int byte);

#endif
