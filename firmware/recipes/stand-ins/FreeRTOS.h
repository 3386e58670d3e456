/* Stand-in: the few declarations of FreeRTOS that the recipe needs, so that CI compiles it. Ours; not the system's header. */
#ifndef STAND_IN_FREERTOS_H
#define STAND_IN_FREERTOS_H

#include <stddef.h>
#include <stdint.h>

typedef long BaseType_t;
typedef unsigned long UBaseType_t;
typedef uint32_t TickType_t;

#define pdFALSE 0
#define configTICK_RATE_HZ 1000
#define portMAX_DELAY 0xFFFFFFFFu
#define portTICK_PERIOD_MS (1000u / configTICK_RATE_HZ)
#define portYIELD_FROM_ISR(woken) ((void)(woken))

#endif
