/* ESP-IDF with its console. Source of the texts: consoles.md A3. */
#include <string.h>

#include "platform/platform.h"
#include "platform/platform_machine.h"

static void restart(int count, char *const *words)
{
    (void)count;
    (void)words;
    platform->log("cmd_system_common", "Restarting");
    platform_machine_restart(PLATFORM_BY_SOFTWARE);
}

static void version(int count, char *const *words)
{
    (void)count;
    (void)words;
    platform_say("IDF Version:v5.1.2\nChip info:\n\tmodel:ESP32\n\tcores:2\n\tfeature:/802.11bgn/BLE/BT/External-Flash:4 MB\n"
                 "\trevision number:300\n");
}

static void free_heap(int count, char *const *words)
{
    (void)count;
    (void)words;
    platform_say("243904\n");
}

static const struct platform_command COMMANDS[] = {
    {"restart", "Software reset of the chip", restart},
    {"version", "Get version of chip and SDK", version},
    {"free", "Get the current size of free heap memory", free_heap},
    {NULL, NULL, NULL},
};

static const struct platform_shell SHELL = {
    .prompt = "esp32> ",
    .unknown = "Unrecognized command\n",
    .too_long = "Command returned non-zero error code: 0x102 (ESP_ERR_INVALID_SIZE)\n",
    .before_help = "help  [<string>]\n  Print the list of registered commands\n\n",
    .after_help = "",
    .help_line = "%s\n  %s\n\n",
    .line_max = 255,
    .words_max = 32,
    .erases = 0x15,
    .commands = COMMANDS,
};

static void log_line(const char *module, const char *text)
{
    platform_say("I (%u) %s: %s\n", (unsigned)platform_ms(), module, text);
}

/* What the ROM calls the cause of a reset. */
static const char *rom_cause(const char *cause)
{
    if (strcmp(cause, "software") == 0 || strcmp(cause, "other") == 0)
        return "0xc (SW_CPU_RESET)";
    return strcmp(cause, "watchdog") == 0 ? "0x8 (TG1WDT_SYS_RESET)" : "0x1 (POWERON_RESET)";
}

static void start(const char *cause)
{
    platform_say("ets Jun  8 2016 00:22:57\n\nrst:%s,boot:0x13 (SPI_FAST_FLASH_BOOT)\nconfigsip: 0, SPIWP:0xee\n"
                 "mode:DIO, clock div:2\nload:0x3fff0030,len:7076\nentry 0x400805f0\n",
                 rom_cause(cause));
    platform_boot_step(400);
    log_line("boot", "ESP-IDF v5.1.2 2nd stage bootloader");
    log_line("cpu_start", "Starting scheduler on PRO CPU.");
    platform_boot_step(600);
    log_line("main_task", "Calling app_main()");
    platform_say("\nType 'help' to get the list of commands.\n");
}

static void crash(enum platform_crash kind, const char *detail)
{
    if (kind == PLATFORM_CRASH_WATCHDOG) {
        platform_say("E (%u) task_wdt: Task watchdog got triggered. The following tasks/users did not reset the watchdog in "
                     "time:\nE (%u) task_wdt:  - main (CPU 0)\n",
                     (unsigned)platform_ms(), (unsigned)platform_ms());
        return;
    }
    if (kind == PLATFORM_CRASH_STACK)
        platform_say("\n***ERROR*** A stack overflow in task main has been detected.\n");
    else if (kind == PLATFORM_CRASH_ABORT)
        platform_say("\nabort() was called at PC 0x400d2f44 on core 0\n");
    else
        platform_say("Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.\n"
                     "\nCore  0 register dump: (%s)\n",
                     detail);
    platform_say("PC      : 0x400d2f44  PS      : 0x00060f30  A0      : 0x800d2e10  A1      : 0x3ffb4d50\n\n\n"
                 "Backtrace: 0x400d2f41:0x3ffb4d50 0x400d2e0d:0x3ffb4d70\n\n\n\n\nELF file SHA256: 5cc2a1f0b7d3e9c4\n\n"
                 "Rebooting...\n");
}

const struct platform platform_esp_idf = {
    .line_end = "\r\n", .start = start, .log = log_line, .crash = crash, .end = PLATFORM_RESTARTS, .shell = &SHELL};
