/* What whoever starts the process says of the board: its unique bytes, and what a firmware with a link is told. */
#include <stdlib.h>
#include <string.h>

#include "id2_machine.h"

#define PREFIX "ID2_LINK_"

int id2_machine_unique_id(uint8_t *data, uint32_t size)
{
    const char *text = getenv("ID2_UNIQUE_ID");
    if (text == NULL || strlen(text) < size)
        return -1;
    memcpy(data, text, size);
    return 0;
}

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

int id2_machine_link(struct id2_link_settings *settings)
{
    settings->host = setting(PREFIX "HOST");
    settings->port = setting(PREFIX "PORT");
    settings->product_key = setting(PREFIX "PRODUCT_KEY");
    settings->product_secret = setting(PREFIX "PRODUCT_SECRET");
    settings->device_name = setting(PREFIX "DEVICE_NAME");
    settings->subscribe = setting(PREFIX "SUBSCRIBE");
    settings->publish = setting(PREFIX "PUBLISH");
    settings->keepalive_s = (uint32_t)strtoul(setting(PREFIX "KEEPALIVE"), NULL, 10);
    settings->mqtt = strcmp(setting(PREFIX "MQTT"), "0") != 0;
    return settings->host[0] && settings->port[0] && settings->product_key[0] ? 0 : -1;
}
