/* Stand-in: the few declarations of Zephyr that the recipe needs, so that CI compiles it. Ours; not the system's header. */
#ifndef STAND_IN_ZEPHYR_KERNEL_H
#define STAND_IN_ZEPHYR_KERNEL_H

#include <stdint.h>

uint32_t k_uptime_get_32(void);

#endif
