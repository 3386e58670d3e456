#include "link_traffic.h"

#include <string.h>

#include "faults.h"
#include "link_log.h"
#include "mqtt.h"
#include "ls_osa.h"

#define SMALL_MAX 640u
#define SUBSCRIPTION_REFUSED 0x80
#define FOR_EVER 3600000u /* after as long as this nothing is done but waiting on */

/* A session of MQTT. There is one at a time. */
static struct {
    struct mqtt_input input;
    struct mqtt_login login;
    long long said_at;
    long long asked_at;
    int waits; /* for the answer to what was said last */
} mqtt;

static enum itls_result say(struct itls *itls, const uint8_t *packet, uint32_t size)
{
    mqtt.said_at = ls_osa_get_time_ms();
    return size ? itls_write(itls, packet, size) : ITLS_DEVICE;
}

static enum itls_result ask(struct itls *itls, const uint8_t *packet, uint32_t size)
{
    enum itls_result result = say(itls, packet, size);
    mqtt.asked_at = mqtt.said_at;
    mqtt.waits = 1;
    return result;
}

static enum itls_result log_in(struct itls *itls, const struct id2_link_settings *settings)
{
    uint8_t packet[SMALL_MAX];
    memset(&mqtt, 0, sizeof mqtt);
    mqtt_make_login(&mqtt.login, settings->product_key, settings->device_name);
    if (link_sdk() == 4) { /* that SDK prints both; with ID2 the password is no secret */
        LINK_SAY(LINK_INFO, LK_USER_NAME, "user name: %s", mqtt.login.user_name);
        LINK_SAY(LINK_INFO, LK_PASSWORD, "password: %s", mqtt.login.password);
    }
    return ask(itls, packet,
               mqtt_write_connect(&mqtt.login, (uint16_t)settings->keepalive_s, packet, sizeof packet));
}

static enum itls_result subscribe(struct itls *itls, const struct id2_link_settings *settings)
{
    uint8_t packet[SMALL_MAX];
    LINK_SAY(LINK_INFO, LK_PACKET, "sub: %s", settings->subscribe);
    return ask(itls, packet, mqtt_write_subscribe(1, settings->subscribe, packet, sizeof packet));
}

static enum itls_result echo(struct itls *itls, const struct mqtt_packet *packet, const char *topic)
{
    uint8_t small[SMALL_MAX];
    struct mqtt_published came;
    if (mqtt_read_publish(packet, &came))
        return ITLS_DEVICE;
    link_print_bytes('<', came.payload, came.size);
    if (came.wants_answer) {
        enum itls_result result = say(itls, small, mqtt_write_puback(came.number, small, sizeof small));
        if (result != ITLS_OK)
            return result;
    }
    if (ID2_FAULT_IS(LINK_CUTS_LONG_DATA) && came.size > 1024)
        came.size = 1024;
    enum itls_result result = say(itls, small, mqtt_write_publish_head(topic, came.size, small, sizeof small));
    return result == ITLS_OK && came.size ? itls_write(itls, came.payload, came.size) : result;
}

static enum link_end connected(struct itls *itls, const struct id2_link_settings *settings, int code, int *up,
                               enum itls_result *result)
{
    mqtt.waits = 0;
    if (code != 0) {
        LINK_SAY(LINK_ERROR, LK_DISCONNECT, "MQTT authorize fail, disconnect: connack %d", code);
        return code == 3 || code < 0 ? LINK_END_REFUSED : LINK_END_FINAL;
    }
    *up = 1;
    LINK_SAY(LINK_INFO, LK_CONNECT, link_sdk() == 2 ? "mqtt connect success!" : "MQTT connect success in %d ms",
             (int)(ls_osa_get_time_ms() - mqtt.asked_at));
    if (settings->subscribe[0])
        *result = subscribe(itls, settings);
    return LINK_END_CONNECTION;
}

