/*
 * The SE carrier: the standard command set (ICA/T 2017-202-01) over the SE driver, with the limits of the SDK's adapter:
 * at most two transmissions a command, 61xx and 6Cxx only as a bare status word, 240 bytes of data in a command.
 */
#include "id2_carrier.h"

#if ID2_CARRIER == ID2_CARRIER_SE

#include <stddef.h>
#include <string.h>

#include "id2_internal.h"
#include "id2_log.h"
#include "se_driver.h"

#define ANSWER_MAX 258u
#define PIECE 0xf0u
#define CHIP_ID 12u
#define ENCRYPT 0x51
#define DECRYPT 0x52
#if ID2_FAMILY == ID2_FAMILY_AES
#define ALGORITHM 0x03
#elif ID2_FAMILY == ID2_FAMILY_SM4
#define ALGORITHM 0x11
#else
#define ALGORITHM 0x01
#endif

#define CHIP_INFO(format, ...) ls_osa_print(LS_LOG_TAG "ID2=> " format "\n", __VA_ARGS__)
#define CHIP_ERROR(format, ...) ls_osa_print(LS_LOG_TAG "ERROR: ID2=> " format "\n", __VA_ARGS__)
#define RULE "========================================"

static void *session;

static void dump(const char *title, const uint8_t *data, uint32_t size)
{
    char row[64];
    CHIP_INFO("%s [length = 0x%04x]", title, (unsigned)size);
    for (uint32_t at = 0; at < size; at += 16) {
        uint32_t length = 0;
        for (uint32_t i = at; i < size && i < at + 16; i++) {
            static const char DIGITS[] = "0123456789ABCDEF";
            row[length++] = DIGITS[data[i] >> 4];
            row[length++] = DIGITS[data[i] & 15];
            row[length++] = ' ';
            if (i == at + 7) {
                row[length++] = ' ';
                row[length++] = ' ';
            }
        }
        row[length] = 0;
        CHIP_INFO("%s", row);
    }
}

static irot_result_t exchange(const uint8_t *command, uint32_t size, uint8_t *answer, uint32_t *answer_size)
{
    *answer_size = ANSWER_MAX;
    if (ID2_CHIP_DEBUG) {
        CHIP_INFO("%s%s", RULE, RULE);
        dump("Command APDU:", command, size);
        CHIP_INFO("%s", "=> SE transmit.");
    }
    irot_result_t result = se_transmit(session, command, size, answer, answer_size);
    if (ID2_CHIP_DEBUG)
        CHIP_INFO("<= SE transmit, (ret = %d, rsp_len = %u).", (int)result, (unsigned)*answer_size);
    if (result != IROT_SUCCESS) {
        CHIP_ERROR("se transmit error, %d.", (int)result);
        return result;
    }
    if (*answer_size < 2 || *answer_size > ANSWER_MAX) {
        CHIP_ERROR("bad response apdu length, %u.", (unsigned)*answer_size);
        return IROT_ERROR_GENERIC;
    }
    if (ID2_CHIP_DEBUG) {
        dump("Response APDU:", answer, *answer_size);
        CHIP_INFO("%s%s", RULE, RULE);
    }
    return IROT_SUCCESS;
}

/* Words by which a chip says that it has no such key, file or record. */
static int says_none(const uint8_t *status)
{
    return (status[0] == 0x94 && status[1] == 0x03) || (status[0] == 0x6a && (status[1] == 0x82 || status[1] == 0x83));
}

/* Send a command; `data_size` gets the size of the answer without its status word. */
static irot_result_t transmit(const uint8_t *command, uint32_t size, uint8_t *answer, uint32_t *data_size)
{
    uint8_t again[5];
    for (int transmission = 0; transmission < 2; transmission++) {
        irot_result_t result = exchange(command, size, answer, data_size);
        if (result != IROT_SUCCESS)
            return result;
        *data_size -= 2;
        const uint8_t *status = answer + *data_size;
        if (status[0] == 0x90 && status[1] == 0x00)
            return IROT_SUCCESS;
        if (*data_size == 0 && status[0] == 0x61) {
            static const uint8_t GET_RESPONSE[4] = {0x00, 0xc0, 0x00, 0x00};
            memcpy(again, GET_RESPONSE, 4);
        } else if (*data_size == 0 && status[0] == 0x6c) {
            memcpy(again, command, 4);
        } else {
            CHIP_ERROR("%s", "response apdu data error.");
            return says_none(status) ? IROT_ERROR_ITEM_NOT_FOUND : IROT_ERROR_GENERIC;
        }
        again[4] = status[1];
        command = again;
        size = sizeof again;
    }
    CHIP_ERROR("%s", "response apdu data error.");
    return IROT_ERROR_GENERIC;
}

