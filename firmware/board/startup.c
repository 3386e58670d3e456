/* From reset to main, and what happens when the program does what it must not. */
#include "startup.h"

#include <stdint.h>

#include "console.h"
#include "memory_map.h"
#include "mps2_an385.h"
#include "platform/platform.h"
#include "reset.h"

extern uint32_t program_stack, handler_stack, data_start, data_end, data_image, bss_start, bss_end;

int main(void);
void reset_handler(void);

static void no_handler(void)
{
    console_say("unexpected interrupt\r\n");
    reset_by_software(CAUSE_OTHER);
}

/* Where the program was, as the processor put it on the program's stack. */
struct frame {
    uint32_t r0, r1, r2, r3, r12, lr, pc, status;
};

static char *put_text(char *to, const char *text)
{
    while (*text)
        *to++ = *text++;
    *to = '\0';
    return to;
}

static char *put_register(char *to, const char *name, uint32_t value)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    to = put_text(to, name);
    for (int i = 0; i < 8; i++)
        *to++ = DIGITS[value >> (28 - 4 * i) & 15u];
    *to = '\0';
    return to;
}

/* After a stack that overflowed there is no frame: the stack pointer stands below the memory. */
__attribute__((used)) static void report_fault(const struct frame *frame)
{
    static char text[96];
    char *to = put_text(text, "Hard Fault:");
    to = put_register(to, " CFSR=", SCB_CFSR);
    to = put_register(to, " BFAR=", SCB_BFAR);
    if ((uintptr_t)frame >= STACK_LOWEST) {
        to = put_register(to, " PC=", frame->pc);
        put_register(to, " LR=", frame->lr);
        platform_crashed(PLATFORM_CRASH_ACCESS, text);
    } else {
        put_text(to, " the stack overflowed");
        platform_crashed(PLATFORM_CRASH_STACK, text);
    }
    reset_by_software(CAUSE_OTHER);
}

__attribute__((naked)) static void fault_handler(void)
{
    __asm volatile("mrs r0, psp\n"
                   "b report_fault\n");
}

typedef void (*handler)(void);

__attribute__((section(".vectors"), used)) static const struct {
    void *stack;
    handler exceptions[15];
    handler interrupts[IRQ_COUNT];
} VECTORS = {
    &handler_stack,
    {reset_handler, watchdog_handler, fault_handler, fault_handler, fault_handler, fault_handler, no_handler, no_handler,
     no_handler, no_handler, no_handler, no_handler, no_handler, no_handler, no_handler},
    {[IRQ_UART0_RX] = uart0_handler,
     [IRQ_UART1_RX] = uart1_handler,
     [IRQ_TIMER0] = timer0_handler,
     [IRQ_TIMER1] = timer1_handler},
};

__attribute__((noreturn, used)) static void start(void)
{
    for (uint32_t *to = &data_start, *from = &data_image; to < &data_end;)
        *to++ = *from++;
    for (uint32_t *to = &bss_start; to < &bss_end;)
        *to++ = 0;
    main();
    for (;;)
        wait_for_interrupt();
}

/* The program gets a stack of its own; exceptions stay on the one that the vector table names. */
__attribute__((naked)) void reset_handler(void)
{
    __asm volatile("ldr r0, =program_stack\n"
                   "msr psp, r0\n"
                   "movs r0, #2\n"
                   "msr control, r0\n"
                   "isb\n"
                   "b start\n");
}
