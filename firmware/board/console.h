/* The console of the board, on UART 0. */
#ifndef ID2_BOARD_CONSOLE_H
#define ID2_BOARD_CONSOLE_H

#include <stddef.h>

void console_start(void);
void console_write(const char *bytes, size_t count);
void console_say(const char *text);

/* Return the next byte that somebody typed, or -1. */
int console_next(void);

#endif
