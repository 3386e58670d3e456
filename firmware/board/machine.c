/* What the board gives to the client: flash, noise, and the line to the chip on UART 1. */
#include <string.h>

#include "clock.h"
#include "id2_machine.h"
#include "memory_map.h"
#include "startup.h"
#include "uart.h"

/* Flash memory takes its time: so a power cut can come in the middle of a write, as on a real part. */
#define PROGRAM_TICKS (20u * CLOCK_PER_MS / 1000u) /* a word: 20 us */
#define ERASE_STEP_TICKS (CLOCK_PER_MS / 16u)      /* a sixteenth of a block: 63 us */

static int in_flash(uint32_t address, uint32_t size)
{
    return address <= ID2_FLASH_SIZE && size <= ID2_FLASH_SIZE - address;
}

static void busy(uint32_t ticks)
{
    for (uint64_t end = clock_ticks() + ticks; clock_ticks() < end;)
        continue;
}

int id2_machine_flash_erase(uint32_t block)
{
    uint32_t words = ID2_FLASH_BLOCK / ID2_FLASH_WORD;
    if (block >= ID2_FLASH_BLOCKS)
        return -1;
    for (uint32_t i = 0; i < words; i++) {
        if (i % (words / 16) == 0)
            busy(ERASE_STEP_TICKS);
        FLASH_WORDS[block * words + i] = 0xFFFFFFFFu;
    }
    return 0;
}

int id2_machine_flash_program(uint32_t address, const void *data, uint32_t size)
{
    const uint8_t *bytes = data;
    if (address % ID2_FLASH_WORD || size % ID2_FLASH_WORD || !in_flash(address, size))
        return -1;
    for (uint32_t at = 0; at < size; at += ID2_FLASH_WORD) {
        uint32_t word;
        memcpy(&word, bytes + at, sizeof word);
        busy(PROGRAM_TICKS);
        FLASH_WORDS[(address + at) / ID2_FLASH_WORD] &= word; /* programming only clears bits */
    }
    return 0;
}

int id2_machine_flash_read(uint32_t address, void *data, uint32_t size)
{
    uint8_t *bytes = data;
    if (!in_flash(address, size))
        return -1;
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(FLASH_WORDS[(address + i) / 4] >> 8 * ((address + i) % 4));
    return 0;
}

/* The steps of an xorshift generator make other words of the host's ones each time; they are no source by themselves. */
int id2_machine_entropy(uint8_t *data, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        reg32 *word = &NOISE_WORDS[i % NOISE_COUNT];
        uint32_t value = *word ^ (uint32_t)clock_ticks();
        data[i] = (uint8_t)(value ^ value >> 8 ^ value >> 16 ^ value >> 24);
        value ^= value << 13;
        value ^= value >> 17;
        value ^= value << 5;
        *word = value;
    }
    return 0;
}

static struct uart chip;
static int chip_started;

void uart1_handler(void)
{
    uart_take(&chip);
}

int id2_machine_chip_open(void)
{
    if (!chip_started)
        uart_start(&chip, UART1, IRQ_UART1_RX);
    chip_started = 1;
    return 0;
}

int id2_machine_chip_write(const uint8_t *data, uint32_t size)
{
    uart_write(&chip, data, size);
    return 0;
}

int id2_machine_chip_read(uint8_t *byte, uint32_t timeout_ms)
{
    uint64_t end = clock_ticks() + (uint64_t)timeout_ms * CLOCK_PER_MS;
    for (;;) {
        interrupts_off();
        int next = uart_next(&chip);
        if (next < 0)
            clock_doze_until(end);
        interrupts_on();
        if (next >= 0) {
            *byte = (uint8_t)next;
            return 1;
        }
        if (clock_ticks() >= end)
            return 0;
    }
}

void id2_machine_chip_close(void)
{
}

/* The bytes of an emulated board are those of every other. */
int id2_machine_unique_id(uint8_t *data, uint32_t size)
{
    (void)data;
    (void)size;
    return -1;
}
