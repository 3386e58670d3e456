#include "platform/platform_faults.h"

#include "platform/platform_machine.h"

void platform_fault_before_start(void)
{
}

void platform_fault_before_prompt(void)
{
}

void platform_fault_in_output(const char *bytes, size_t count)
{
    (void)bytes;
    (void)count;
}

void platform_fault_write(const char *bytes, size_t count)
{
    platform_machine_write(bytes, count);
}

const char *platform_fault_cause(const char *cause)
{
    return cause;
}

const char *platform_fault_supplicant(const char *state)
{
    return state;
}

const char *platform_fault_command(const char *name)
{
    return name;
}

int platform_fault_typed(int byte)
{
    return byte;
}
