/* The time since the start, of a timer that runs freely; no interrupt that comes late makes it wrong. */
#ifndef ID2_BOARD_CLOCK_H
#define ID2_BOARD_CLOCK_H

#include <stdint.h>

void clock_start(void);

/* Ticks of CLOCK_HZ since the start. */
uint64_t clock_ticks(void);

uint32_t clock_ms(void);

/* Wait until the clock has come there; interrupts are served meanwhile. */
void clock_wait_until(uint64_t ticks);

/* Wait for an interrupt, at most until the clock has come there. */
void clock_doze_until(uint64_t ticks);

#endif
