/*
 * Business keys of the ID2 client.
 *
 * Ours, not the vendor's: names and signatures only, for builds without his SDK. With his headers on the include path
 * leave this folder out of it.
 */
#ifndef ID2_OWN_ID2_CLIENT_KPM_H
#define ID2_OWN_ID2_CLIENT_KPM_H

#include "id2_client.h"

irot_result_t id2_client_kpm_get_prov_stat(uint8_t key_idx, bool *is_prov);
irot_result_t id2_client_kpm_get_key_type(uint8_t key_idx, uint32_t *key_type);
irot_result_t id2_client_kpm_get_auth_code(uint8_t key_idx, uint8_t key_info, uint8_t mode, char *random,
                                           uint8_t *auth_code, uint32_t *auth_code_len);
irot_result_t id2_client_kpm_import_key(uint8_t key_idx, uint8_t *data, uint32_t size);
irot_result_t id2_client_kpm_delete_key(uint8_t key_idx);
irot_result_t id2_client_kpm_export_pub_key(uint8_t key_idx, uint8_t *data, uint32_t *size);
irot_result_t id2_client_kpm_encrypt(uint8_t key_idx, uint8_t cipher_suite, uint8_t padding_type, uint8_t *iv,
                                     uint32_t iv_len, uint8_t *in_data, uint32_t in_len, uint8_t *out_data,
                                     uint32_t *out_len);
irot_result_t id2_client_kpm_decrypt(uint8_t key_idx, uint8_t cipher_suite, uint8_t padding_type, uint8_t *iv,
                                     uint32_t iv_len, uint8_t *in_data, uint32_t in_len, uint8_t *out_data,
                                     uint32_t *out_len);
irot_result_t id2_client_kpm_sign(uint8_t key_idx, uint8_t *msg, uint32_t msg_len, uint8_t *sign, uint32_t *sign_len);
irot_result_t id2_client_kpm_verify(uint8_t key_idx, uint8_t *msg, uint32_t msg_len, uint8_t *sign, uint32_t sign_len);

#endif
