/*
 * Every call of the vendor's functions. Only the names of his public headers are included, so this file compiles against
 * his and against ours (firmware/include) alike. The table at the end holds what the switches leave in.
 */
#include "id2_probe_config.h"

#ifndef ID2_PROBE_ENABLE

typedef int id2_probe_calls_are_not_in_this_build;

#else

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The vendor's id2_client.h and irot_hal.h both name the result type, which C99 takes for an error. Some of his headers
   need what the ones before them include. */
#if defined(__GNUC__) || defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#endif
#ifdef __clang__
#pragma clang diagnostic ignored "-Wtypedef-redefinition"
#endif
#if ID2_PROBE_CLIENT
#include "id2_client.h"
#endif
#if ID2_PROBE_KPM
#include "id2_client_kpm.h"
#endif
#if ID2_PROBE_DPM
#include "id2_client_dpm.h"
#endif
#if ID2_PROBE_DRIVER
#include "se_driver.h"
#endif
#if ID2_PROBE_OSA || ID2_PROBE_MUTEX || ID2_PROBE_SEMAPHORE || ID2_PROBE_THREAD || ID2_PROBE_NET
#include "ls_osa.h"
#endif
#if ID2_PROBE_DEVICE_ID || ID2_PROBE_PARTITION
#include "ls_hal_km.h"
#endif
#if ID2_PROBE_KV
#include "ls_hal_sst.h"
#endif
#if ID2_PROBE_RANDOM
#include "ls_hal_crypt.h"
#endif
#if ID2_PROBE_AES
#include "ls_hal_aes.h"
#endif
#if ID2_PROBE_SM4
#include "ls_hal_sm4.h"
#endif
#if ID2_PROBE_HASH
#include "ls_hal_hash.h"
#endif
#if defined(__GNUC__) || defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include "id2_probe.h"
#include "id2_probe_calls.h"

typedef struct id2_probe_call call_t;

/* What an input or output is for the function that takes it. */
#define A call->in[0]
#define B call->in[1]
#define C call->in[2]
#define TEXT(input) ((const char *)(input).data)
#define BYTES(input) (input).data, (input).length
#define OUTPUT call->out, call->out_length

#define GIVES_OWN                                                                                                      \
    (ID2_PROBE_TIM || ID2_PROBE_SLP || ID2_PROBE_CAL || ID2_PROBE_MAL || ID2_PROBE_EXH || ID2_PROBE_MTX ||             \
     ID2_PROBE_THR || ID2_PROBE_UPT || ID2_PROBE_CAU)

#if GIVES_OWN || ID2_PROBE_VER || ID2_PROBE_PST || ID2_PROBE_KPS || ID2_PROBE_KPT || ID2_PROBE_TIX

/* Give a number as the result, big-endian, as far as the buffer that the host offered holds it. */
static void give(call_t *call, uint64_t number, unsigned size)
{
    unsigned i;

    for (i = 0; i < size; ++i) {
        if (call->length + i < call->capacity) {
            call->result[call->length + i] = (uint8_t)(number >> (8 * (size - 1u - i)));
        }
    }
    call->length += size;
}

#endif
#if GIVES_OWN

/* As give, in a function to which the host offers no buffer. */
static void give_own(call_t *call, uint64_t number, unsigned size)
{
    call->capacity = call->length + size;
    give(call, number, size);
}

#endif

/* client */

#if ID2_PROBE_INI
static int32_t ini(call_t *call)
{
    (void)call;
    return id2_client_init();
}
#endif

#if ID2_PROBE_CLN
static int32_t cln(call_t *call)
{
    (void)call;
    return id2_client_cleanup();
}
#endif

#if ID2_PROBE_VER
static int32_t ver(call_t *call)
{
    uint32_t version = 0;
    int32_t rc = id2_client_get_version(call->out == NULL ? NULL : &version);

    give(call, version, 4);
    return rc;
}
#endif

#if ID2_PROBE_GID
static int32_t gid(call_t *call)
{
    return id2_client_get_id(OUTPUT);
}
#endif

#if ID2_PROBE_CAC
static int32_t cac(call_t *call)
{
    return id2_client_get_challenge_auth_code(TEXT(A), BYTES(B), OUTPUT);
}
#endif

