/* Stand-in: the few declarations of FreeRTOS that the recipe needs, so that CI compiles it. Ours; not the system's header. */
#ifndef STAND_IN_FREERTOS_SEMPHR_H
#define STAND_IN_FREERTOS_SEMPHR_H

#include "FreeRTOS.h"

typedef void *SemaphoreHandle_t;

SemaphoreHandle_t xSemaphoreCreateMutex(void);
BaseType_t xSemaphoreTake(SemaphoreHandle_t semaphore, TickType_t ticks);
BaseType_t xSemaphoreGive(SemaphoreHandle_t semaphore);

#endif
