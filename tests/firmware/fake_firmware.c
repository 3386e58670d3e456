/*
 * A firmware around the probe whose API is told by the test what to answer, and notes what it was called with.
 * Built as a shared library; the test reads and writes the symbols below.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "id2_client.h"
#include "id2_client_dpm.h"
#include "id2_client_kpm.h"
#include "id2_probe.h"
#include "ls_hal_crypt.h"
#include "ls_hal_km.h"
#include "ls_hal_sst.h"
#include "ls_osa.h"
#include "se_driver.h"

/* What the next calls answer. */
int fake_rc;
unsigned char fake_data[4096];
unsigned fake_data_length;  /* bytes written to the output, whatever its size */
unsigned fake_length;       /* what is left in the length parameter */
unsigned fake_time_ms;      /* of the OSA; the port's runs with it */
unsigned fake_tick_ms = 1;  /* msleep lasts until the next multiple */
unsigned fake_context_size = 64;
int fake_thread_fails;
int fake_print_length;      /* characters printed from inside each call */
unsigned fake_fills;        /* 1: the output is filled as far as the length says, whatever fake_data is */
unsigned fake_feed_inside;  /* bytes fed from inside each call */

/* What happened. */
unsigned fake_calls;
char fake_log[1 << 16];
unsigned fake_log_length;
char fake_output[1 << 20];
unsigned fake_output_length;
unsigned fake_writes;
int fake_locks, fake_lock_depth_at_write;

static void note(const char *format, ...)
{
    va_list arguments;

    if (fake_log_length < sizeof fake_log - 4096) {
        va_start(arguments, format);
        fake_log_length += (unsigned)vsnprintf(fake_log + fake_log_length, sizeof fake_log - fake_log_length, format,
                                               arguments);
        va_end(arguments);
    }
}

static void begin_call(const char *name)
{
    unsigned i;

    ++fake_calls;
    note("%s%s", fake_log_length == 0 ? "" : "\n", name);
    for (i = 0; (int)i < fake_print_length; ++i) {
        id2_probe_port_write("<LS_LOG> ", 9);
    }
    for (i = 0; i < fake_feed_inside; ++i) {
        id2_probe_feed((uint8_t)"id2p 00 hi\n"[i % 11]);
    }
}

static void note_bytes(const char *name, const void *bytes, size_t length)
{
    size_t i;

    note(" %s=", name);
    if (bytes == NULL) {
        note("NULL");
    }
    for (i = 0; bytes != NULL && i < length && i < 600; ++i) {
        note("%02X", ((const unsigned char *)bytes)[i]);
    }
    note("/%u", (unsigned)length);
}

static void note_text(const char *name, const char *text)
{
    if (text == NULL) {
        note(" %s=NULL", name);
    } else {
        note_bytes(name, text, strlen(text));
    }
}

static void note_number(const char *name, unsigned long long number)
{
    note(" %s=%llu", name, number);
}

/* Write to an output of this size: fake_data, which may be longer, or as much as fits. */
static void write_output(void *out, size_t size)
{
    if (out != NULL && fake_fills) {
        memset(out, '0' + (int)(size % 64), size);
    } else if (out != NULL) {
        memcpy(out, fake_data, fake_data_length);
    }
}

static int give(void *out, uint32_t *length)
{
    note(" out=%s", out == NULL ? "NULL" : "buffer");
    if (length == NULL) {
        note("/NULL");
    } else {
        note("/%u", (unsigned)*length);
    }
    write_output(out, length == NULL ? 0 : *length);
    if (length != NULL && !fake_fills) {
        *length = fake_length;
    }
    return fake_rc;
}

/* port */

void fake_lock(void)
{
    ++fake_locks;
}

void fake_unlock(void)
{
    --fake_locks;
}

void id2_probe_port_write(const char *bytes, size_t count)
{
    ++fake_writes;
    fake_lock_depth_at_write = fake_locks;
    if (fake_output_length + count < sizeof fake_output) {
        memcpy(fake_output + fake_output_length, bytes, count);
        fake_output_length += (unsigned)count;
    }
}

uint32_t id2_probe_port_ms(void)
{
    return fake_time_ms;
}

void id2_probe_port_reset(int kind)
{
    begin_call("reset");
    note_number("kind", (unsigned)kind);
}

void id2_probe_port_crash(int kind)
{
    begin_call("crash");
    note_number("kind", (unsigned)kind);
}