#if ID2_PROBE_TAC
static int32_t tac(call_t *call)
{
    return id2_client_get_timestamp_auth_code(TEXT(A), BYTES(B), OUTPUT);
}
#endif

#if ID2_PROBE_ENC
static int32_t enc(call_t *call)
{
    return id2_client_encrypt(TEXT(C), BYTES(A), OUTPUT);
}
#endif

#if ID2_PROBE_DEC
static int32_t dec(call_t *call)
{
    return id2_client_decrypt(BYTES(A), OUTPUT);
}
#endif

#if ID2_PROBE_DCH
static int32_t dch(call_t *call)
{
    return id2_client_get_device_challenge(OUTPUT);
}
#endif

#if ID2_PROBE_VSV
static int32_t vsv(call_t *call)
{
    return id2_client_verify_server(BYTES(A), BYTES(C), BYTES(B));
}
#endif

#if ID2_PROBE_SEC
static int32_t sec(call_t *call)
{
    return id2_client_get_secret(TEXT(C), OUTPUT);
}
#endif

#if ID2_PROBE_DKY
static int32_t dky(call_t *call)
{
    return id2_client_derive_key(TEXT(C), call->out, call->length);
}
#endif

#if ID2_PROBE_PST
static int32_t pst(call_t *call)
{
    bool provisioned = false;
    int32_t rc = id2_client_get_prov_stat(call->out == NULL ? NULL : &provisioned);

    give(call, provisioned ? 1 : 0, 1);
    return rc;
}
#endif

#if ID2_PROBE_OAC
static int32_t oac(call_t *call)
{
    return id2_client_get_otp_auth_code(BYTES(A), OUTPUT);
}
#endif

#if ID2_PROBE_LOD
static int32_t lod(call_t *call)
{
    return id2_client_load_otp_data(BYTES(A));
}
#endif

#if ID2_PROBE_PRV
static int32_t prv(call_t *call)
{
    return id2_client_wrap_do_provisioning(TEXT(C), call->k, TEXT(A), TEXT(B), call->m);
}
#endif

#if ID2_PROBE_SIK
static int32_t sik(call_t *call)
{
    return id2_client_set_id2_and_key(TEXT(C), (int)call->k, TEXT(A));
}
#endif

/* kpm */

#if ID2_PROBE_KPS
static int32_t kps(call_t *call)
{
    bool provisioned = false;
    int32_t rc = id2_client_kpm_get_prov_stat((uint8_t)call->k, call->out == NULL ? NULL : &provisioned);

    give(call, provisioned ? 1 : 0, 1);
    return rc;
}
#endif

#if ID2_PROBE_KPT
static int32_t kpt(call_t *call)
{
    uint32_t type = 0;
    int32_t rc = id2_client_kpm_get_key_type((uint8_t)call->k, call->out == NULL ? NULL : &type);

    give(call, type, 4);
    return rc;
}
#endif

#if ID2_PROBE_KPA
static int32_t kpa(call_t *call)
{
    return id2_client_kpm_get_auth_code((uint8_t)call->k, (uint8_t)call->m, (uint8_t)call->n, (char *)A.data,
                                        OUTPUT);
}
#endif

#if ID2_PROBE_KPI
static int32_t kpi(call_t *call)
{
    return id2_client_kpm_import_key((uint8_t)call->k, BYTES(A));
}
#endif

#if ID2_PROBE_KPD
static int32_t kpd(call_t *call)
{
    return id2_client_kpm_delete_key((uint8_t)call->k);
}
#endif

#if ID2_PROBE_KPX
static int32_t kpx(call_t *call)
{
    return id2_client_kpm_export_pub_key((uint8_t)call->k, OUTPUT);
}
#endif

#if ID2_PROBE_KPE
static int32_t kpe(call_t *call)
{
    return id2_client_kpm_encrypt((uint8_t)call->k, (uint8_t)call->m, (uint8_t)call->n, BYTES(C), BYTES(A), OUTPUT);
}
#endif

#if ID2_PROBE_KPC
static int32_t kpc(call_t *call)
{
    return id2_client_kpm_decrypt((uint8_t)call->k, (uint8_t)call->m, (uint8_t)call->n, BYTES(C), BYTES(A), OUTPUT);
}
#endif

#if ID2_PROBE_KPG
static int32_t kpg(call_t *call)
{
    return id2_client_kpm_sign((uint8_t)call->k, BYTES(A), OUTPUT);
}
#endif

