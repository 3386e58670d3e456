/*
 * What is in the probe: give each switch by -D, or all in a header that -DID2_PROBE_CONFIG_FILE='"mine.h"' names.
 *
 * ID2_PROBE_ENABLE must be defined, in test builds only. Without it the C files are empty and id2_probe.h is an error, so
 * that no firmware carries the probe by accident.
 *
 * Switches are 0 or 1. A group switches all its functions; a function that the firmware lacks is switched off by its
 * own name, for instance -DID2_PROBE_KPM=1 -DID2_PROBE_KPG=0 -DID2_PROBE_KPV=0. A function that is off is not linked,
 * is not among the names that the probe tells, and is answered by NK 5.
 */
#ifndef ID2_PROBE_CONFIG_H
#define ID2_PROBE_CONFIG_H

#ifdef ID2_PROBE_CONFIG_FILE
#include ID2_PROBE_CONFIG_FILE
#endif

/* Longest request line without its end, 63 to 255. A shell in front of the probe may take less than it says. */
#ifndef ID2_PROBE_LINE
#define ID2_PROBE_LINE 79
#endif

/*
 * Bytes of the input slots a, b and c, and of the result. Each slot takes a little more than the API allows (1024, 512
 * and 128 bytes), for the harness tries what must be refused; the result takes 1024 bytes encrypted, with their
 * padding. The contexts of AES, SM4 and hashes lie in slot b.
 */
#ifndef ID2_PROBE_SLOT_A
#define ID2_PROBE_SLOT_A 1056
#endif
#ifndef ID2_PROBE_SLOT_B
#define ID2_PROBE_SLOT_B 520
#endif
#ifndef ID2_PROBE_SLOT_C
#define ID2_PROBE_SLOT_C 136
#endif
#ifndef ID2_PROBE_RESULT
#define ID2_PROBE_RESULT 1040
#endif

/* Most bytes of the result in one reply to `get`, 40 to 128. The reply is put together in twice as many and 80. */
#ifndef ID2_PROBE_GET
#define ID2_PROBE_GET 128
#endif

/* A name of this firmware for the hello: letters, digits, ~ + / = _ . : and -, at most 24. */
#ifndef ID2_PROBE_NAME
#define ID2_PROBE_NAME "-"
#endif

/* Put around each write when other tasks print on the same console: statements without the semicolon. */
#ifndef ID2_PROBE_LOCK
#define ID2_PROBE_LOCK() ((void)0)
#endif
#ifndef ID2_PROBE_UNLOCK
#define ID2_PROBE_UNLOCK() ((void)0)
#endif

/*
 * Attribute that keeps the counter of starts in memory that a reset does not clear, for instance
 * __attribute__((section(".noinit"))) where the linker script has that section.
 */
#ifndef ID2_PROBE_NOINIT
#define ID2_PROBE_NOINIT
#endif

/* The groups. All but the client's are off unless switched on. */
#ifndef ID2_PROBE_CLIENT /* id2_client.h */
#define ID2_PROBE_CLIENT 1
#endif
#ifndef ID2_PROBE_KPM /* id2_client_kpm.h */
#define ID2_PROBE_KPM 0
#endif
#ifndef ID2_PROBE_DPM /* id2_client_dpm.h */
#define ID2_PROBE_DPM 0
#endif
#ifndef ID2_PROBE_DRIVER /* se_driver.h */
#define ID2_PROBE_DRIVER 0
#endif
#ifndef ID2_PROBE_OSA /* ls_osa.h: time, memory, formats, print */
#define ID2_PROBE_OSA 0
#endif
#ifndef ID2_PROBE_MUTEX /* ls_osa.h */
#define ID2_PROBE_MUTEX 0
#endif
#ifndef ID2_PROBE_SEMAPHORE /* ls_osa.h; the milliseconds come from the port */
#define ID2_PROBE_SEMAPHORE 0
#endif
#ifndef ID2_PROBE_THREAD /* ls_osa.h; msleep of it too */
#define ID2_PROBE_THREAD 0
#endif
#ifndef ID2_PROBE_DEVICE_ID /* ls_hal_km.h */
#define ID2_PROBE_DEVICE_ID 0
#endif
#ifndef ID2_PROBE_PARTITION /* ls_hal_km.h */
#define ID2_PROBE_PARTITION 0
#endif
#ifndef ID2_PROBE_KV /* ls_hal_sst.h */
#define ID2_PROBE_KV 0
#endif
#ifndef ID2_PROBE_RANDOM /* ls_hal_crypt.h */
#define ID2_PROBE_RANDOM 0
#endif
#ifndef ID2_PROBE_AES /* ls_hal_aes.h */
#define ID2_PROBE_AES 0
#endif
#ifndef ID2_PROBE_SM4 /* ls_hal_sm4.h */
#define ID2_PROBE_SM4 0
#endif
#ifndef ID2_PROBE_HASH /* ls_hal_hash.h */
#define ID2_PROBE_HASH 0
#endif
#ifndef ID2_PROBE_NET /* ls_osa.h */
#define ID2_PROBE_NET 0
#endif
#ifndef ID2_PROBE_BOARD /* the port itself (id2_probe.h) */
#define ID2_PROBE_BOARD 0
#endif

