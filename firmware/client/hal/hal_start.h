/* What the parts of the client's HAL do once at each start. */
#ifndef ID2_HAL_START_H
#define ID2_HAL_START_H

/* Seed the random generator with the machine's entropy and the count of starts. */
void hal_random_start(void);

/* Make the key-value store ready; only faults have something to do. */
void hal_kv_start(void);

/* Make a device id when there is none yet. */
void hal_device_id_start(void);

#endif