const char *id2_probe_port_reset_cause(void)
{
    return "watchdog";
}

/* client */

irot_result_t id2_client_init(void)
{
    begin_call("id2_client_init");
    return fake_rc;
}

irot_result_t id2_client_cleanup(void)
{
    begin_call("id2_client_cleanup");
    return fake_rc;
}

irot_result_t id2_client_get_version(uint32_t *version)
{
    begin_call("id2_client_get_version");
    if (version != NULL) {
        *version = 0x00030100;
    }
    note(" version=%s", version == NULL ? "NULL" : "pointer");
    return fake_rc;
}

irot_result_t id2_client_get_id(uint8_t *id, uint32_t *len)
{
    begin_call("id2_client_get_id");
    return give(id, len);
}

irot_result_t id2_client_get_challenge_auth_code(const char *server_random, const uint8_t *extra, uint32_t extra_len,
                                                 uint8_t *auth_code, uint32_t *auth_code_len)
{
    begin_call("id2_client_get_challenge_auth_code");
    note_text("challenge", server_random);
    note_bytes("extra", extra, extra_len);
    return give(auth_code, auth_code_len);
}

irot_result_t id2_client_get_timestamp_auth_code(const char *timestamp, const uint8_t *extra, uint32_t extra_len,
                                                 uint8_t *auth_code, uint32_t *auth_code_len)
{
    begin_call("id2_client_get_timestamp_auth_code");
    note_text("timestamp", timestamp);
    note_bytes("extra", extra, extra_len);
    return give(auth_code, auth_code_len);
}

irot_result_t id2_client_encrypt(const char *seed, const uint8_t *in, uint32_t in_len, uint8_t *out, uint32_t *out_len)
{
    begin_call("id2_client_encrypt");
    note_text("seed", seed);
    note_bytes("in", in, in_len);
    return give(out, out_len);
}

irot_result_t id2_client_decrypt(const uint8_t *in, uint32_t in_len, uint8_t *out, uint32_t *out_len)
{
    begin_call("id2_client_decrypt");
    note_bytes("in", in, in_len);
    return give(out, out_len);
}

irot_result_t id2_client_get_device_challenge(uint8_t *random, uint32_t *random_len)
{
    begin_call("id2_client_get_device_challenge");
    return give(random, random_len);
}

irot_result_t id2_client_verify_server(const uint8_t *auth_code, uint32_t auth_code_len, const uint8_t *device_random,
                                       uint32_t device_random_len, const uint8_t *server_extra,
                                       uint32_t server_extra_len)
{
    begin_call("id2_client_verify_server");
    note_bytes("code", auth_code, auth_code_len);
    note_bytes("random", device_random, device_random_len);
    note_bytes("extra", server_extra, server_extra_len);
    return fake_rc;
}

irot_result_t id2_client_get_secret(const char *seed, uint8_t *secret, uint32_t *secret_len)
{
    begin_call("id2_client_get_secret");
    note_text("seed", seed);
    return give(secret, secret_len);
}

irot_result_t id2_client_derive_key(const char *seed, uint8_t *key, uint32_t key_len)
{
    begin_call("id2_client_derive_key");
    note_text("seed", seed);
    note(" key=%s/%u", key == NULL ? "NULL" : "buffer", (unsigned)key_len);
    write_output(key, key_len);
    return fake_rc;
}

irot_result_t id2_client_set_id2_and_key(const char *id2, int key_type, const char *key_value)
{
    begin_call("id2_client_set_id2_and_key");
    note_text("id", id2);
    note(" type=%d", key_type);
    note_text("key", key_value);
    return fake_rc;
}

irot_result_t id2_client_get_prov_stat(bool *is_prov)
{
    begin_call("id2_client_get_prov_stat");
    note(" stat=%s", is_prov == NULL ? "NULL" : "pointer");
    if (is_prov != NULL) {
        *is_prov = true;
    }
    return fake_rc;
}

irot_result_t id2_client_get_otp_auth_code(const uint8_t *token, uint32_t token_len, uint8_t *auth_code,
                                           uint32_t *auth_code_len)
{
    begin_call("id2_client_get_otp_auth_code");
    note_bytes("token", token, token_len);
    return give(auth_code, auth_code_len);
}

