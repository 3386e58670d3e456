/*
 * The parts of Arm's MPS2 FPGA image AN385 (Cortex-M3) that this firmware uses, as Arm's application note AN385 and the
 * Cortex-M System Design Kit describe them. QEMU emulates it as `mps2-an385`.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ID2_BOARD_MPS2_AN385_H
#define ID2_BOARD_MPS2_AN385_H

#include <stdint.h>

#define CLOCK_HZ 25000000u
#define CLOCK_PER_MS (CLOCK_HZ / 1000u)

typedef volatile uint32_t reg32;

struct cmsdk_uart {
    reg32 data;
    reg32 state;
    reg32 control;
    reg32 interrupt; /* read: which are pending; write 1: clear */
    reg32 divider;
};
#define UART_TX_FULL 0x1u
#define UART_TX_ENABLE 0x1u
#define UART_RX_ENABLE 0x2u
#define UART_RX_INTERRUPT_ENABLE 0x8u
#define UART_RX_FULL 0x2u
#define UART_RX_INTERRUPT 0x2u
#define UART0 ((struct cmsdk_uart *)0x40004000u)
#define UART1 ((struct cmsdk_uart *)0x40005000u)

struct cmsdk_timer {
    reg32 control;
    reg32 value; /* counts down */
    reg32 reload;
    reg32 interrupt; /* read: pending; write 1: clear */
};
#define TIMER_ENABLE 0x1u
#define TIMER_INTERRUPT_ENABLE 0x8u
#define TIMER0 ((struct cmsdk_timer *)0x40000000u)
#define TIMER1 ((struct cmsdk_timer *)0x40001000u)

struct cmsdk_watchdog {
    reg32 load;
    reg32 value; /* counts down; at 0 it interrupts, at 0 again it resets */
    reg32 control;
    reg32 clear;
};
#define WATCHDOG_INTERRUPT_ENABLE 0x1u
#define WATCHDOG_RESET_ENABLE 0x2u
#define WATCHDOG ((struct cmsdk_watchdog *)0x40008000u)
#define WATCHDOG_LOCK (*(reg32 *)0x40008C00u)
#define WATCHDOG_UNLOCKED 0x1ACCE551u

#define SCB_AIRCR (*(reg32 *)0xE000ED0Cu)
#define SCB_CFSR (*(reg32 *)0xE000ED28u)
#define SCB_BFAR (*(reg32 *)0xE000ED38u)
#define AIRCR_RESET 0x05FA0004u
#define NVIC_ENABLE0 (*(reg32 *)0xE000E100u)

enum interrupt {
    IRQ_UART0_RX = 0,
    IRQ_UART1_RX = 2,
    IRQ_TIMER0 = 8,
    IRQ_TIMER1 = 9,
    IRQ_COUNT = 16
};

/* Whether an exception or interrupt is being handled. */
static inline uint32_t in_exception(void)
{
    uint32_t number;
    __asm volatile("mrs %0, ipsr" : "=r"(number));
    return number;
}

static inline void interrupts_off(void) { __asm volatile("cpsid i" ::: "memory"); }
static inline void interrupts_on(void) { __asm volatile("cpsie i" ::: "memory"); }
/* Returns once an interrupt is pending, also while interrupts are off. */
static inline void wait_for_interrupt(void) { __asm volatile("wfi" ::: "memory"); }

#endif
