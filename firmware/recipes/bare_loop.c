/*
 * A firmware without an operating system: the receive interrupt of the console's UART puts bytes into a ring, the main
 * loop takes them out. Replace the first three functions by your board's.
 */
#include "id2_probe.h"

/* Of your board: */
void board_uart_send(char byte);        /* waits until the UART takes the byte */
uint32_t board_ms(void);                /* milliseconds since the start */
uint32_t board_random_or_zero(void);    /* another value at each start, where there is such a thing */
void board_uart_received(uint8_t byte); /* below: call it from the receive interrupt */
void board_loop(void);                  /* below: call it from main, it does not return */

/* Nobody empties the ring while a call of the API lasts: the host waits then, and sends again what is lost. */
#define RING 256u

static volatile uint8_t ring[RING];
static volatile uint16_t written;
static volatile uint16_t taken;

void board_uart_received(uint8_t byte)
{
    uint16_t next = (uint16_t)((written + 1u) % RING);

    if (next != taken) {
        ring[written] = byte;
        written = next;
    }
}

void id2_probe_port_write(const char *bytes, size_t count)
{
    while (count-- > 0) {
        board_uart_send(*bytes++);
    }
}

uint32_t id2_probe_port_ms(void)
{
    return board_ms();
}

void board_loop(void)
{
    id2_probe_start(board_random_or_zero());
    for (;;) {
        while (taken != written) {
            uint8_t byte = ring[taken];

            taken = (uint16_t)((taken + 1u) % RING);
            id2_probe_feed(byte);
        }
        /* what else the main loop does */
    }
}
