/*
 * AliOS Things with the CLI of 1.x and 2.x: the command `id2p` of its shell. The calls of the API run in the shell's
 * task, whose stack must be large enough for them. The shell's echo may stay on.
 */
#include "aos/cli.h"
#include "aos/hal/uart.h"
#include "aos/kernel.h"

#include "id2_probe.h"

/* The UART of the console, which the board's own files define. */
extern uart_dev_t uart_0;

void id2_probe_command_register(void);

void id2_probe_port_write(const char *bytes, size_t count)
{
    (void)hal_uart_send(&uart_0, bytes, (uint32_t)count, HAL_WAIT_FOREVER);
}

uint32_t id2_probe_port_ms(void)
{
    return (uint32_t)aos_now_ms();
}

static void id2p(char *output, int size, int argc, char **argv)
{
    (void)output;
    (void)size;
    id2_probe_words(argc, argv);
}

/* Call it from application_start. */
void id2_probe_command_register(void)
{
    static const struct cli_command command = {"id2p", "a line of the ID2 probe", id2p};

    (void)aos_cli_register_command(&command);
    id2_probe_start((uint32_t)aos_now_ms());
}
