/* Stand-in: the few declarations of RT-Thread that the recipe needs, so that CI compiles it. Ours; not the system's header. */
#ifndef STAND_IN_RTTHREAD_H
#define STAND_IN_RTTHREAD_H

#include <stdint.h>

typedef uint32_t rt_tick_t;
typedef unsigned long rt_size_t;
typedef long rt_off_t;
typedef struct rt_device *rt_device_t;

#define RT_TICK_PER_SECOND 1000
#define MSH_CMD_EXPORT(command, description) int (*const command##_is_a_command)(int, char **) = command

rt_device_t rt_console_get_device(void);
rt_size_t rt_device_write(rt_device_t device, rt_off_t position, const void *buffer, rt_size_t size);
rt_tick_t rt_tick_get(void);

#endif
