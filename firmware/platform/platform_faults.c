#include "platform/platform_faults.h"

#include <stdint.h>
#include <string.h>

#include "faults.h"
#include "platform/platform.h"
#include "platform/platform_machine.h"

#define NOTHING_THERE ((volatile uint32_t *)(uintptr_t)0xC0000000u)
#define LOST_OUT 97u /* of so many bytes one is lost */
#define LOST_IN 11u

static int holds(const char *bytes, size_t count, const char *text)
{
    size_t size = strlen(text);
    for (size_t at = 0; at + size <= count; at++)
        if (memcmp(bytes + at, text, size) == 0)
            return 1;
    return 0;
}

static void wait_for_ever(void)
{
    while (platform_machine_read(60000) != -2)
        continue;
}

/* Take more and more of the stack; what it gives back keeps the compiler from making a loop of it. */
__attribute__((noinline)) static uint32_t overflow(uint32_t depth) /* NOLINT(misc-no-recursion): it is the fault */
{
    volatile uint32_t room[64];
    room[depth % 64] = depth;
    return depth == 0 ? 0 : overflow(depth - 1) + room[depth % 64];
}

void platform_fault_before_start(void)
{
    if (ID2_FAULT_IS(START_OF_ANOTHER))
        (platform == &platform_zephyr ? platform_rt_thread : platform_zephyr).start("power-on");
}

void platform_fault_before_prompt(void)
{
    if (ID2_FAULT_IS(BOOT_LOOP)) {
        platform_machine_read(300);
        platform->crash(PLATFORM_CRASH_ACCESS, "Hard Fault: bad access");
        platform_machine_restart(PLATFORM_BY_CRASH);
    }
    if (ID2_FAULT_IS(BOOT_LOOP_BY_WATCHDOG))
        platform_machine_hang();
    if (ID2_FAULT_IS(BOOT_LOOP_SILENT)) {
        platform_machine_read(200);
        platform_machine_restart(PLATFORM_BY_SOFTWARE);
    }
    if (ID2_FAULT_IS(PROMPT_NEVER))
        wait_for_ever();
}

/* In the middle of id2_app. */
static void break_down(void)
{
    if (ID2_FAULT_IS(APP_CRASHES))
        *NOTHING_THERE = 1;
    if (ID2_FAULT_IS(APP_OVERFLOWS_STACK))
        overflow(100000u);
    if (ID2_FAULT_IS(APP_ABORTS)) {
        platform_crashed(PLATFORM_CRASH_ABORT, "abort() was called");
        platform_machine_restart(PLATFORM_BY_CRASH);
    }
    if (ID2_FAULT_IS(APP_HANGS))
        platform_machine_hang();
    if (ID2_FAULT_IS(APP_STOPS))
        wait_for_ever();
    if (ID2_FAULT_IS(APP_REBOOTS))
        platform_machine_restart(PLATFORM_BY_SOFTWARE);
    if (ID2_FAULT_IS(APP_REBOOTS_ONCE) && platform_machine_kept() == 0) {
        platform_machine_keep(1);
        platform_machine_restart(PLATFORM_BY_SOFTWARE);
    }
}

void platform_fault_in_output(const char *bytes, size_t count)
{
    if (holds(bytes, count, "Test Get Secret Start"))
        break_down();
    if (ID2_FAULT_IS(APP_CRASHES_AT_END) && holds(bytes, count, "Generate AuthCode End")) {
        platform_machine_write("\r\n", 2);
        *NOTHING_THERE = 1;
    }
}

void platform_fault_write(const char *bytes, size_t count)
{
    static unsigned written;
    if (!ID2_FAULT_IS(OUTPUT_LOSES) && !ID2_FAULT_IS(LINE_SPEED_WRONG)) {
        if (!ID2_FAULT_IS(CONSOLE_DEAD))
            platform_machine_write(bytes, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        char byte = ID2_FAULT_IS(LINE_SPEED_WRONG) ? (char)((bytes[i] * 37 + 0x95) | 0x80) : bytes[i];
        if (!ID2_FAULT_IS(OUTPUT_LOSES) || ++written % LOST_OUT)
            platform_machine_write(&byte, 1);
    }
}

const char *platform_fault_cause(const char *cause)
{
    return ID2_FAULT_IS(RESET_CAUSE_WATCHDOG) ? "watchdog" : cause;
}

const char *platform_fault_supplicant(const char *state)
{
    return ID2_FAULT_IS(SUPPLICANT_MISSING) ? "FAIL" : state;
}

const char *platform_fault_command(const char *name)
{
    if (ID2_FAULT_IS(COMMAND_MISSING) && strcmp(name, "id2_app") == 0)
        return NULL;
    if (ID2_FAULT_IS(COMMAND_OF_ANOTHER) && strcmp(name, "id2_app") == 0)
        return "hal_app";
    return name;
}

int platform_fault_typed(int byte)
{
    static unsigned typed;
    if (byte == -2)
        return byte;
    if (ID2_FAULT_IS(SHELL_DEAF))
        return -1;
    if (ID2_FAULT_IS(DEAF_AFTER_REBOOT) && strcmp(platform_machine_cause(), "power-on") != 0)
        return -1;
    if (ID2_FAULT_IS(INPUT_LOSES) && byte >= 0 && ++typed % LOST_IN == 0)
        return -1;
    return byte;
}
