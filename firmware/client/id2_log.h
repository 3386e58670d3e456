/* The lines that the client prints, in the SDK's form. */
#ifndef ID2_LOG_H
#define ID2_LOG_H

#include "ls_osa.h"

#ifndef ID2_LOG_INFO /* 0: only errors are printed */
#define ID2_LOG_INFO 1
#endif

#define ID2_PRINT(format, ...) ls_osa_print(LS_LOG_TAG format "\n", __VA_ARGS__)
#define ID2_INFO(format, ...)                                                                    \
    do {                                                                                         \
        if (ID2_LOG_INFO)                                                                        \
            ls_osa_print(LS_LOG_TAG "%s %d: " format "\n", __func__, __LINE__, __VA_ARGS__);     \
    } while (0)
#define ID2_ERROR(format, ...) \
    ls_osa_print(LS_LOG_TAG "%s %d: ERROR: " format "\n", __func__, __LINE__, __VA_ARGS__)

#endif
