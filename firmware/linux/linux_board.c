/* The board that the process stands for: entropy, reset, crash, watchdog, and why it started. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "id2_machine.h"
#include "linux_machine.h"

#define CAUSE "ID2_RESET_CAUSE"
#define WATCHDOG_S 1

static char **arguments;
static char cause[16] = "power-on";

int id2_machine_entropy(uint8_t *data, uint32_t size)
{
    return getrandom(data, size, 0) == (ssize_t)size ? 0 : -1;
}

/* Start the same program anew in this process: to whoever listens on the console, the board starts again. */
static void restart(const char *why)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    static char setting[32];
    memcpy(setting, CAUSE "=", sizeof CAUSE);
    memcpy(setting + sizeof CAUSE, why, strlen(why) + 1);
    putenv(setting);
    execv("/proc/self/exe", arguments);
    _exit(70);
}

/* What a fault handler of a small board does: say what happened, then start again. */
static void on_fault(int number)
{
    static const char BUS[] = "\r\n!!!!!!!!!! Exception  !!!!!!!!!!\r\nHard Fault: bad access, restarting\r\n";
    static const char ABORT[] = "\r\n!!!!!!!!!! Exception  !!!!!!!!!!\r\nabort() was called, restarting\r\n";
    const char *text = number == SIGABRT ? ABORT : BUS;
    if (write(STDOUT_FILENO, text, strlen(text)) < 0)
        _exit(71);
    restart("other");
}

static void on_watchdog(int number)
{
    (void)number;
    restart("watchdog");
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_ONSTACK;
    sigaction(number, &action, NULL);
}

void linux_board_start(char **given)
{
    static uint8_t stack[16384];
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    const char *why = getenv(CAUSE);
    arguments = given;
    if (why != NULL && strlen(why) < sizeof cause)
        strcpy(cause, why);
    sigaltstack(&other, NULL);
    handle(SIGSEGV, on_fault);
    handle(SIGBUS, on_fault);
    handle(SIGABRT, on_fault);
    handle(SIGALRM, on_watchdog);
    signal(SIGPIPE, SIG_IGN);
}

#ifdef ID2_PROBE_ENABLE

#include "id2_probe.h"

void id2_probe_port_write(const char *bytes, size_t count)
{
    linux_console_write(bytes, count);
}

uint32_t id2_probe_port_ms(void)
{
    static unsigned long long start;
    unsigned long long now = linux_real_ms();
    if (start == 0)
        start = now;
    return (uint32_t)(now - start);
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
        alarm(WATCHDOG_S);
        for (;;)
            pause();
    }
}

const char *id2_probe_port_reset_cause(void)
{
    return cause;
}

#endif