irot_result_t id2_carrier_init(void)
{
    static const uint8_t SELECT[] = {0x00, 0xa4, 0x04, 0x00, 0x0e, 0xa0, 0x00, 0x00, 0x00, 0x41,
                                     0x6c, 0x69, 0x59, 0x75, 0x6e, 0x2e, 0x49, 0x44, 0x32};
    uint8_t answer[ANSWER_MAX];
    uint32_t size;
    CHIP_INFO("CONFIG_CHIP_DEBUG is %sdefined!", ID2_CHIP_DEBUG ? "" : "not ");
    CHIP_INFO("CONFIG_CHIP_TYPE: %s", "CHIP_TYPE_SE_STD_CMD");
    CHIP_INFO("CONFIG_CHIP_KEY_TYPE: CHIP_KEY_TYPE_%s", ID2_FAMILY_NAME);
    CHIP_INFO("%s", RULE);
    if (ID2_CHIP_DEBUG)
        CHIP_INFO("%s", "=> SE open session");
    irot_result_t result = se_open_session(&session);
    if (ID2_CHIP_DEBUG)
        CHIP_INFO("<= SE open session, (ret = %d).", (int)result);
    if (result != IROT_SUCCESS) {
        CHIP_ERROR("se open session fail, %d.", (int)result);
        return result;
    }
    result = transmit(SELECT, sizeof SELECT, answer, &size);
    if (result != IROT_SUCCESS)
        id2_carrier_cleanup();
    return result == IROT_ERROR_ITEM_NOT_FOUND ? IROT_ERROR_GENERIC : result;
}

void id2_carrier_cleanup(void)
{
    if (ID2_CHIP_DEBUG)
        CHIP_INFO("%s", "=> SE close session.");
    irot_result_t result = se_close_session(session);
    if (ID2_CHIP_DEBUG)
        CHIP_INFO("<= SE close session, (ret = %d).", (int)result);
    session = NULL;
}

irot_result_t id2_carrier_get_id(char id[ID2_ID_MAX_LEN + 1])
{
    static const uint8_t GET_ID[] = {0x80, 0xf8, 0x00, 0x00, 0x00};
    uint8_t answer[ANSWER_MAX];
    uint32_t size;
    irot_result_t result = transmit(GET_ID, sizeof GET_ID, answer, &size);
    if (result != IROT_SUCCESS)
        return result;
    if (size != 3 + CHIP_ID || answer[2] != CHIP_ID)
        return IROT_ERROR_GENERIC;
    id2_hex_encode(answer + 3, CHIP_ID, id);
    return IROT_SUCCESS;
}

irot_result_t id2_carrier_cipher(int encrypt, const uint8_t *input, uint8_t *output, uint32_t size)
{
    uint8_t command[5 + 5 + PIECE];
    uint8_t answer[ANSWER_MAX];
    uint32_t done = 0;
    uint8_t block = 0;
    for (uint32_t at = 0; at < size; at += PIECE) {
        uint32_t count = size - at < PIECE ? size - at : PIECE;
        uint32_t length = 5;
        uint32_t got;
        if (at == 0) {
            command[length++] = encrypt ? ENCRYPT : DECRYPT;
            command[length++] = ALGORITHM;
            command[length++] = 0x00;
            command[length++] = (uint8_t)(size >> 8);
            command[length++] = (uint8_t)size;
        }
        memcpy(command + length, input + at, count);
        length += count;
        command[0] = 0x80;
        command[1] = 0xf6;
        command[2] = block++;
        command[3] = 0x01;
        command[4] = (uint8_t)(length - 5);
        irot_result_t result = transmit(command, length, answer, &got);
        if (result != IROT_SUCCESS || got > size - done) {
            CHIP_ERROR("irot_hal_sym_crypto failed %d", (int)result);
            return result == IROT_SUCCESS ? IROT_ERROR_GENERIC : result;
        }
        memcpy(output + done, answer, got);
        done += got;
    }
    return done == size ? IROT_SUCCESS : IROT_ERROR_GENERIC;
}

irot_result_t id2_carrier_set(const char *id, const uint8_t *key, uint32_t key_size)
{
    (void)id;
    (void)key;
    (void)key_size;
    return IROT_ERROR_NOT_SUPPORTED;
}

#endif
