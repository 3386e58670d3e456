/*
 * RT-Thread: the command `id2p` of msh. It drops lines of more than 80 characters silently, so keep ID2_PROBE_LINE at
 * 79. The calls of the API run in the shell's thread: give FINSH_THREAD_STACK_SIZE what they need.
 */
#include <rtthread.h>

#include "id2_probe.h"

void id2_probe_command_start(void);

void id2_probe_port_write(const char *bytes, size_t count)
{
    (void)rt_device_write(rt_console_get_device(), 0, bytes, (rt_size_t)count);
}

uint32_t id2_probe_port_ms(void)
{
    return (uint32_t)((uint64_t)rt_tick_get() * 1000u / RT_TICK_PER_SECOND);
}

static int id2p(int argc, char **argv)
{
    id2_probe_words(argc, argv);
    return 0;
}
MSH_CMD_EXPORT(id2p, a line of the ID2 probe);

/* Call it from main. */
void id2_probe_command_start(void)
{
    id2_probe_start((uint32_t)rt_tick_get());
}
