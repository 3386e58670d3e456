/* The memory that the OSA gives: a small arena of its own, so that it is soon exhausted. */
#ifndef ID2_BOARD_HEAP_H
#define ID2_BOARD_HEAP_H

#include <stddef.h>

#define HEAP_SIZE 24576u

void *heap_take(size_t size);
void heap_give(void *block);

#endif
