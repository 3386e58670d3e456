/* Stand-in: the few declarations of FreeRTOS that the recipe needs, so that CI compiles it. Ours; not the system's header. */
#ifndef STAND_IN_FREERTOS_STREAM_BUFFER_H
#define STAND_IN_FREERTOS_STREAM_BUFFER_H

#include "FreeRTOS.h"

typedef void *StreamBufferHandle_t;

StreamBufferHandle_t xStreamBufferCreate(size_t size, size_t trigger);
size_t xStreamBufferReceive(StreamBufferHandle_t stream, void *data, size_t size, TickType_t ticks);
size_t xStreamBufferSendFromISR(StreamBufferHandle_t stream, const void *data, size_t size, BaseType_t *woken);

#endif
