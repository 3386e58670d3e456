#include "console.h"

#include <stdint.h>
#include <string.h>

#include "startup.h"
#include "uart.h"

static struct uart console;

void uart0_handler(void)
{
    uart_take(&console);
}

void console_start(void)
{
    uart_start(&console, UART0, IRQ_UART0_RX);
}

void console_write(const char *bytes, size_t count)
{
    uart_write(&console, (const uint8_t *)bytes, count);
}

void console_say(const char *text)
{
    console_write(text, strlen(text));
}

int console_next(void)
{
    uart_take(&console); /* in a crash no interrupt does it */
    return uart_next(&console);
}
