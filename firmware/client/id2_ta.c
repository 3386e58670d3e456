/* What OP-TEE, its supplicant and its client print of a trusted application. Source: consoles.md A4. */
#include "id2_ta.h"

#include "faults.h"
#include "ls_osa.h"

#if ID2_CARRIER == ID2_CARRIER_TEE

#define TA "8d82573a-926d-4754-9353-32dc29997f74"
#define DIES_AT 3

static int is_dead;

static int refused(const char *call, unsigned code)
{
    ls_osa_print("%s failed with code 0x%08x origin 0x3\n", call, code);
    return -1;
}

static int panic(const char *call)
{
    is_dead = 1;
    ls_osa_print("E/TC:? 0 TA panicked with code 0xffff0006\nE/LD:  Status of TA " TA "\n"
                 "E/LD:   arch: aarch64\n");
    return refused(call, 0xFFFF3024u);
}

int id2_ta_open(void)
{
    if (ID2_FAULT_IS(SUPPLICANT_MISSING)) {
        ls_osa_print("failed to find an OP-TEE supplicant device\n");
        return refused("TEEC_OpenSession", 0xFFFF000Eu);
    }
    if (ID2_FAULT_IS(TA_MISSING)) {
        ls_osa_print("tee-supplicant: TA not found: " TA "\n");
        return refused("TEEC_OpenSession", 0xFFFF0008u);
    }
    is_dead = 0;
    return ID2_FAULT_IS(TA_PANICS) ? panic("TEEC_OpenSession") : 0;
}

int id2_ta_invoke(void)
{
    static int operations;
    if (is_dead)
        return refused("TEEC_InvokeCommand", 0xFFFF3024u);
    return ID2_FAULT_IS(TA_PANICS_LATER) && ++operations == DIES_AT ? panic("TEEC_InvokeCommand") : 0;
}

#endif
