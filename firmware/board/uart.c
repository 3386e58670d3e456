#include "uart.h"

void uart_start(struct uart *line, struct cmsdk_uart *registers, uint32_t interrupt)
{
    line->registers = registers;
    line->written = line->read = 0;
    line->registers->divider = 16;
    line->registers->control = UART_TX_ENABLE | UART_RX_ENABLE | UART_RX_INTERRUPT_ENABLE;
    NVIC_ENABLE0 = 1u << interrupt;
    (void)line->registers->data; /* QEMU looks for bytes that came earlier when this is read, not at the line above */
}

void uart_take(struct uart *line)
{
    line->registers->interrupt = UART_RX_INTERRUPT;
    while (line->registers->state & UART_RX_FULL) {
        uint8_t byte = (uint8_t)line->registers->data;
        if (line->written - line->read < UART_WAITING) {
            line->waiting[line->written % UART_WAITING] = byte;
            line->written++;
        }
    }
}

int uart_next(struct uart *line)
{
    if (line->read == line->written)
        return -1;
    int byte = line->waiting[line->read % UART_WAITING];
    line->read++;
    return byte;
}

void uart_write(struct uart *line, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        while (line->registers->state & UART_TX_FULL)
            continue;
        line->registers->data = bytes[i];
    }
}