irot_result_t id2_client_load_otp_data(const uint8_t *otp_data, uint32_t otp_data_len)
{
    begin_call("id2_client_load_otp_data");
    note_bytes("data", otp_data, otp_data_len);
    return fake_rc;
}

irot_result_t id2_client_wrap_do_provisioning(const char *host, uint32_t port, const char *product_key,
                                              const char *product_secret, uint32_t timeout_ms)
{
    begin_call("id2_client_wrap_do_provisioning");
    note_text("host", host);
    note_number("port", port);
    note_text("key", product_key);
    note_text("secret", product_secret);
    note_number("timeout", timeout_ms);
    return fake_rc;
}

/* kpm */

irot_result_t id2_client_kpm_get_prov_stat(uint8_t key_idx, bool *is_prov)
{
    begin_call("id2_client_kpm_get_prov_stat");
    note_number("index", key_idx);
    note(" stat=%s", is_prov == NULL ? "NULL" : "pointer");
    return fake_rc;
}

irot_result_t id2_client_kpm_get_key_type(uint8_t key_idx, uint32_t *key_type)
{
    begin_call("id2_client_kpm_get_key_type");
    note_number("index", key_idx);
    if (key_type != NULL) {
        *key_type = 81;
    }
    return fake_rc;
}

irot_result_t id2_client_kpm_get_auth_code(uint8_t key_idx, uint8_t key_info, uint8_t mode, char *random,
                                           uint8_t *auth_code, uint32_t *auth_code_len)
{
    begin_call("id2_client_kpm_get_auth_code");
    note_number("index", key_idx);
    note_number("info", key_info);
    note_number("mode", mode);
    note_text("random", random);
    return give(auth_code, auth_code_len);
}

irot_result_t id2_client_kpm_import_key(uint8_t key_idx, uint8_t *data, uint32_t size)
{
    begin_call("id2_client_kpm_import_key");
    note_number("index", key_idx);
    note_bytes("data", data, size);
    return fake_rc;
}

irot_result_t id2_client_kpm_delete_key(uint8_t key_idx)
{
    begin_call("id2_client_kpm_delete_key");
    note_number("index", key_idx);
    return fake_rc;
}

irot_result_t id2_client_kpm_export_pub_key(uint8_t key_idx, uint8_t *data, uint32_t *size)
{
    begin_call("id2_client_kpm_export_pub_key");
    note_number("index", key_idx);
    return give(data, size);
}

static int note_kpm_cipher(const char *name, uint8_t key_idx, uint8_t cipher_suite, uint8_t padding_type, uint8_t *iv,
                           uint32_t iv_len, uint8_t *in_data, uint32_t in_len, uint8_t *out_data, uint32_t *out_len)
{
    begin_call(name);
    note_number("index", key_idx);
    note_number("suite", cipher_suite);
    note_number("padding", padding_type);
    note_bytes("iv", iv, iv_len);
    note_bytes("in", in_data, in_len);
    return give(out_data, out_len);
}

irot_result_t id2_client_kpm_encrypt(uint8_t key_idx, uint8_t cipher_suite, uint8_t padding_type, uint8_t *iv,
                                     uint32_t iv_len, uint8_t *in_data, uint32_t in_len, uint8_t *out_data,
                                     uint32_t *out_len)
{
    return note_kpm_cipher("id2_client_kpm_encrypt", key_idx, cipher_suite, padding_type, iv, iv_len, in_data, in_len,
                           out_data, out_len);
}

irot_result_t id2_client_kpm_decrypt(uint8_t key_idx, uint8_t cipher_suite, uint8_t padding_type, uint8_t *iv,
                                     uint32_t iv_len, uint8_t *in_data, uint32_t in_len, uint8_t *out_data,
                                     uint32_t *out_len)
{
    return note_kpm_cipher("id2_client_kpm_decrypt", key_idx, cipher_suite, padding_type, iv, iv_len, in_data, in_len,
                           out_data, out_len);
}

irot_result_t id2_client_kpm_sign(uint8_t key_idx, uint8_t *msg, uint32_t msg_len, uint8_t *sign, uint32_t *sign_len)
{
    begin_call("id2_client_kpm_sign");
    note_number("index", key_idx);
    note_bytes("message", msg, msg_len);
    return give(sign, sign_len);
}