#if ID2_PROBE_KPV
static int32_t kpv(call_t *call)
{
    return id2_client_kpm_verify((uint8_t)call->k, BYTES(A), BYTES(B));
}
#endif

/* dpm */

#if ID2_PROBE_TOT
static int32_t tot(call_t *call)
{
    int32_t rc = id2_client_dpm_get_totp(call->k, call->m, call->n, call->p, call->out);

    call->length = call->p;
    return rc;
}
#endif

#if ID2_PROBE_TIX
static int32_t tix(call_t *call)
{
    uint32_t index = 0;
    int32_t rc = id2_client_dpm_get_index(BYTES(A), call->out == NULL ? NULL : &index);

    give(call, index, 4);
    return rc;
}
#endif

/* driver */

#if ID2_PROBE_SOP || ID2_PROBE_TRX || ID2_PROBE_SCL

/* Return the handle that was opened last, NULL, or a pointer that was never a handle. */
static void **handle_for(uint32_t k)
{
    static void *opened;
    static void *chosen;
    static uint32_t nothing[16];

    if (k == 0) {
        return &opened;
    }
    chosen = k == 2 ? nothing : NULL;
    return &chosen;
}

#endif

#if ID2_PROBE_SOP
static int32_t sop(call_t *call)
{
    return se_open_session(call->k == 0 ? handle_for(0) : NULL);
}
#endif

#if ID2_PROBE_TRX
static int32_t trx(call_t *call)
{
    return se_transmit(*handle_for(call->k), BYTES(A), OUTPUT);
}
#endif

#if ID2_PROBE_SCL
static int32_t scl(call_t *call)
{
    return se_close_session(*handle_for(call->k));
}
#endif

/* osa */

#if ID2_PROBE_TIM
static int32_t tim(call_t *call)
{
    give_own(call, (uint64_t)ls_osa_get_time_ms(), 8);
    return 0;
}
#endif

#if ID2_PROBE_SLP
static int32_t slp(call_t *call)
{
    long long before = ls_osa_get_time_ms();
    uint32_t port_before = id2_probe_port_ms();

    ls_osa_msleep((unsigned int)call->k);
    give_own(call, (uint32_t)(ls_osa_get_time_ms() - before), 4);
    give_own(call, id2_probe_port_ms() - port_before, 4);
    return 0;
}
#endif

#if ID2_PROBE_CAL || ID2_PROBE_MAL || ID2_PROBE_EXH

/* Write bytes that differ from place to place and from `mark` to `mark`. Memory is looked at as volatile, so that the
   compiler does not answer for it. */
static void mark_block(void *block, size_t size, uint32_t mark)
{
    volatile uint8_t *bytes = (volatile uint8_t *)block;
    size_t i;

    for (i = 0; i < size; ++i) {
        bytes[i] = (uint8_t)(mark + i + (i >> 8));
    }
}

/* Return how many bytes did not keep what mark_block wrote. */
static uint32_t count_lost(const void *block, size_t size, uint32_t mark)
{
    const volatile uint8_t *bytes = (const volatile uint8_t *)block;
    uint32_t lost = 0;
    size_t i;

    for (i = 0; i < size; ++i) {
        lost += bytes[i] != (uint8_t)(mark + i + (i >> 8));
    }
    return lost;
}

#endif
#if ID2_PROBE_CAL || ID2_PROBE_MAL

/* Take k x m bytes n times, look at them, fill them and give them back. */
static int32_t take_and_give_back(call_t *call, bool zeroed)
{
    bool possible = call->k == 0 || call->m <= SIZE_MAX / call->k;
    size_t size = possible ? (size_t)call->k * call->m : 0;
    uint32_t got = 0;
    uint32_t bad = 0;
    uint32_t cycle;

    for (cycle = 0; cycle < call->n; ++cycle) {
        void *block = NULL;

        if (zeroed) {
            block = ls_osa_calloc((size_t)call->k, (size_t)call->m);
        } else if (possible) {
            block = ls_osa_malloc(size);
        }
        if (block != NULL) {
            const volatile uint8_t *bytes = (const volatile uint8_t *)block;
            size_t i;

            ++got;
            for (i = 0; zeroed && i < size; ++i) {
                bad += bytes[i] != 0;
            }
            mark_block(block, size, cycle);
            bad += count_lost(block, size, cycle);
            ls_osa_free(block);
        }
    }
    give_own(call, got, 4);
    give_own(call, bad, 4);
    give_own(call, call->n - got, 4);
    return 0;
}

