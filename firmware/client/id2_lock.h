/* One task at a time is inside the firmware: the console's, or that of the link, which lets others in while it waits. */
#ifndef ID2_LOCK_H
#define ID2_LOCK_H

#include "id2_config.h"

#if ID2_LINK
void id2_enter(void);
void id2_leave(void);
#else
#define id2_enter() ((void)0)
#define id2_leave() ((void)0)
#endif

#endif