irot_result_t id2_client_kpm_verify(uint8_t key_idx, uint8_t *msg, uint32_t msg_len, uint8_t *sign, uint32_t sign_len)
{
    begin_call("id2_client_kpm_verify");
    note_number("index", key_idx);
    note_bytes("message", msg, msg_len);
    note_bytes("signature", sign, sign_len);
    return fake_rc;
}

/* dpm */

irot_result_t id2_client_dpm_get_totp(uint64_t timestamp, uint32_t index, uint32_t otp_step, uint32_t otp_len,
                                      uint8_t *otp_data)
{
    begin_call("id2_client_dpm_get_totp");
    note_number("timestamp", timestamp);
    note_number("index", index);
    note_number("step", otp_step);
    note_number("length", otp_len);
    write_output(otp_data, otp_len);
    return fake_rc;
}

irot_result_t id2_client_dpm_get_index(uint8_t *otp_data, uint32_t otp_len, uint32_t *index)
{
    begin_call("id2_client_dpm_get_index");
    note_bytes("digits", otp_data, otp_len);
    if (index != NULL) {
        *index = 42;
    }
    return fake_rc;
}

/* driver */

static int session;

irot_result_t se_open_session(void **handle)
{
    begin_call("se_open_session");
    note(" handle=%s", handle == NULL ? "NULL" : "pointer");
    if (handle != NULL) {
        *handle = &session;
    }
    return fake_rc;
}

static void note_handle(const void *handle)
{
    note(" handle=%s", handle == NULL ? "NULL" : handle == &session ? "session" : "stranger");
}

irot_result_t se_transmit(void *handle, const uint8_t *cmd_apdu, uint32_t cmd_len, uint8_t *rsp_buf, uint32_t *rsp_len)
{
    begin_call("se_transmit");
    note_handle(handle);
    note_bytes("command", cmd_apdu, cmd_len);
    return give(rsp_buf, rsp_len);
}

irot_result_t se_close_session(void *handle)
{
    begin_call("se_close_session");
    note_handle(handle);
    return fake_rc;
}

/* osa: real memory, made-up time */

long long ls_osa_get_time_ms(void)
{
    return 0x100000000LL + fake_time_ms;
}

void ls_osa_msleep(unsigned int msec)
{
    fake_time_ms += msec;
    fake_time_ms += (fake_tick_ms - fake_time_ms % fake_tick_ms) % fake_tick_ms;
}

unsigned fake_heap_blocks = ~0u; /* blocks that malloc and calloc give at the same time */
unsigned fake_blocks;
int fake_heap_fault; /* 1: calloc does not zero */

void *ls_osa_malloc(size_t size)
{
    if (fake_blocks >= fake_heap_blocks) {
        return NULL;
    }
    ++fake_blocks;
    return malloc(size);
}

void *ls_osa_calloc(size_t nmemb, size_t size)
{
    unsigned char *block;

    if (fake_blocks >= fake_heap_blocks) {
        return NULL;
    }
    block = calloc(nmemb, size);
    if (block != NULL) {
        ++fake_blocks;
        if (fake_heap_fault == 1 && nmemb * size > 3) {
            block[3] = 1;
        }
    }
    return block;
}

void ls_osa_free(void *ptr)
{
    if (ptr != NULL) {
        --fake_blocks;
    }
    free(ptr);
}

int ls_osa_snprintf(char *str, size_t size, const char *fmt, ...)
{
    va_list arguments;
    int written;

    va_start(arguments, fmt);
    written = vsnprintf(str, size, fmt, arguments);
    va_end(arguments);
    return fake_rc < 0 ? fake_rc : written;
}

void ls_osa_print(const char *fmt, ...)
{
    static char text[80000];
    va_list arguments;
    int written;

    va_start(arguments, fmt);
    written = vsnprintf(text, sizeof text, fmt, arguments);
    va_end(arguments);
    id2_probe_port_write(text, (size_t)written);
}

static int locked;

int ls_osa_mutex_create(void **mutex)
{
    *mutex = &locked;
    return fake_rc;
}

void ls_osa_mutex_destroy(void *mutex)
{
    (void)mutex;
}

int ls_osa_mutex_lock(void *mutex)
{
    (void)mutex;
    return locked++ == 0 ? 0 : -1;
}

int ls_osa_mutex_unlock(void *mutex)
{
    (void)mutex;
    return --locked == 0 ? 0 : -1;
}

static uint32_t permits;

ls_osa_sem_t ls_osa_sem_create(uint32_t init_val)
{
    permits = init_val;
    return fake_rc == 0 ? &permits : NULL;
}

