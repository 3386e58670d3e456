/* Stand-in: the few declarations of FreeRTOS that the recipe needs, so that CI compiles it. Ours; not the system's header. */
#ifndef STAND_IN_FREERTOS_TASK_H
#define STAND_IN_FREERTOS_TASK_H

#include "FreeRTOS.h"

BaseType_t xTaskCreate(void (*code)(void *), const char *name, uint16_t words_of_stack, void *argument,
                       UBaseType_t priority, void **handle);
TickType_t xTaskGetTickCount(void);

#endif
