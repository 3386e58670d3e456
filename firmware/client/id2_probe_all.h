/* The probe of our own firmware has every group: -DID2_PROBE_CONFIG_FILE='"id2_probe_all.h"'. */
#ifndef ID2_PROBE_ALL_H
#define ID2_PROBE_ALL_H

#include "id2_config.h"

#define ID2_PROBE_NAME "id2-own-client"
#ifndef ID2_PROBE_SLOT_A
#define ID2_PROBE_SLOT_A 2048 /* more than a segment of TCP */
#endif
#ifndef ID2_PROBE_KPM
#define ID2_PROBE_KPM 1
#endif
#ifndef ID2_PROBE_DPM
#define ID2_PROBE_DPM 1
#endif
#if ID2_CARRIER == ID2_CARRIER_SE
#ifndef ID2_PROBE_DRIVER
#define ID2_PROBE_DRIVER 1
#endif
#endif
#ifndef ID2_PROBE_OSA
#define ID2_PROBE_OSA 1
#endif
#ifndef ID2_PROBE_MUTEX
#define ID2_PROBE_MUTEX 1
#endif
#ifndef ID2_PROBE_SEMAPHORE
#define ID2_PROBE_SEMAPHORE 1
#endif
#ifndef ID2_PROBE_THREAD
#define ID2_PROBE_THREAD 1
#endif
#ifndef ID2_PROBE_DEVICE_ID
#define ID2_PROBE_DEVICE_ID 1
#endif
#ifndef ID2_PROBE_PARTITION
#define ID2_PROBE_PARTITION 1
#endif
#ifndef ID2_PROBE_KV
#define ID2_PROBE_KV 1
#endif
#ifndef ID2_PROBE_RANDOM
#define ID2_PROBE_RANDOM 1
#endif
#ifndef ID2_PROBE_AES
#define ID2_PROBE_AES 1
#endif
#ifndef ID2_PROBE_SM4
#define ID2_PROBE_SM4 1
#endif
#ifndef ID2_PROBE_HASH
#define ID2_PROBE_HASH 1
#endif
#ifndef ID2_PROBE_NET
#define ID2_PROBE_NET 1
#endif
#ifndef ID2_PROBE_BOARD
#define ID2_PROBE_BOARD 1
#endif
#if ID2_DEBUG
#ifndef ID2_PROBE_SIK
#define ID2_PROBE_SIK 1
#endif
#endif

#endif