void ls_osa_sem_destroy(ls_osa_sem_t sem)
{
    (void)sem;
}

int ls_osa_sem_wait(ls_osa_sem_t sem, uint32_t time_ms)
{
    (void)sem;
    if (permits > 0) {
        --permits;
        return 0;
    }
    fake_time_ms += time_ms;
    return -1;
}

void ls_osa_sem_post(ls_osa_sem_t sem)
{
    (void)sem;
    ++permits;
}

ls_osa_thread_t ls_osa_thread_create(const char *name, void (*func)(void *), void *arg, size_t stack_size)
{
    (void)name;
    begin_call("ls_osa_thread_create");
    note_number("stack", stack_size);
    if (fake_thread_fails) {
        return NULL;
    }
    func(arg); /* to its end, at once */
    return &permits;
}

void ls_osa_thread_destroy(ls_osa_thread_t thread)
{
    (void)thread;
}

int ls_osa_net_connect(const char *host, const char *port, int type)
{
    begin_call("ls_osa_net_connect");
    note_text("host", host);
    note(" port=%s type=%d", port, type);
    return fake_rc;
}

void ls_osa_net_disconnect(int fd)
{
    begin_call("ls_osa_net_disconnect");
    note(" fd=%d", fd);
}

int fake_send_at_most = 1 << 30;

int ls_osa_net_send(int fd, unsigned char *buf, size_t len, int *ret_orig)
{
    begin_call("ls_osa_net_send");
    note(" fd=%d", fd);
    note_bytes("data", buf, len);
    *ret_orig = fake_rc < 0 ? -1 : 0;
    return fake_rc < 0 ? fake_rc : (int)len < fake_send_at_most ? (int)len : fake_send_at_most;
}

int ls_osa_net_recv(int fd, unsigned char *buf, size_t len, int timeout, int *ret_orig)
{
    begin_call("ls_osa_net_recv");
    note(" fd=%d timeout=%d size=%u", fd, timeout, (unsigned)len);
    write_output(buf, len);
    *ret_orig = fake_rc < 0 ? -2 : 0;
    return fake_rc < 0 ? fake_rc : (int)fake_data_length;
}

/* hal */

int ls_hal_get_dev_id(uint8_t *dev_id, uint32_t *id_len)
{
    begin_call("ls_hal_get_dev_id");
    return give(dev_id, id_len);
}

int ls_hal_open_rsvd_part(int flag)
{
    begin_call("ls_hal_open_rsvd_part");
    note(" flag=%d", flag);
    return fake_rc;
}

int ls_hal_write_rsvd_part(int fd, uint32_t offset, void *data, uint32_t data_len)
{
    begin_call("ls_hal_write_rsvd_part");
    note(" fd=%d offset=%u", fd, (unsigned)offset);
    note_bytes("data", data, data_len);
    return fake_rc;
}

int ls_hal_read_rsvd_part(int fd, uint32_t offset, void *buffer, uint32_t read_len)
{
    begin_call("ls_hal_read_rsvd_part");
    note(" fd=%d offset=%u size=%u", fd, (unsigned)offset, (unsigned)read_len);
    write_output(buffer, read_len);
    return fake_rc;
}

int ls_hal_close_rsvd_part(int fd)
{
    begin_call("ls_hal_close_rsvd_part");
    note(" fd=%d", fd);
    return fake_rc;
}

uint32_t ls_hal_kv_init(void)
{
    begin_call("ls_hal_kv_init");
    return (uint32_t)fake_rc;
}

void ls_hal_kv_deinit(void)
{
    begin_call("ls_hal_kv_deinit");
}

uint32_t ls_hal_kv_set(const char *key, const void *value, uint32_t len)
{
    begin_call("ls_hal_kv_set");
    note_text("key", key);
    note_bytes("value", value, len);
    return (uint32_t)fake_rc;
}

uint32_t ls_hal_kv_get(const char *key, void *buffer, uint32_t *buffer_len)
{
    begin_call("ls_hal_kv_get");
    note_text("key", key);
    return (uint32_t)give(buffer, buffer_len);
}

uint32_t ls_hal_kv_del(const char *key)
{
    begin_call("ls_hal_kv_del");
    note_text("key", key);
    return (uint32_t)fake_rc;
}

