/* The board that the process stands for: entropy, reset, crash, watchdog, and why it started. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "id2_machine.h"
#include "linux_machine.h"
#include "platform/platform.h"
#include "platform/platform_machine.h"

#define CAUSE "ID2_RESET_CAUSE"
#define KEPT "ID2_KEPT"
#define IMAGE "ID2_IMAGE" /* the file that stands for the program flash of the board */
#define WATCHDOG_S 1
#define STACK_MOST (64u << 20)
#define BELOW_STACK (64u << 20) /* how far beyond its end something that overflows it may reach */

static char **arguments;
static uint32_t kept;
static char cause[16] = "power-on";

int id2_machine_entropy(uint8_t *data, uint32_t size)
{
    return getrandom(data, size, 0) == (ssize_t)size ? 0 : -1;
}

/* Start the program anew in this process: to whoever listens on the console, the board starts again. What was flashed
 * meanwhile is what starts. */
__attribute__((noreturn)) static void restart(const char *why)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    static char setting[32];
    static char word[32];
    memcpy(setting, CAUSE "=", sizeof CAUSE);
    memcpy(setting + sizeof CAUSE, why, strlen(why) + 1);
    putenv(setting);
    snprintf(word, sizeof word, KEPT "=%u", (unsigned)kept);
    putenv(word);
    const char *flashed = getenv(IMAGE);
    if (flashed != NULL)
        execv(flashed, arguments);
    execv("/proc/self/exe", arguments);
    _exit(70);
}

static volatile sig_atomic_t crashing;
static const char *top_of_stack;

/* What a fault handler does: the system around the client says what happened, and does what it does then. */
static void on_fault(int number, siginfo_t *about, void *context)
{
    struct rlimit limit;
    const char *where = about->si_addr;
    (void)context;
    crashing = 1;
    if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur == RLIM_INFINITY)
        limit.rlim_cur = STACK_MOST;
    if (number == SIGABRT)
        platform_crashed(PLATFORM_CRASH_ABORT, "abort() was called");
    else if (where < top_of_stack && where > top_of_stack - limit.rlim_cur - BELOW_STACK)
        platform_crashed(PLATFORM_CRASH_STACK, "Hard Fault: bad access");
    else
        platform_crashed(PLATFORM_CRASH_ACCESS, "Hard Fault: bad access");
    restart("other");
}

static void on_watchdog(int number, siginfo_t *about, void *context)
{
    (void)number;
    (void)about;
    (void)context;
    crashing = 1;
    platform_crashed(PLATFORM_CRASH_WATCHDOG, "watchdog");
    restart("watchdog");
}

int linux_board_is_crashing(void)
{
    return crashing;
}

static void handle(int number, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_ONSTACK | SA_SIGINFO;
    sigaction(number, &action, NULL);
}

void linux_board_start(char **words)
{
    static uint8_t stack[65536];
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    const char *why = getenv(CAUSE);
    const char *word = getenv(KEPT);
    arguments = words;
    top_of_stack = (const char *)words;
    kept = word == NULL ? 0 : (uint32_t)strtoul(word, NULL, 10);
    if (why != NULL && strlen(why) < sizeof cause)
        memcpy(cause, why, strlen(why) + 1);
    sigaltstack(&other, NULL);
    handle(SIGSEGV, on_fault);
    handle(SIGBUS, on_fault);
    handle(SIGABRT, on_fault);
    handle(SIGALRM, on_watchdog);
    signal(SIGPIPE, SIG_IGN);
}

const char *platform_machine_cause(void)
{
    return cause;
}

uint32_t platform_machine_kept(void)
{
    return kept;
}

void platform_machine_keep(uint32_t word)
{
    kept = word;
}

void platform_machine_restart(enum platform_restart how)
{
    restart(how == PLATFORM_BY_WATCHDOG ? "watchdog" : how == PLATFORM_BY_CRASH ? "other" : "software");
}

void platform_machine_hang(void)
{
    alarm(WATCHDOG_S);
    for (;;)
        pause();
}

#ifdef ID2_PROBE_ENABLE

#include "id2_probe.h"

void id2_probe_port_write(const char *bytes, size_t count)
{
    platform_write(bytes, count);
}

uint32_t id2_probe_port_ms(void)
{
    return platform_machine_ms();
}

void id2_probe_port_reset(int kind)
{
    restart(kind == 1 ? "watchdog" : "software");
}

/* Take more and more stack until there is no more of it. */
static void overflow_stack(void)
{
    struct rlimit limit;
    volatile char *place = NULL;
    if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur == RLIM_INFINITY)
        limit.rlim_cur = 64u << 20;
    volatile char here[1];
    here[0] = 0;
    place = here;
    for (rlim_t at = 0; at < limit.rlim_cur + (16u << 20); at += 1024)
        place[-(long)at] = 1;
}

void id2_probe_port_crash(int kind)
{
    if (kind == 0) {
        raise(SIGSEGV);
    } else if (kind == 1) {
        overflow_stack();
    } else {
        platform_machine_hang();
    }
}

const char *id2_probe_port_reset_cause(void)
{
    return cause;
}

#endif