#endif

#if ID2_PROBE_CAL
static int32_t cal(call_t *call)
{
    return take_and_give_back(call, true);
}
#endif

#if ID2_PROBE_MAL
static int32_t mal(call_t *call)
{
    return take_and_give_back(call, false);
}
#endif

#if ID2_PROBE_EXH
static int32_t exh(call_t *call)
{
    void *last = NULL; /* each block begins with the address of the one before */
    size_t size = (size_t)call->k < sizeof last ? sizeof last : (size_t)call->k;
    uint32_t blocks = 0;
    uint32_t bad = 0;
    uint32_t left;

    while (blocks < call->m) {
        void **block = (void **)ls_osa_malloc(size);

        if (block == NULL) {
            break;
        }
        *block = last;
        mark_block(block + 1, size - sizeof last, blocks);
        last = block;
        ++blocks;
    }
    for (left = blocks; left > 0; --left) {
        void **block = (void **)last;

        bad += count_lost(block + 1, size - sizeof last, left - 1u) != 0;
        last = *block;
        ls_osa_free(block);
    }
    give_own(call, blocks, 4);
    give_own(call, bad, 4);
    return 0;
}
#endif

#if ID2_PROBE_FMT
static int32_t format(call_t *call)
{
    const char *text = A.data == NULL ? "" : TEXT(A);
    char *out = (char *)call->out;
    size_t size = (size_t)call->length;
    unsigned int number = (unsigned int)call->m;

    switch (call->k) {
    case 0:
        return ls_osa_snprintf(out, size, "%08X", number);
    case 1:
        return ls_osa_snprintf(out, size, "%.*s", (int)call->n, text);
    case 2:
        return ls_osa_snprintf(out, size, "%s", text);
    case 3:
        return ls_osa_snprintf(out, size, "%d", (int)number);
    case 4:
        return ls_osa_snprintf(out, size, "%u", number);
    case 5:
        return ls_osa_snprintf(out, size, "%02x", number);
    case 6:
        return ls_osa_snprintf(out, size, "%c", (int)number);
    case 7:
        return ls_osa_snprintf(out, size, "%08x%s", number, text);
    default:
        return -2;
    }
}

static int32_t fmt(call_t *call)
{
    int32_t rc = format(call);

    return rc < 0 && call->p != 0 && call->k <= 7 ? 0 : rc;
}
#endif

#if ID2_PROBE_PRT
static int32_t prt(call_t *call)
{
    ls_osa_print("%s\n", A.data == NULL ? "" : TEXT(A));
    return 0;
}
#endif

/* mutex, semaphore, thread */

#if ID2_PROBE_MTX
static int32_t mtx(call_t *call)
{
    void *mutex = NULL;
    unsigned steps = 0;

    if (ls_osa_mutex_create(&mutex) == 0) {
        ++steps;
        steps += ls_osa_mutex_lock(mutex) == 0;
        steps += ls_osa_mutex_unlock(mutex) == 0;
        steps += ls_osa_mutex_lock(mutex) == 0;
        steps += ls_osa_mutex_unlock(mutex) == 0;
        ls_osa_mutex_destroy(mutex);
        ++steps;
    }
    give_own(call, steps, 1);
    return 0;
}
#endif

#if ID2_PROBE_SMW || ID2_PROBE_SMP

/* Wait for a semaphore of 0 that was posted or not; the length is the milliseconds that the wait took. */
static int32_t wait_for_semaphore(call_t *call, bool posted)
{
    ls_osa_sem_t semaphore = ls_osa_sem_create(0);
    int32_t rc = -5;

    if (semaphore != NULL) {
        uint32_t before = id2_probe_port_ms();

        if (posted) {
            ls_osa_sem_post(semaphore);
        }
        rc = ls_osa_sem_wait(semaphore, call->k);
        call->length = id2_probe_port_ms() - before;
        ls_osa_sem_destroy(semaphore);
    }
    return rc;
}

#endif

#if ID2_PROBE_SMW
static int32_t smw(call_t *call)
{
    return wait_for_semaphore(call, false);
}
#endif