static enum link_end act(struct itls *itls, const struct id2_link_settings *settings,
                         const struct mqtt_packet *packet, int *up, enum itls_result *result)
{
    switch (packet->kind) {
    case MQTT_CONNACK:
        return connected(itls, settings, mqtt_return_code(packet), up, result);
    case MQTT_SUBACK:
        mqtt.waits = 0;
        if (mqtt_return_code(packet) < 0 || mqtt_return_code(packet) >= SUBSCRIPTION_REFUSED) {
            LINK_SAY(LINK_ERROR, LK_DISCONNECT, "%s", "mqtt subscribe refused");
            return LINK_END_FINAL;
        }
        LINK_SAY(LINK_INFO, LK_PACKET, "%s", "suback received");
        break;
    case MQTT_PINGRESP:
        mqtt.waits = 0;
        LINK_SAY(LINK_DEBUG, LK_PACKET, "%s", "receive ping response!");
        break;
    case MQTT_PUBLISH:
        if (settings->publish[0])
            *result = echo(itls, packet, settings->publish);
        break;
    default:
        break;
    }
    return LINK_END_CONNECTION;
}

/* Take what came, which may be many packets or a part of one. */
static enum link_end take(struct itls *itls, const struct id2_link_settings *settings, int *up,
                          enum itls_result *result)
{
    const uint8_t *data = itls->plain;
    uint32_t left = itls->plain_size;
    while (*result == ITLS_OK) {
        struct mqtt_packet packet;
        uint32_t taken = mqtt_take(&mqtt.input, data, left);
        data += taken;
        left -= taken;
        int found = mqtt_first(&mqtt.input, &packet);
        if (found < 0) {
            LINK_SAY(LINK_ERROR, LK_DISCONNECT, "%s", "what came is no MQTT, or too long");
            return LINK_END_REFUSED;
        }
        if (found == 0)
            break;
        enum link_end end = act(itls, settings, &packet, up, result);
        if (end != LINK_END_CONNECTION)
            return end;
        mqtt_drop(&mqtt.input, &packet);
    }
    return LINK_END_CONNECTION;
}

/* Milliseconds until something is to be done although nothing comes. */
static uint32_t patience(const struct id2_link_settings *settings, uint32_t answer_ms)
{
    long long now = ls_osa_get_time_ms();
    long long due;
    if (mqtt.waits)
        due = mqtt.asked_at + (long long)answer_ms;
    else if (settings->keepalive_s && !ID2_FAULT_IS(LINK_NEVER_PINGS))
        due = mqtt.said_at + (long long)settings->keepalive_s * 750; /* early, so that a slow ping is in time too */
    else
        return FOR_EVER;
    if (due - now > (long long)FOR_EVER)
        return FOR_EVER; /* the clock was set back */
    return due > now ? (uint32_t)(due - now) : 1;
}

static enum link_end run_mqtt(struct itls *itls, const struct id2_link_settings *settings, uint32_t answer_ms,
                              enum itls_result *result, int *up)
{
    static const uint8_t PING[2] = {MQTT_PINGREQ << 4, 0};
    *result = log_in(itls, settings);
    while (*result == ITLS_OK) {
        uint32_t limit = patience(settings, answer_ms);
        *result = itls_read(itls, limit);
        if (*result == ITLS_OK) {
            enum link_end end = take(itls, settings, up, result);
            if (end != LINK_END_CONNECTION)
                return end;
        } else if (*result == ITLS_TIMEOUT) {
            *result = ITLS_OK;
            if (limit == FOR_EVER)
                continue;
            if (mqtt.waits) {
                LINK_SAY(LINK_ERROR, LK_TIMEOUT, "%s",
                         *up ? "mqtt: the broker does not answer" : "wait connack timeout");
                return LINK_END_SILENT;
            }
            *result = ask(itls, PING, sizeof PING);
        }
    }
    return LINK_END_CONNECTION;
}

static enum link_end run_raw(struct itls *itls, enum itls_result *result, int *up)
{
    *up = 1;
    do {
        *result = itls_read(itls, FOR_EVER);
        if (*result == ITLS_OK)
            *result = itls_write(itls, itls->plain,
                                 ID2_FAULT_IS(LINK_CUTS_LONG_DATA) && itls->plain_size > 512 ? 512 : itls->plain_size);
        else if (*result == ITLS_TIMEOUT)
            *result = ITLS_OK;
    } while (*result == ITLS_OK);
    return LINK_END_CONNECTION;
}

enum link_end link_traffic(struct itls *itls, const struct id2_link_settings *settings, uint32_t answer_ms,
                           enum itls_result *result, int *up)
{
    return settings->mqtt ? run_mqtt(itls, settings, answer_ms, result, up) : run_raw(itls, result, up);
}
