/* The firmware as a process of Linux: what its files share. */
#ifndef ID2_LINUX_MACHINE_H
#define ID2_LINUX_MACHINE_H

#include <stddef.h>

/* Open the flash: a file of ID2_FLASH_SIZE bytes, made when it is not there. Return 0, or -1 with errno. */
int linux_flash_open(const char *path);

/* Say where the chip is: a descriptor that is open already, or the path of a Unix socket; NULL and -1 for no chip. */
void linux_chip_at(const char *path, int descriptor);

/* Keep what a restart needs, before anything else. */
void linux_board_start(char **words);

/* Tell whether a crash is under way: what holds a lock then never lets go of it. */
int linux_board_is_crashing(void);

/* Milliseconds of the process's own clock, which no fault touches. */
unsigned long long linux_real_ms(void);

#endif