#if ID2_PROBE_SMP
static int32_t smp(call_t *call)
{
    return wait_for_semaphore(call, true);
}
#endif

#if ID2_PROBE_THR

static struct {
    volatile uint32_t reached;
    volatile uint32_t end;
    void *mutex;
} counting;

static void count_up(void *unused)
{
    (void)unused;
    while (counting.reached < counting.end) {
#if ID2_PROBE_MUTEX
        if (ls_osa_mutex_lock(counting.mutex) != 0) {
            break;
        }
#endif
        counting.reached = counting.reached + 1u;
#if ID2_PROBE_MUTEX
        (void)ls_osa_mutex_unlock(counting.mutex);
#endif
        ls_osa_msleep(1);
    }
}

static int32_t thr(call_t *call)
{
    ls_osa_thread_t thread;

    counting.reached = 0;
    counting.end = call->m;
#if ID2_PROBE_MUTEX
    if (ls_osa_mutex_create(&counting.mutex) != 0) {
        return -5;
    }
#endif
#if ID2_PROBE_MUTEX
    if (call->p != 0 && ls_osa_mutex_lock(counting.mutex) != 0) {
        ls_osa_mutex_destroy(counting.mutex);
        return -5;
    }
#endif
    thread = ls_osa_thread_create("id2_probe", count_up, NULL, (size_t)call->k);
    if (thread != NULL) {
        ls_osa_msleep((unsigned int)call->n);
        give_own(call, counting.reached, 4);
    }
    counting.end = 0; /* lets the thread end by itself, out of the mutex */
#if ID2_PROBE_MUTEX
    if (call->p != 0) {
        (void)ls_osa_mutex_unlock(counting.mutex);
    }
#endif
    if (thread != NULL) {
        ls_osa_msleep(20);
        ls_osa_thread_destroy(thread);
    }
#if ID2_PROBE_MUTEX
    ls_osa_mutex_destroy(counting.mutex);
#endif
    return thread == NULL ? -5 : 0;
}
#endif

/* device id, reserved partition, key-value store, random */

#if ID2_PROBE_DID
static int32_t did(call_t *call)
{
    return ls_hal_get_dev_id(OUTPUT);
}
#endif

#if ID2_PROBE_POP
static int32_t pop(call_t *call)
{
    return ls_hal_open_rsvd_part((int)call->k);
}
#endif

#if ID2_PROBE_PWR
static int32_t pwr(call_t *call)
{
    return ls_hal_write_rsvd_part((int)call->k, call->m, BYTES(A));
}
#endif

#if ID2_PROBE_PRD
static int32_t prd(call_t *call)
{
    return ls_hal_read_rsvd_part((int)call->k, call->m, call->out, call->length);
}
#endif

#if ID2_PROBE_PCL
static int32_t pcl(call_t *call)
{
    return ls_hal_close_rsvd_part((int)call->k);
}
#endif

#if ID2_PROBE_KVI
static int32_t kvi(call_t *call)
{
    (void)call;
    return (int32_t)ls_hal_kv_init();
}
#endif

#if ID2_PROBE_KVX
static int32_t kvx(call_t *call)
{
    (void)call;
    ls_hal_kv_deinit();
    return 0;
}
#endif

#if ID2_PROBE_KVS
static int32_t kvs(call_t *call)
{
    return (int32_t)ls_hal_kv_set(TEXT(C), BYTES(A));
}
#endif

#if ID2_PROBE_KVG
static int32_t kvg(call_t *call)
{
    return (int32_t)ls_hal_kv_get(TEXT(C), OUTPUT);
}
#endif

#if ID2_PROBE_KVD
static int32_t kvd(call_t *call)
{
    return (int32_t)ls_hal_kv_del(TEXT(C));
}
#endif

#if ID2_PROBE_RND
static int32_t rnd(call_t *call)
{
    return ls_hal_get_random(call->out, (size_t)call->length);
}
#endif

#if ID2_PROBE_SED
static int32_t sed(call_t *call)
{
    return ls_hal_set_seed(A.data, (size_t)A.length);
}
#endif

/* crypto */

#if ID2_PROBE_AES || ID2_PROBE_SM4

