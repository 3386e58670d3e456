/* Stand-in: the few declarations of AliOS Things that the recipe needs, so that CI compiles it. Ours; not the system's header. */
#ifndef STAND_IN_AOS_KERNEL_H
#define STAND_IN_AOS_KERNEL_H

long long aos_now_ms(void);

#endif