/* Modes and hashes that a firmware may lack in a group that it has. A call of one that is off is answered by NK 5. */
#ifndef ID2_PROBE_AES_CTR
#define ID2_PROBE_AES_CTR 1
#endif
#ifndef ID2_PROBE_AES_CFB
#define ID2_PROBE_AES_CFB 1
#endif
#ifndef ID2_PROBE_SM4_CTR
#define ID2_PROBE_SM4_CTR 1
#endif
#ifndef ID2_PROBE_HASH_MD5
#define ID2_PROBE_HASH_MD5 1
#endif
#ifndef ID2_PROBE_HASH_SHA1
#define ID2_PROBE_HASH_SHA1 1
#endif
#ifndef ID2_PROBE_HASH_SHA256
#define ID2_PROBE_HASH_SHA256 1
#endif
#ifndef ID2_PROBE_HASH_SM3
#define ID2_PROBE_HASH_SM3 1
#endif

/* The functions, by the names of docs/probe-protocol.md. */
#ifndef ID2_PROBE_INI
#define ID2_PROBE_INI ID2_PROBE_CLIENT
#endif
#ifndef ID2_PROBE_CLN
#define ID2_PROBE_CLN ID2_PROBE_CLIENT
#endif
#ifndef ID2_PROBE_VER
#define ID2_PROBE_VER ID2_PROBE_CLIENT
#endif
#ifndef ID2_PROBE_GID
#define ID2_PROBE_GID ID2_PROBE_CLIENT
#endif
#ifndef ID2_PROBE_CAC
#define ID2_PROBE_CAC ID2_PROBE_CLIENT
#endif
#ifndef ID2_PROBE_TAC
#define ID2_PROBE_TAC ID2_PROBE_CLIENT
#endif
#ifndef ID2_PROBE_ENC
#define ID2_PROBE_ENC ID2_PROBE_CLIENT
#endif
#ifndef ID2_PROBE_DEC
#define ID2_PROBE_DEC ID2_PROBE_CLIENT
#endif
#ifndef ID2_PROBE_DCH
#define ID2_PROBE_DCH ID2_PROBE_CLIENT
#endif
#ifndef ID2_PROBE_VSV
#define ID2_PROBE_VSV ID2_PROBE_CLIENT
#endif
#ifndef ID2_PROBE_SEC
#define ID2_PROBE_SEC ID2_PROBE_CLIENT
#endif
#ifndef ID2_PROBE_DKY
#define ID2_PROBE_DKY ID2_PROBE_CLIENT
#endif
#ifndef ID2_PROBE_PST
#define ID2_PROBE_PST ID2_PROBE_CLIENT
#endif
#ifndef ID2_PROBE_OAC
#define ID2_PROBE_OAC ID2_PROBE_CLIENT
#endif
#ifndef ID2_PROBE_LOD
#define ID2_PROBE_LOD ID2_PROBE_CLIENT
#endif
#ifndef ID2_PROBE_PRV
#define ID2_PROBE_PRV ID2_PROBE_CLIENT
#endif
#ifndef ID2_PROBE_SIK
#define ID2_PROBE_SIK 0 /* sets the ID and the key of a debug build */
#endif
#ifndef ID2_PROBE_KPS
#define ID2_PROBE_KPS ID2_PROBE_KPM
#endif
#ifndef ID2_PROBE_KPT
#define ID2_PROBE_KPT ID2_PROBE_KPM
#endif
#ifndef ID2_PROBE_KPA
#define ID2_PROBE_KPA ID2_PROBE_KPM
#endif
#ifndef ID2_PROBE_KPI
#define ID2_PROBE_KPI ID2_PROBE_KPM
#endif
#ifndef ID2_PROBE_KPD
#define ID2_PROBE_KPD ID2_PROBE_KPM
#endif
#ifndef ID2_PROBE_KPX
#define ID2_PROBE_KPX ID2_PROBE_KPM
#endif
#ifndef ID2_PROBE_KPE
#define ID2_PROBE_KPE ID2_PROBE_KPM
#endif
#ifndef ID2_PROBE_KPC
#define ID2_PROBE_KPC ID2_PROBE_KPM
#endif
#ifndef ID2_PROBE_KPG
#define ID2_PROBE_KPG ID2_PROBE_KPM
#endif
#ifndef ID2_PROBE_KPV
#define ID2_PROBE_KPV ID2_PROBE_KPM
#endif
#ifndef ID2_PROBE_TOT
#define ID2_PROBE_TOT ID2_PROBE_DPM
#endif
#ifndef ID2_PROBE_TIX
#define ID2_PROBE_TIX ID2_PROBE_DPM
#endif
#ifndef ID2_PROBE_SOP
#define ID2_PROBE_SOP ID2_PROBE_DRIVER
#endif
#ifndef ID2_PROBE_TRX
#define ID2_PROBE_TRX ID2_PROBE_DRIVER
#endif
#ifndef ID2_PROBE_SCL
#define ID2_PROBE_SCL ID2_PROBE_DRIVER
#endif
#ifndef ID2_PROBE_TIM
#define ID2_PROBE_TIM ID2_PROBE_OSA
#endif
#ifndef ID2_PROBE_SLP
#define ID2_PROBE_SLP ID2_PROBE_OSA
#endif
#ifndef ID2_PROBE_CAL
#define ID2_PROBE_CAL ID2_PROBE_OSA
#endif
#ifndef ID2_PROBE_MAL
#define ID2_PROBE_MAL ID2_PROBE_OSA
#endif
#ifndef ID2_PROBE_EXH
#define ID2_PROBE_EXH ID2_PROBE_OSA
#endif
#ifndef ID2_PROBE_FMT
#define ID2_PROBE_FMT ID2_PROBE_OSA
#endif
#ifndef ID2_PROBE_PRT
#define ID2_PROBE_PRT ID2_PROBE_OSA
#endif
#ifndef ID2_PROBE_MTX
#define ID2_PROBE_MTX ID2_PROBE_MUTEX
#endif
#ifndef ID2_PROBE_SMW
#define ID2_PROBE_SMW ID2_PROBE_SEMAPHORE
#endif
#ifndef ID2_PROBE_SMP
#define ID2_PROBE_SMP ID2_PROBE_SEMAPHORE
#endif
#ifndef ID2_PROBE_THR
#define ID2_PROBE_THR ID2_PROBE_THREAD
#endif
#ifndef ID2_PROBE_DID
#define ID2_PROBE_DID ID2_PROBE_DEVICE_ID
#endif
#ifndef ID2_PROBE_POP
#define ID2_PROBE_POP ID2_PROBE_PARTITION
#endif
#ifndef ID2_PROBE_PWR
#define ID2_PROBE_PWR ID2_PROBE_PARTITION
#endif
#ifndef ID2_PROBE_PRD
#define ID2_PROBE_PRD ID2_PROBE_PARTITION
#endif
#ifndef ID2_PROBE_PCL
#define ID2_PROBE_PCL ID2_PROBE_PARTITION
#endif
#ifndef ID2_PROBE_KVI
#define ID2_PROBE_KVI ID2_PROBE_KV
#endif
#ifndef ID2_PROBE_KVX
#define ID2_PROBE_KVX ID2_PROBE_KV
#endif
#ifndef ID2_PROBE_KVS
#define ID2_PROBE_KVS ID2_PROBE_KV
#endif
#ifndef ID2_PROBE_KVG
#define ID2_PROBE_KVG ID2_PROBE_KV
#endif
#ifndef ID2_PROBE_KVD
#define ID2_PROBE_KVD ID2_PROBE_KV
#endif
#ifndef ID2_PROBE_RND
#define ID2_PROBE_RND ID2_PROBE_RANDOM
#endif
#ifndef ID2_PROBE_SED
#define ID2_PROBE_SED ID2_PROBE_RANDOM
#endif
#ifndef ID2_PROBE_HSH
#define ID2_PROBE_HSH ID2_PROBE_HASH
#endif
#ifndef ID2_PROBE_CON
#define ID2_PROBE_CON ID2_PROBE_NET
#endif
#ifndef ID2_PROBE_SND
#define ID2_PROBE_SND ID2_PROBE_NET
#endif
#ifndef ID2_PROBE_RCV
#define ID2_PROBE_RCV ID2_PROBE_NET
#endif
#ifndef ID2_PROBE_DIS
#define ID2_PROBE_DIS ID2_PROBE_NET
#endif
#ifndef ID2_PROBE_RST
#define ID2_PROBE_RST ID2_PROBE_BOARD
#endif
#ifndef ID2_PROBE_CRS
#define ID2_PROBE_CRS ID2_PROBE_BOARD
#endif
#ifndef ID2_PROBE_UPT
#define ID2_PROBE_UPT ID2_PROBE_BOARD
#endif
#ifndef ID2_PROBE_CAU
#define ID2_PROBE_CAU ID2_PROBE_BOARD
#endif

#endif
