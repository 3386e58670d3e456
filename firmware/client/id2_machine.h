/*
 * What a machine gives to the client beyond the OSA (ls_osa.h) and the SE driver (se_driver.h): flash memory and
 * entropy. Everything else of the HAL (storage, reserved partition, device id, random, ciphers, hashes) is made of
 * these in firmware/client.
 */
#ifndef ID2_MACHINE_H
#define ID2_MACHINE_H

#include <stdint.h>

/* Size of the flash that the machine gives: two areas of as many blocks. An erased byte is FF. */
#define ID2_FLASH_BLOCK 4096u
#define ID2_FLASH_BLOCKS 16u
#define ID2_FLASH_SIZE (ID2_FLASH_BLOCK * ID2_FLASH_BLOCKS)
#define ID2_FLASH_WORD 4u

/* Set a block to FF. Return 0, or -1 when it cannot be done. The power may go in the middle. */
int id2_machine_flash_erase(uint32_t block);

/* Write whole words at an address that is a multiple of 4, one word after the other. Each word is written as a whole
 * or not at all when the power goes. Return 0 or -1. */
int id2_machine_flash_program(uint32_t address, const void *data, uint32_t size);

/* Read bytes from any address. Return 0 or -1. */
int id2_machine_flash_read(uint32_t address, void *data, uint32_t size);

/* Fill a buffer with bytes that nobody can foresee, as good as the machine has them; called once at each start.
 * A machine without a source of its own may give few bits: the random generator mixes in a count of starts that is
 * kept in flash. Return 0 or -1. */
int id2_machine_entropy(uint8_t *data, uint32_t size);

/* Fill a buffer with bytes that belong to this board alone and outlive its flash, as a chip has them from its maker.
 * Return 0, or -1 where there are none: then the device id is drawn at random. */
int id2_machine_unique_id(uint8_t *data, uint32_t size);

/* What a firmware with a link was told: where it connects to, as what, and what it does there. */
struct id2_link_settings {
    const char *host;
    const char *port;
    const char *product_key;
    const char *product_secret;
    const char *device_name;
    const char *subscribe; /* empty for none */
    const char *publish;
    uint32_t keepalive_s;
    int mqtt; /* 0: what comes is sent back as it is */
};

/* Read them. Return 0, or -1 when nobody has told it. Only machines with a network have them. */
int id2_machine_link(struct id2_link_settings *settings);

/*
 * The chip of the SE carrier: one command as a line of hex digits, one answer as a line of hex digits. The driver
 * (se_driver.h) is in firmware/client and needs the stream only. A machine without a chip returns -1 from open.
 */
int id2_machine_chip_open(void);
/* Send bytes. Return 0, or -1 when the chip is gone. */
int id2_machine_chip_write(const uint8_t *data, uint32_t size);
/* Wait for one byte, at most this many milliseconds. Return 1 with the byte, 0 for none, -1 when the chip is gone. */
int id2_machine_chip_read(uint8_t *byte, uint32_t timeout_ms);
void id2_machine_chip_close(void);

/* Start the client's HAL: storage, count of starts, random. Once at each start, when the machine's OSA and driver work;
 * then the probe is started. */
void id2_firmware_prepare(void);

/* The same, then print the self-test and the validation report, as configured: a firmware without a shell. */
void id2_firmware_start(void);

/* Begin to connect, where the firmware has a link. */
void id2_firmware_connect(void);

/* Return how often this firmware has started with this flash, the present start included. */
uint32_t id2_firmware_starts(void);

#endif
