/* What the link prints, in the grammar of the SDK that the firmware is built on. */
#ifndef LINK_LOG_H
#define LINK_LOG_H

#include <stdint.h>

/* 2: Link SDK 2.3 and 3.x; 4: Link SDK 4.x; 0: none, and lines in the form of the ID2 SDK. */
int link_sdk(void);

enum link_level { LINK_ERROR, LINK_WARNING, LINK_INFO, LINK_DEBUG };

/* Codes of lines of Link SDK 4.x (components/linksdk/core). */
#define LK_USER_NAME 0x0317u
#define LK_PASSWORD 0x0318u
#define LK_CONNECT 0x0313u
#define LK_RECONNECTING 0x0314u
#define LK_TIMEOUT 0x0315u
#define LK_DISCONNECT 0x0316u
#define LK_PACKET 0x0309u
#define LK_HOST 0x032au
#define LK_HANDSHAKE 0x0f1du

void link_print(enum link_level level, const char *function, int line, unsigned code, const char *format, ...);

/* Lines of the port and of iTLS itself: `[prt] ` in 2.3, bare in 4.x. */
void link_print_port(const char *function, int line, const char *format, ...);

/* The beginning of what was received or is sent, as Link SDK 4.x prints it. */
void link_print_bytes(char direction, const uint8_t *data, uint32_t size);

#define LINK_SAY(level, code, ...) link_print(level, __func__, __LINE__, code, __VA_ARGS__)
#define LINK_PORT(...) link_print_port(__func__, __LINE__, __VA_ARGS__)

#endif
