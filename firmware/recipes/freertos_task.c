/*
 * FreeRTOS: a task of its own, fed by the receive interrupt through a stream buffer. Where other tasks print on the same
 * console, define ID2_PROBE_LOCK() and ID2_PROBE_UNLOCK() in the header of ID2_PROBE_CONFIG_FILE as the two functions
 * below, and let whatever prints take the same mutex.
 */
#include "FreeRTOS.h"
#include "semphr.h"
#include "stream_buffer.h"
#include "task.h"

#include "id2_probe.h"

/* The calls of the API run on this stack: as many words as its other callers have, and 128 for the probe. */
#define STACK_WORDS 1024

/* Of your board: */
void board_uart_send(char byte);
uint32_t board_random_or_zero(void);

void board_uart_received_from_isr(char byte);
void console_lock(void);
void console_unlock(void);
void id2_probe_task_create(void);

static StreamBufferHandle_t received;
static SemaphoreHandle_t console;

void console_lock(void)
{
    (void)xSemaphoreTake(console, portMAX_DELAY);
}

void console_unlock(void)
{
    (void)xSemaphoreGive(console);
}

void board_uart_received_from_isr(char byte)
{
    BaseType_t woken = pdFALSE;

    (void)xStreamBufferSendFromISR(received, &byte, 1, &woken);
    portYIELD_FROM_ISR(woken);
}

void id2_probe_port_write(const char *bytes, size_t count)
{
    while (count-- > 0) {
        board_uart_send(*bytes++);
    }
}

uint32_t id2_probe_port_ms(void)
{
    return xTaskGetTickCount() * portTICK_PERIOD_MS;
}

static void probe_task(void *unused)
{
    uint8_t byte;

    (void)unused;
    id2_probe_start(board_random_or_zero());
    for (;;) {
        if (xStreamBufferReceive(received, &byte, 1, portMAX_DELAY) == 1) {
            id2_probe_feed(byte);
        }
    }
}

/* Call it before the scheduler starts and before the receive interrupt is switched on. */
void id2_probe_task_create(void)
{
    received = xStreamBufferCreate(256, 1);
    console = xSemaphoreCreateMutex();
    (void)xTaskCreate(probe_task, "id2_probe", STACK_WORDS, NULL, 1, NULL);
}
