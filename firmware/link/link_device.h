/* The device's ID2 for a connection, and how often it may ask for one. */
#ifndef LINK_DEVICE_H
#define LINK_DEVICE_H

#include "itls.h"

extern const struct itls_device link_device;

/* Tell whether a device without an ID2 may ask for one once more in this start; each answer 1 is used up. */
int link_may_ask(void);

/* Tell whether the device has an ID2. */
int link_has_id(void);

/* Print an alert of the server in the vendor's words. */
void link_print_alert(uint8_t level, uint8_t number);

#endif
