/* What a start of the firmware calls. */
#ifndef ID2_FIRMWARE_START_H
#define ID2_FIRMWARE_START_H

/* Print the self-test of the HAL: hashes, random, ciphers, storage. */
void id2_hal_test(void);

/* Print the tests of the HAL in the form of the SDK's hal_app. */
void id2_hal_app(void);

/* Print the self-test of the client, the validation report, and the check of what the service's console gave. */
void id2_app(void);

/* Tell whether the start before ended while init was counted twice, which one of the faults remembers. */
int id2_client_was_counted(void);

#endif