/* One mode of one cipher. ECB is begun without an initial vector. */
struct cipher {
    int (*size)(void);
    int (*begin_ecb)(void *, int, const uint8_t *, size_t);
    int (*begin)(void *, int, const uint8_t *, size_t, uint8_t *);
    int (*process)(void *, const uint8_t *, uint8_t *, size_t);
};

static int32_t encrypt_or_decrypt(call_t *call, const struct cipher *cipher)
{
    int size = cipher->size();
    size_t key_length = (size_t)C.length;
    size_t done = 0;
    size_t length = (size_t)A.length;
    int rc;

    if (size < 0 || (unsigned)size > ID2_PROBE_SLOT_B || length > ID2_PROBE_RESULT) {
        return -5;
    }
    if (cipher->begin_ecb != NULL) {
        rc = cipher->begin_ecb(call->context, (int)call->m, C.data, key_length);
    } else if (key_length < 16) {
        return -2;
    } else {
        key_length -= 16;
        rc = cipher->begin(call->context, (int)call->m, C.data, key_length, C.data + key_length);
    }
    call->capacity = (uint32_t)length;
    call->length = (uint32_t)length;
    while (rc == 0) {
        size_t piece = length - done;

        if (call->n != 0 && piece > call->n) {
            piece = (size_t)call->n;
        }
        rc = cipher->process(call->context, A.data == NULL ? NULL : A.data + done, call->result + done,
                             piece);
        done += piece;
        if (done == length) {
            break;
        }
    }
    return rc;
}

#endif
#if ID2_PROBE_AES

static const struct cipher aes_modes[] = {
    {ls_hal_aes_ecb_get_size, ls_hal_aes_ecb_init, NULL, ls_hal_aes_ecb_process},
    {ls_hal_aes_cbc_get_size, NULL, ls_hal_aes_cbc_init, ls_hal_aes_cbc_process},
#if ID2_PROBE_AES_CTR
    {ls_hal_aes_ctr_get_size, NULL, ls_hal_aes_ctr_init, ls_hal_aes_ctr_process},
#else
    {NULL, NULL, NULL, NULL},
#endif
#if ID2_PROBE_AES_CFB
    {ls_hal_aes_cfb_get_size, NULL, ls_hal_aes_cfb_init, ls_hal_aes_cfb128_process},
#endif
};

static int32_t aes(call_t *call)
{
    return encrypt_or_decrypt(call, &aes_modes[call->k]);
}

#endif
#if ID2_PROBE_SM4

static const struct cipher sm4_modes[] = {
    {ls_hal_sm4_ecb_get_size, ls_hal_sm4_ecb_init, NULL, ls_hal_sm4_ecb_process},
    {ls_hal_sm4_cbc_get_size, NULL, ls_hal_sm4_cbc_init, ls_hal_sm4_cbc_process},
#if ID2_PROBE_SM4_CTR
    {ls_hal_sm4_ctr_get_size, NULL, ls_hal_sm4_ctr_init, ls_hal_sm4_ctr_process},
#endif
};

static int32_t sm4(call_t *call)
{
    return encrypt_or_decrypt(call, &sm4_modes[call->k]);
}

#endif
#if ID2_PROBE_HSH

struct hash {
    int (*size)(void);
    int (*begin)(void *);
    int (*update)(void *, const uint8_t *, size_t);
    int (*finish)(void *, uint8_t *);
    uint8_t length;
};

static const struct hash hashes[] = {
#if ID2_PROBE_HASH_MD5
    {ls_hal_md5_get_size, ls_hal_md5_init, ls_hal_md5_update, ls_hal_md5_finish, 16},
#else
    {NULL, NULL, NULL, NULL, 0},
#endif
#if ID2_PROBE_HASH_SHA1
    {ls_hal_sha1_get_size, ls_hal_sha1_init, ls_hal_sha1_update, ls_hal_sha1_finish, 20},
#else
    {NULL, NULL, NULL, NULL, 0},
#endif
#if ID2_PROBE_HASH_SHA256
    {ls_hal_sha256_get_size, ls_hal_sha256_init, ls_hal_sha256_update, ls_hal_sha256_finish, 32},
#else
    {NULL, NULL, NULL, NULL, 0},
#endif
#if ID2_PROBE_HASH_SM3
    {ls_hal_sm3_get_size, ls_hal_sm3_init, ls_hal_sm3_update, ls_hal_sm3_finish, 32},
#endif
};

