/*
 * The API of the ID2 client.
 *
 * Ours, not the vendor's: names and signatures only, for builds without his SDK. With his headers on the include path
 * leave this folder out of it.
 */
#ifndef ID2_OWN_ID2_CLIENT_H
#define ID2_OWN_ID2_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "irot_result.h"

#define ID2_ID_MIN_LEN 24
#define ID2_ID_MAX_LEN 48
#define ID2_DERIV_KEY_LEN 32
#define ID2_DERIV_SECRET_LEN 64
#define ID2_MAX_SERVER_RANDOM_LEN 32
#define ID2_MAX_DEVICE_RANDOM_LEN 128
#define ID2_MAX_SEED_LEN 128
#define ID2_MAX_EXTRA_LEN 512
#define ID2_MAX_AUTH_CODE_LEN 512
#define ID2_MAX_CRYPT_LEN 1024
#define ID2_MAX_OTP_DATA_LEN 1024

irot_result_t id2_client_init(void);
irot_result_t id2_client_cleanup(void);
irot_result_t id2_client_get_version(uint32_t *version);
irot_result_t id2_client_get_id(uint8_t *id, uint32_t *len);
irot_result_t id2_client_get_challenge_auth_code(const char *server_random, const uint8_t *extra, uint32_t extra_len,
                                                 uint8_t *auth_code, uint32_t *auth_code_len);
irot_result_t id2_client_get_timestamp_auth_code(const char *timestamp, const uint8_t *extra, uint32_t extra_len,
                                                 uint8_t *auth_code, uint32_t *auth_code_len);
irot_result_t id2_client_encrypt(const char *seed, const uint8_t *in, uint32_t in_len, uint8_t *out, uint32_t *out_len);
irot_result_t id2_client_decrypt(const uint8_t *in, uint32_t in_len, uint8_t *out, uint32_t *out_len);
irot_result_t id2_client_get_device_challenge(uint8_t *random, uint32_t *random_len);
irot_result_t id2_client_verify_server(const uint8_t *auth_code, uint32_t auth_code_len, const uint8_t *device_random,
                                       uint32_t device_random_len, const uint8_t *server_extra,
                                       uint32_t server_extra_len);
irot_result_t id2_client_get_secret(const char *seed, uint8_t *secret, uint32_t *secret_len);
irot_result_t id2_client_derive_key(const char *seed, uint8_t *key, uint32_t key_len);
irot_result_t id2_client_set_id2_and_key(const char *id2, int key_type, const char *key_value);
irot_result_t id2_client_get_prov_stat(bool *is_prov);
irot_result_t id2_client_get_otp_auth_code(const uint8_t *token, uint32_t token_len, uint8_t *auth_code,
                                           uint32_t *auth_code_len);
irot_result_t id2_client_load_otp_data(const uint8_t *otp_data, uint32_t otp_data_len);
irot_result_t id2_client_wrap_do_provisioning(const char *host, uint32_t port, const char *product_key,
                                              const char *product_secret, uint32_t timeout_ms);

#endif
