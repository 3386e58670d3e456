/* Resets that the firmware asks for, the watchdog, and why the board started. */
#ifndef ID2_BOARD_RESET_H
#define ID2_BOARD_RESET_H

#include <stdint.h>

enum cause { CAUSE_POWER_ON, CAUSE_PIN, CAUSE_SOFTWARE, CAUSE_WATCHDOG, CAUSE_OTHER };

/* Find out why the board started; once, at the start. */
void reset_look(void);

enum cause reset_cause(void);

/* Reset now; the next start finds this cause. */
__attribute__((noreturn)) void reset_by_software(enum cause cause);

/* Start the watchdog, which nobody feeds, and hang until it bites. */
__attribute__((noreturn)) void reset_by_watchdog(uint32_t milliseconds);

/* A word that a reset keeps; 0 when the power came. */
uint32_t reset_kept(void);
void reset_keep(uint32_t word);

#endif
