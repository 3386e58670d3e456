/* Stand-in: the few declarations of Zephyr that the recipe needs, so that CI compiles it. Ours; not the system's header. */
#ifndef STAND_IN_ZEPHYR_UART_H
#define STAND_IN_ZEPHYR_UART_H

struct device;

#define DT_CHOSEN(property) property##_device
#define DEVICE_DT_GET(node) (&node)

extern const struct device zephyr_console_device;

void uart_poll_out(const struct device *device, unsigned char byte);

#endif
