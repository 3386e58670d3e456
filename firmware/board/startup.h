/* The handlers of interrupts, by where they are. */
#ifndef ID2_BOARD_STARTUP_H
#define ID2_BOARD_STARTUP_H

#define STACK_LOWEST 0x20000000u

void uart0_handler(void);
void uart1_handler(void);
void timer0_handler(void);
void timer1_handler(void);
void watchdog_handler(void);

#endif
