/* The link of the firmware: what the rest of it calls. */
#ifndef ID2_LINK_H
#define ID2_LINK_H

#include <stdint.h>

#include "irot_result.h"

/* Begin to connect, in a task of its own. */
void link_start(void);

/* Ask for an ID2 over the wire: one exchange, and two more where the network fails. */
irot_result_t link_provision(const char *host, uint32_t port, const char *product_key, const char *product_secret,
                             uint32_t timeout_ms);

#endif
