/* Stand-in: the few declarations of AliOS Things that the recipe needs, so that CI compiles it. Ours; not the system's header. */
#ifndef STAND_IN_AOS_HAL_UART_H
#define STAND_IN_AOS_HAL_UART_H

#include <stdint.h>

#define HAL_WAIT_FOREVER 0xFFFFFFFFu

typedef struct {
    uint8_t port;
} uart_dev_t;

int32_t hal_uart_send(uart_dev_t *uart, const void *data, uint32_t size, uint32_t timeout);

#endif
