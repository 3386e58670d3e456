/* MQTT 3.1.1 as a small device speaks it: packets out, packets in. No I/O. */
#ifndef ID2_MQTT_H
#define ID2_MQTT_H

#include <stdint.h>

#define MQTT_PACKET_MAX 17408u /* 16 KiB of payload, and a topic */

enum mqtt_kind {
    MQTT_CONNECT = 1,
    MQTT_CONNACK = 2,
    MQTT_PUBLISH = 3,
    MQTT_PUBACK = 4,
    MQTT_SUBSCRIBE = 8,
    MQTT_SUBACK = 9,
    MQTT_PINGREQ = 12,
    MQTT_PINGRESP = 13,
    MQTT_DISCONNECT = 14
};

struct mqtt_packet {
    uint8_t kind;
    uint8_t flags;
    const uint8_t *body;
    uint32_t size;
};

struct mqtt_published {
    const uint8_t *payload;
    uint32_t size;
    int wants_answer; /* 1: `number` is to be acknowledged */
    uint16_t number;
};

/* Packets on their way in. */
struct mqtt_input {
    uint8_t data[MQTT_PACKET_MAX];
    uint32_t have;
};

/* With what a device says who it is. */
struct mqtt_login {
    char client_id[192];
    char user_name[96];
    char password[41];
};

/* Make the login of an ID2 product; the device secret may be anything, so the name stands for it. */
void mqtt_make_login(struct mqtt_login *login, const char *product_key, const char *device_name);

/* Write a packet to `room` bytes. Return its size, 0 when it does not fit. */
uint32_t mqtt_write_connect(const struct mqtt_login *login, uint16_t keepalive_s, uint8_t *packet, uint32_t room);
uint32_t mqtt_write_subscribe(uint16_t number, const char *topic, uint8_t *packet, uint32_t room);
uint32_t mqtt_write_puback(uint16_t number, uint8_t *packet, uint32_t room);
/* Only the beginning of a PUBLISH; `payload_size` bytes follow it. */
uint32_t mqtt_write_publish_head(const char *topic, uint32_t payload_size, uint8_t *packet, uint32_t room);

/* Take bytes; return how many, as many as there is room for. */
uint32_t mqtt_take(struct mqtt_input *input, const uint8_t *data, uint32_t size);

/* Look at the first packet. Return 1 with it, 0 when it is not whole, -1 when it is no MQTT or too long. */
int mqtt_first(const struct mqtt_input *input, struct mqtt_packet *packet);

/* Drop the first packet, which is whole. */
void mqtt_drop(struct mqtt_input *input, const struct mqtt_packet *packet);

/* Read a PUBLISH. Return 0, or -1 when it is cut off. */
int mqtt_read_publish(const struct mqtt_packet *packet, struct mqtt_published *published);

/* The last byte of a CONNACK or SUBACK, -1 when it is cut off. */
int mqtt_return_code(const struct mqtt_packet *packet);

#endif