int ls_hal_get_random(uint8_t *buf, size_t len)
{
    begin_call("ls_hal_get_random");
    note_number("size", len);
    write_output(buf, len);
    return fake_rc;
}

int ls_hal_set_seed(uint8_t *seed, size_t seed_len)
{
    begin_call("ls_hal_set_seed");
    note_bytes("seed", seed, seed_len);
    return fake_rc;
}

/* Ciphers that flip the bits, hashes that count the bytes: enough to see what was handed over. */

static void use_context(void *ctx)
{
    const unsigned char *bytes = ctx;
    unsigned dirty = 0;
    unsigned i;

    for (i = 0; i < fake_context_size; ++i) {
        dirty += bytes[i] != 0;
    }
    note(" dirty=%u", dirty);
    memset(ctx, 0x5A, fake_context_size);
}

static int begin_cipher(const char *name, void *ctx, int is_enc, const uint8_t *key, size_t key_size,
                        const uint8_t *iv)
{
    begin_call(name);
    note(" encrypt=%d aligned=%d", is_enc, (int)((size_t)ctx % 8 == 0));
    note_bytes("key", key, key_size);
    if (iv != NULL) {
        note_bytes("iv", iv, 16);
    }
    use_context(ctx);
    return fake_rc;
}

static int flip(const uint8_t *src, uint8_t *dst, size_t size)
{
    size_t i;

    note("\n  piece=%u", (unsigned)size);
    if (src == NULL && size > 0) {
        return -2;
    }
    for (i = 0; i < size; ++i) {
        dst[i] = (uint8_t)~src[i];
    }
    return 0;
}

#define CIPHER(name)                                                                                                   \
    int ls_hal_##name##_get_size(void)                                                                                 \
    {                                                                                                                  \
        return (int)fake_context_size;                                                                                 \
    }                                                                                                                  \
    int ls_hal_##name##_process(void *ctx, const uint8_t *src, uint8_t *dst, size_t size)                              \
    {                                                                                                                  \
        (void)ctx;                                                                                                     \
        return flip(src, dst, size);                                                                                   \
    }
#define ECB(name)                                                                                                      \
    CIPHER(name)                                                                                                       \
    int ls_hal_##name##_init(void *ctx, int is_enc, const uint8_t *key, size_t size)                                   \
    {                                                                                                                  \
        return begin_cipher(#name, ctx, is_enc, key, size, NULL);                                                      \
    }
#define WITH_IV(name)                                                                                                  \
    CIPHER(name)                                                                                                       \
    int ls_hal_##name##_init(void *ctx, int is_enc, const uint8_t *key, size_t size, uint8_t iv[16])                   \
    {                                                                                                                  \
        return begin_cipher(#name, ctx, is_enc, key, size, iv);                                                        \
    }

ECB(aes_ecb)
WITH_IV(aes_cbc)
WITH_IV(aes_ctr)
WITH_IV(aes_cfb)
ECB(sm4_ecb)
WITH_IV(sm4_cbc)
WITH_IV(sm4_ctr)

int ls_hal_aes_cfb128_process(void *ctx, const uint8_t *src, uint8_t *dst, size_t size)
{
    (void)ctx;
    note("\n  cfb128");
    return flip(src, dst, size);
}

#define HASH(name, bytes)                                                                                              \
    int ls_hal_##name##_get_size(void)                                                                                 \
    {                                                                                                                  \
        return (int)fake_context_size;                                                                                 \
    }                                                                                                                  \
    int ls_hal_##name##_init(void *ctx)                                                                                \
    {                                                                                                                  \
        begin_call(#name);                                                                                             \
        use_context(ctx);                                                                                              \
        return fake_rc;                                                                                                \
    }                                                                                                                  \
    int ls_hal_##name##_update(void *ctx, const uint8_t *src, size_t size)                                             \
    {                                                                                                                  \
        (void)ctx;                                                                                                     \
        note("\n  piece");                                                                                             \
        note_bytes("data", src, size);                                                                                 \
        return 0;                                                                                                      \
    }                                                                                                                  \
    int ls_hal_##name##_finish(void *ctx, uint8_t digest[bytes])                                                       \
    {                                                                                                                  \
        (void)ctx;                                                                                                     \
        memset(digest, bytes, bytes);                                                                                  \
        return 0;                                                                                                      \
    }

HASH(md5, 16)
HASH(sha1, 20)
HASH(sha256, 32)
HASH(sm3, 32)
