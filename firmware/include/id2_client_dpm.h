/*
 * One-time passwords of the ID2 client.
 *
 * Ours, not the vendor's: names and signatures only, for builds without his SDK. With his headers on the include path
 * leave this folder out of it.
 */
#ifndef ID2_OWN_ID2_CLIENT_DPM_H
#define ID2_OWN_ID2_CLIENT_DPM_H

#include "id2_client.h"

irot_result_t id2_client_dpm_get_totp(uint64_t timestamp, uint32_t index, uint32_t otp_step, uint32_t otp_len,
                                      uint8_t *otp_data);
irot_result_t id2_client_dpm_get_index(uint8_t *otp_data, uint32_t otp_len, uint32_t *index);

#endif
