#include "mqtt.h"

#include <string.h>

#include "crypto/id2_hash.h"
#include "faults.h"
#include "ls_osa.h"

#define TIMESTAMP "2524608000000"
#define LENGTH_BYTES 4u

void mqtt_make_login(struct mqtt_login *login, const char *product_key, const char *device_name)
{
    static const char DIGITS[] = "0123456789abcdef";
    char text[256];
    uint8_t mac[20];
    struct id2_hmac hmac;
    ls_osa_snprintf(login->client_id, sizeof login->client_id,
                    "%s.%s|securemode=%d,signmethod=hmacsha1,timestamp=" TIMESTAMP ",authtype=id2|", product_key,
                    device_name, ID2_FAULT_IS(LINK_CLIENT_ID_WRONG) ? 2 : 8);
    ls_osa_snprintf(login->user_name, sizeof login->user_name, "%s&%s", device_name, product_key);
    ls_osa_snprintf(text, sizeof text, "clientId%s.%sdeviceName%sproductKey%stimestamp" TIMESTAMP, product_key,
                    device_name, device_name, product_key);
    id2_hmac_init(&hmac, ID2_HASH_SHA1, (const uint8_t *)device_name, strlen(device_name));
    id2_hmac_update(&hmac, (const uint8_t *)text, strlen(text));
    id2_hmac_finish(&hmac, mac);
    for (size_t i = 0; i < sizeof mac; i++) {
        login->password[2 * i] = DIGITS[mac[i] >> 4];
        login->password[2 * i + 1] = DIGITS[mac[i] & 15];
    }
    login->password[2 * sizeof mac] = 0;
}

/* ---- writing */

struct writer {
    uint8_t *data;
    uint32_t size;
    uint32_t room;
    int full;
};

static void put(struct writer *to, const void *data, size_t size)
{
    if (size > to->room - to->size) {
        to->full = 1;
        return;
    }
    memcpy(to->data + to->size, data, size);
    to->size += (uint32_t)size;
}

static void put_byte(struct writer *to, uint32_t byte)
{
    uint8_t one = (uint8_t)byte;
    put(to, &one, 1);
}

static void put_number(struct writer *to, uint32_t number)
{
    put_byte(to, number >> 8);
    put_byte(to, number);
}

static void put_text(struct writer *to, const char *text)
{
    put_number(to, (uint32_t)strlen(text));
    put(to, text, strlen(text));
}

static void put_head(struct writer *to, enum mqtt_kind kind, uint32_t flags, uint32_t length)
{
    put_byte(to, (uint32_t)kind << 4 | flags);
    do {
        put_byte(to, (length & 0x7f) | (length > 0x7f ? 0x80u : 0u));
        length >>= 7;
    } while (length);
}

static uint32_t text_size(const char *text)
{
    return 2 + (uint32_t)strlen(text);
}

static uint32_t end(const struct writer *to)
{
    return to->full ? 0 : to->size;
}

uint32_t mqtt_write_connect(const struct mqtt_login *login, uint16_t keepalive_s, uint8_t *packet, uint32_t room)
{
    struct writer to = {packet, 0, room, 0};
    put_head(&to, MQTT_CONNECT, 0,
             10 + text_size(login->client_id) + text_size(login->user_name) + text_size(login->password));
    put_text(&to, "MQTT");
    put_byte(&to, 4);
    put_byte(&to, 0xc2); /* user name, password, clean session */
    put_number(&to, keepalive_s);
    put_text(&to, login->client_id);
    put_text(&to, login->user_name);
    put_text(&to, login->password);
    return end(&to);
}

uint32_t mqtt_write_subscribe(uint16_t number, const char *topic, uint8_t *packet, uint32_t room)
{
    struct writer to = {packet, 0, room, 0};
    put_head(&to, MQTT_SUBSCRIBE, 2, 2 + text_size(topic) + 1);
    put_number(&to, number);
    put_text(&to, topic);
    put_byte(&to, 1);
    return end(&to);
}

uint32_t mqtt_write_puback(uint16_t number, uint8_t *packet, uint32_t room)
{
    struct writer to = {packet, 0, room, 0};
    put_head(&to, MQTT_PUBACK, 0, 2);
    put_number(&to, number);
    return end(&to);
}

uint32_t mqtt_write_publish_head(const char *topic, uint32_t payload_size, uint8_t *packet, uint32_t room)
{
    struct writer to = {packet, 0, room, 0};
    put_head(&to, MQTT_PUBLISH, 0, text_size(topic) + payload_size);
    put_text(&to, topic);
    return end(&to);
}

/* ---- reading */

uint32_t mqtt_take(struct mqtt_input *input, const uint8_t *data, uint32_t size)
{
    uint32_t room = (uint32_t)sizeof input->data - input->have;
    uint32_t count = size < room ? size : room;
    if (count)
        memcpy(input->data + input->have, data, count);
    input->have += count;
    return count;
}

int mqtt_first(const struct mqtt_input *input, struct mqtt_packet *packet)
{
    uint32_t length = 0;
    for (uint32_t at = 1; at <= LENGTH_BYTES; at++) {
        if (at >= input->have)
            return 0;
        length |= (uint32_t)(input->data[at] & 0x7f) << 7 * (at - 1);
        if (input->data[at] & 0x80)
            continue;
        if (length > sizeof input->data - at - 1)
            return -1;
        if (input->have - at - 1 < length)
            return 0;
        packet->kind = input->data[0] >> 4;
        packet->flags = input->data[0] & 15;
        packet->body = input->data + at + 1;
        packet->size = length;
        return 1;
    }
    return -1;
}

void mqtt_drop(struct mqtt_input *input, const struct mqtt_packet *packet)
{
    uint32_t used = (uint32_t)(packet->body - input->data) + packet->size;
    memmove(input->data, input->data + used, input->have - used);
    input->have -= used;
}

int mqtt_read_publish(const struct mqtt_packet *packet, struct mqtt_published *published)
{
    if (packet->size < 2)
        return -1;
    uint32_t at = 2 + ((uint32_t)packet->body[0] << 8 | packet->body[1]);
    published->wants_answer = (packet->flags & 6) != 0;
    if (at + (published->wants_answer ? 2u : 0u) > packet->size)
        return -1;
    if (published->wants_answer) {
        published->number = (uint16_t)(packet->body[at] << 8 | packet->body[at + 1]);
        at += 2;
    }
    published->payload = packet->body + at;
    published->size = packet->size - at;
    return 0;
}

int mqtt_return_code(const struct mqtt_packet *packet)
{
    return packet->size < (packet->kind == MQTT_CONNACK ? 2u : 3u) ? -1 : packet->body[packet->size - 1];
}
