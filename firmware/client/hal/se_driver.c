/* The SE driver (se_driver.h): one command and one answer as lines of hex digits on the machine's stream to the chip. */
#include "se_driver.h"

#include <stddef.h>
#include <string.h>

#include "faults.h"
#include "id2_config.h"
#include "id2_machine.h"
#include "ls_osa.h"

#define COMMAND_MAX 261u
#define ANSWER_MAX 258u
#define ANSWER_LONG 242u /* the longest that a chip with a symmetric key gives */

static int session; /* its address is the handle */
static int is_open;

irot_result_t se_open_session(void **handle)
{
    if (handle == NULL)
        return IROT_ERROR_BAD_PARAMETERS;
    if (is_open)
        id2_machine_chip_close();
    is_open = 0;
    *handle = NULL;
    if (id2_machine_chip_open()) {
        if (!ID2_FAULT_IS(DRIVER_OK_WITHOUT_CHIP))
            return IROT_ERROR_COMMUNICATION;
    }
    is_open = 1;
    *handle = &session;
    return IROT_SUCCESS;
}

static int is_handle(const void *handle)
{
    if (ID2_FAULT_IS(DRIVER_TAKES_ANY_HANDLE))
        return handle != NULL;
    return handle == &session && is_open;
}

static irot_result_t send_line(const uint8_t *command, uint32_t size)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    uint8_t line[2 * COMMAND_MAX + 1];
    for (uint32_t i = 0; i < size; i++) {
        line[2 * i] = (uint8_t)DIGITS[command[i] >> 4];
        line[2 * i + 1] = (uint8_t)DIGITS[command[i] & 15];
    }
    line[2 * size] = '\n';
    return id2_machine_chip_write(line, 2 * size + 1) ? IROT_ERROR_COMMUNICATION : IROT_SUCCESS;
}

static int digit(uint8_t letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    if (letter >= 'A' && letter <= 'F')
        return letter - 'A' + 10;
    if (letter >= 'a' && letter <= 'f')
        return letter - 'a' + 10;
    return -1;
}

/* Read an answer; blank lines before it are passed over. */
static irot_result_t read_line(uint8_t *answer, uint32_t *size)
{
    long long end = ls_osa_get_time_ms() + ID2_CHIP_TIMEOUT;
    uint32_t digits = 0;
    for (;;) {
        uint8_t letter;
        long long left = end - ls_osa_get_time_ms();
        int got = left > 0 ? id2_machine_chip_read(&letter, (uint32_t)left) : 0;
        if (got < 0)
            return IROT_ERROR_COMMUNICATION;
        if (got == 0)
            return IROT_ERROR_TIMEOUT;
        if (letter == '\n' || letter == '\r') {
            if (digits == 0)
                continue;
            *size = digits / 2;
            return digits % 2 ? IROT_ERROR_COMMUNICATION : IROT_SUCCESS;
        }
        if (letter == ' ' || letter == '\t')
            continue;
        int value = digit(letter);
        if (value < 0 || digits >= 2 * ANSWER_MAX)
            return IROT_ERROR_COMMUNICATION;
        uint8_t *byte = answer + digits / 2;
        *byte = (uint8_t)(digits % 2 ? *byte << 4 | value : value);
        digits++;
    }
}

/* Throw away what came too late for the command before. */
static void drain(void)
{
    uint8_t letter;
    for (uint32_t i = 0; i < 4 * ANSWER_MAX && id2_machine_chip_read(&letter, 0) > 0; i++)
        continue;
}

static irot_result_t give(const uint8_t *answer, uint32_t size, uint8_t *rsp_buf, uint32_t *rsp_len)
{
    if (ID2_FAULT_IS(DRIVER_SWALLOWS_STATUS) && size > 2)
        size -= 2;
    if (ID2_FAULT_IS(DRIVER_DROPS_LAST_BYTE) && size >= ANSWER_LONG)
        size -= 1;
    if (*rsp_len < size && !ID2_FAULT_IS(DRIVER_OVERFLOWS)) {
        *rsp_len = size;
        return IROT_ERROR_SHORT_BUFFER;
    }
    memcpy(rsp_buf, answer, size);
    *rsp_len = size;
    return IROT_SUCCESS;
}

irot_result_t se_transmit(void *handle, const uint8_t *cmd_apdu, uint32_t cmd_len, uint8_t *rsp_buf,
                          uint32_t *rsp_len)
{
    uint8_t answer[ANSWER_MAX + 1];
    uint32_t size = 0;
    if (cmd_apdu == NULL || rsp_buf == NULL || rsp_len == NULL || cmd_len < 4 || cmd_len > COMMAND_MAX)
        return IROT_ERROR_BAD_PARAMETERS;
    if (!is_handle(handle)) {
        if (!ID2_FAULT_IS(DRIVER_BEFORE_OPEN) || is_open)
            return IROT_ERROR_BAD_PARAMETERS;
        *rsp_len = 0;
        return IROT_SUCCESS;
    }
    drain();
    irot_result_t result = send_line(cmd_apdu, cmd_len);
    if (result == IROT_SUCCESS)
        result = read_line(answer, &size);
    if (result != IROT_SUCCESS && ID2_FAULT_IS(DRIVER_OK_WITHOUT_CHIP)) {
        *rsp_len = 0;
        return IROT_SUCCESS;
    }
    return result == IROT_SUCCESS ? give(answer, size, rsp_buf, rsp_len) : result;
}

irot_result_t se_close_session(void *handle)
{
    if (!is_handle(handle) || !is_open)
        return IROT_ERROR_BAD_PARAMETERS;
    id2_machine_chip_close();
    is_open = 0;
    return IROT_SUCCESS;
}
