/* What runs inside a connection: MQTT with an echo, or an echo of the data itself. */
#ifndef LINK_TRAFFIC_H
#define LINK_TRAFFIC_H

#include "id2_machine.h"
#include "itls.h"

/* How a session ended, beside what the connection says itself. */
enum link_end {
    LINK_END_CONNECTION, /* the connection's own end */
    LINK_END_SILENT,     /* the broker does not answer */
    LINK_END_REFUSED,    /* the broker refuses, and may not do so the next time */
    LINK_END_FINAL       /* it will do so again */
};

/* Run inside an established connection until it ends; `up` is set once the session does what it is for. */
enum link_end link_traffic(struct itls *itls, const struct id2_link_settings *settings, uint32_t answer_ms,
                           enum itls_result *result, int *up);

#endif
