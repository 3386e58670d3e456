/* A serial line: what arrives is kept by an interrupt until the program asks for it. */
#ifndef ID2_BOARD_UART_H
#define ID2_BOARD_UART_H

#include <stddef.h>
#include <stdint.h>

#include "mps2_an385.h"

#define UART_WAITING 1024u /* bytes that may wait; a power of 2 */

struct uart {
    struct cmsdk_uart *registers;
    volatile uint32_t written; /* by the interrupt */
    volatile uint32_t read;
    uint8_t waiting[UART_WAITING];
};

void uart_start(struct uart *line, struct cmsdk_uart *registers, uint32_t interrupt);

/* What the interrupt handler does: keep what arrived; what finds no room is lost. */
void uart_take(struct uart *line);

/* Return the next byte, or -1 when none waits. */
int uart_next(struct uart *line);

void uart_write(struct uart *line, const uint8_t *bytes, size_t count);

#endif
