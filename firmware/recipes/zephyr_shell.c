/*
 * Zephyr: the command `id2p` of its shell on a UART. The calls of the API run in the shell's thread, whose stack is
 * CONFIG_SHELL_STACK_SIZE. A whole line must fit into CONFIG_SHELL_BACKEND_SERIAL_RX_RING_BUFFER_SIZE: 128 or more.
 */
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>
#include <zephyr/shell/shell.h>

#include "id2_probe.h"

void id2_probe_command_start(void);

void id2_probe_port_write(const char *bytes, size_t count)
{
    while (count-- > 0) {
        uart_poll_out(DEVICE_DT_GET(DT_CHOSEN(zephyr_console)), (unsigned char)*bytes++);
    }
}

uint32_t id2_probe_port_ms(void)
{
    return k_uptime_get_32();
}

static int id2p(const struct shell *shell, size_t argc, char **argv)
{
    (void)shell;
    id2_probe_words((int)argc, argv);
    return 0;
}
SHELL_CMD_REGISTER(id2p, NULL, "a line of the ID2 probe", id2p);

/* Call it from main. */
void id2_probe_command_start(void)
{
    id2_probe_start(k_uptime_get_32());
}
