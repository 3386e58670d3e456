/*
 * The driver of a secure element, which the maker of the board writes.
 *
 * Ours, not the vendor's: names and signatures only, for builds without his SDK. With his headers on the include path
 * leave this folder out of it.
 */
#ifndef ID2_OWN_SE_DRIVER_H
#define ID2_OWN_SE_DRIVER_H

#include <stdint.h>

#include "irot_result.h"

irot_result_t se_open_session(void **handle);
irot_result_t se_transmit(void *handle, const uint8_t *cmd_apdu, uint32_t cmd_len, uint8_t *rsp_buf,
                          uint32_t *rsp_len);
irot_result_t se_close_session(void *handle);

#endif