static int32_t hsh(call_t *call)
{
    const struct hash *hash = &hashes[call->k];
    int size = hash->size();
    size_t done = 0;
    size_t length = (size_t)A.length;
    int rc;

    if (size < 0 || (unsigned)size > ID2_PROBE_SLOT_B) {
        return -5;
    }
    rc = hash->begin(call->context);
    while (rc == 0) {
        size_t piece = length - done;

        if (call->n != 0 && piece > call->n) {
            piece = (size_t)call->n;
        }
        rc = hash->update(call->context, A.data == NULL ? NULL : A.data + done, piece);
        done += piece;
        if (done == length) {
            break;
        }
    }
    if (rc == 0) {
        call->capacity = hash->length;
        call->length = hash->length;
        rc = hash->finish(call->context, call->result);
    }
    return rc;
}

#endif

int id2_probe_has_mode(char letter, uint32_t k)
{
    int has = 0;

#if ID2_PROBE_AES
    if (letter == 'a') {
        has = k < sizeof aes_modes / sizeof aes_modes[0] && aes_modes[k].size != NULL;
    }
#endif
#if ID2_PROBE_SM4
    if (letter == 's') {
        has = k < sizeof sm4_modes / sizeof sm4_modes[0] && sm4_modes[k].size != NULL;
    }
#endif
#if ID2_PROBE_HSH
    if (letter == 'h') {
        has = k < sizeof hashes / sizeof hashes[0] && hashes[k].size != NULL;
    }
#endif
    (void)letter;
    (void)k;
    return has;
}

/* net */

#if ID2_PROBE_CON
static int32_t con(call_t *call)
{
    char digits[11];
    uint32_t port = call->k;
    unsigned i = sizeof digits - 1u;

    digits[i] = '\0';
    do {
        digits[--i] = (char)('0' + (int)(port % 10u));
        port /= 10u;
    } while (port != 0);
    return ls_osa_net_connect(TEXT(C), digits + i, (int)call->m);
}
#endif

#if ID2_PROBE_SND
static int32_t snd(call_t *call)
{
    uint32_t times = call->n == 0 ? 1 : call->n;
    int reason = 0;

    while (times-- > 0) {
        size_t done = 0;

        do {
            int sent = ls_osa_net_send((int)call->k, A.data + done, (size_t)A.length - done, &reason);

            if (sent < 0) {
                return sent;
            }
            if (sent == 0) {
                return 0;
            }
            done += (size_t)sent;
            call->length += (uint32_t)sent;
        } while (done < A.length);
    }
    return 0;
}
#endif

#if ID2_PROBE_RCV
static int32_t rcv(call_t *call)
{
    int reason = 0;
    int got = ls_osa_net_recv((int)call->k, call->out, (size_t)call->length, (int)call->m, &reason);

    call->length = got < 0 ? (uint32_t)reason : (uint32_t)got;
    return got;
}
#endif

#if ID2_PROBE_DIS
static int32_t dis(call_t *call)
{
    ls_osa_net_disconnect((int)call->k);
    return 0;
}
#endif

/* board */

#if ID2_PROBE_RST
static int32_t rst(call_t *call)
{
    id2_probe_port_reset((int)call->k);
    return -1;
}
#endif

#if ID2_PROBE_CRS
static int32_t crs(call_t *call)
{
    id2_probe_port_crash((int)call->k);
    return -1;
}
#endif

#if ID2_PROBE_UPT
static int32_t upt(call_t *call)
{
    give_own(call, id2_probe_port_ms(), 4);
    return 0;
}
#endif

#if ID2_PROBE_CAU
static int32_t cau(call_t *call)
{
    const char *cause = id2_probe_port_reset_cause();

    while (cause[call->length] != '\0' && call->length < ID2_PROBE_RESULT) {
        give_own(call, (uint8_t)cause[call->length], 1);
    }
    return 0;
}
#endif

/* The table of what is in this firmware */

/* A row for a switch that is 1, nothing for one that is 0. */
#define ROW_0(name, flags)
#define ROW_1(name, flags) {#name, (flags), name},
#define ROW_OF(on, name, flags) ROW_##on(name, flags)
#define ROW(on, name, flags) ROW_OF(on, name, flags)

