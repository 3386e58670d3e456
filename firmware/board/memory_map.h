/*
 * What of the memory outlives what. On the emulated board the PSRAM stands for flash memory: it is a file of the host,
 * so it keeps what is in it when the power goes, and the firmware's start-up does not touch it.
 */
#ifndef ID2_BOARD_MEMORY_MAP_H
#define ID2_BOARD_MEMORY_MAP_H

#include <stdint.h>

#include "mps2_an385.h"

#define FLASH_WORDS ((reg32 *)0x21000000u)

/*
 * The board has no noise source, so the host puts fresh random words here each time it gives power or resets. The
 * firmware changes them when it reads them: a reset of its own finds others.
 */
#define NOISE_WORDS ((reg32 *)0x21F00000u)
#define NOISE_COUNT 8u

/* Attribute of what a reset leaves alone; the power clears it. */
#define RETAINED __attribute__((section(".noinit")))

#endif
