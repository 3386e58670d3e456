/* The way to the trusted application, as the client in the normal world sees it; without a TEE there is nothing to do. */
#ifndef ID2_TA_H
#define ID2_TA_H

#include "id2_config.h"

#if ID2_CARRIER == ID2_CARRIER_TEE
/* Open a session; have an operation carried out. Return 0 or -1, which is printed as OP-TEE and its client do. */
int id2_ta_open(void);
int id2_ta_invoke(void);
#else
#define id2_ta_open() 0
#define id2_ta_invoke() 0
#endif

#endif