const struct id2_probe_function id2_probe_functions[] = {
    {"fns", 0, id2_probe_names},
    ROW(ID2_PROBE_INI, ini, 0)
    ROW(ID2_PROBE_CLN, cln, 0)
    ROW(ID2_PROBE_VER, ver, 0)
    ROW(ID2_PROBE_GID, gid, ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_CAC, cac, ID2_PROBE_TEXT_A | ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_TAC, tac, ID2_PROBE_TEXT_A | ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_ENC, enc, ID2_PROBE_TEXT_C | ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_DEC, dec, ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_DCH, dch, ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_VSV, vsv, 0)
    ROW(ID2_PROBE_SEC, sec, ID2_PROBE_TEXT_C | ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_DKY, dky, ID2_PROBE_TEXT_C | ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_PST, pst, 0)
    ROW(ID2_PROBE_OAC, oac, ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_LOD, lod, 0)
    ROW(ID2_PROBE_PRV, prv, ID2_PROBE_TEXT_A | ID2_PROBE_TEXT_B | ID2_PROBE_TEXT_C)
    ROW(ID2_PROBE_SIK, sik, ID2_PROBE_TEXT_A | ID2_PROBE_TEXT_C)
    ROW(ID2_PROBE_KPS, kps, 0)
    ROW(ID2_PROBE_KPT, kpt, 0)
    ROW(ID2_PROBE_KPA, kpa, ID2_PROBE_TEXT_A | ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_KPI, kpi, 0)
    ROW(ID2_PROBE_KPD, kpd, 0)
    ROW(ID2_PROBE_KPX, kpx, ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_KPE, kpe, ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_KPC, kpc, ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_KPG, kpg, ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_KPV, kpv, 0)
    ROW(ID2_PROBE_TOT, tot, 0)
    ROW(ID2_PROBE_TIX, tix, 0)
    ROW(ID2_PROBE_SOP, sop, 0)
    ROW(ID2_PROBE_TRX, trx, ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_SCL, scl, 0)
    ROW(ID2_PROBE_TIM, tim, 0)
    ROW(ID2_PROBE_SLP, slp, 0)
    ROW(ID2_PROBE_CAL, cal, 0)
    ROW(ID2_PROBE_MAL, mal, 0)
    ROW(ID2_PROBE_EXH, exh, 0)
    ROW(ID2_PROBE_FMT, fmt, ID2_PROBE_TEXT_A | ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_PRT, prt, ID2_PROBE_TEXT_A)
    ROW(ID2_PROBE_MTX, mtx, 0)
    ROW(ID2_PROBE_SMW, smw, 0)
    ROW(ID2_PROBE_SMP, smp, 0)
    ROW(ID2_PROBE_THR, thr, 0)
    ROW(ID2_PROBE_DID, did, ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_POP, pop, 0)
    ROW(ID2_PROBE_PWR, pwr, 0)
    ROW(ID2_PROBE_PRD, prd, ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_PCL, pcl, 0)
    ROW(ID2_PROBE_KVI, kvi, 0)
    ROW(ID2_PROBE_KVX, kvx, 0)
    ROW(ID2_PROBE_KVS, kvs, ID2_PROBE_TEXT_C)
    ROW(ID2_PROBE_KVG, kvg, ID2_PROBE_TEXT_C | ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_KVD, kvd, ID2_PROBE_TEXT_C)
    ROW(ID2_PROBE_RND, rnd, ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_SED, sed, 0)
    ROW(ID2_PROBE_AES, aes, ID2_PROBE_CONTEXT | ID2_PROBE_MODES)
    ROW(ID2_PROBE_SM4, sm4, ID2_PROBE_CONTEXT | ID2_PROBE_MODES)
    ROW(ID2_PROBE_HSH, hsh, ID2_PROBE_CONTEXT | ID2_PROBE_MODES)
    ROW(ID2_PROBE_CON, con, ID2_PROBE_TEXT_C)
    ROW(ID2_PROBE_SND, snd, 0)
    ROW(ID2_PROBE_RCV, rcv, ID2_PROBE_LENGTH)
    ROW(ID2_PROBE_DIS, dis, 0)
    ROW(ID2_PROBE_RST, rst, 0)
    ROW(ID2_PROBE_CRS, crs, 0)
    ROW(ID2_PROBE_UPT, upt, 0)
    ROW(ID2_PROBE_CAU, cau, 0)
    {"", 0, NULL}
};

#endif
