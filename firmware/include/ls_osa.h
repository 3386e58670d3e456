/*
 * The operating system abstraction, which the maker of the board writes.
 *
 * Ours, not the vendor's: names and signatures only, for builds without his SDK. With his headers on the include path
 * leave this folder out of it.
 */
#ifndef ID2_OWN_LS_OSA_H
#define ID2_OWN_LS_OSA_H

#include <stddef.h>
#include <stdint.h>

#define LS_LOG_TAG "<LS_LOG> "
#define LS_NET_TYPE_TCP 0
#define LS_NET_TYPE_UDP 1
#define LS_TIME_INFINITE (-1)

typedef void *ls_osa_sem_t;
typedef void *ls_osa_thread_t;

void ls_osa_print(const char *fmt, ...);
int ls_osa_snprintf(char *str, size_t size, const char *fmt, ...);
void *ls_osa_malloc(size_t size);
void *ls_osa_calloc(size_t nmemb, size_t size);
void ls_osa_free(void *ptr);
void ls_osa_msleep(unsigned int msec);
long long ls_osa_get_time_ms(void);

int ls_osa_mutex_create(void **mutex);
void ls_osa_mutex_destroy(void *mutex);
int ls_osa_mutex_lock(void *mutex);
int ls_osa_mutex_unlock(void *mutex);

ls_osa_sem_t ls_osa_sem_create(uint32_t init_val);
void ls_osa_sem_destroy(ls_osa_sem_t sem);
int ls_osa_sem_wait(ls_osa_sem_t sem, uint32_t time_ms);
void ls_osa_sem_post(ls_osa_sem_t sem);

ls_osa_thread_t ls_osa_thread_create(const char *name, void (*func)(void *), void *arg, size_t stack_size);
void ls_osa_thread_destroy(ls_osa_thread_t thread);

/* *ret_orig: -1 interrupted, try again; -2 the time is over. A timeout of 0 waits for ever. */
int ls_osa_net_connect(const char *host, const char *port, int type);
void ls_osa_net_disconnect(int fd);
int ls_osa_net_send(int fd, unsigned char *buf, size_t len, int *ret_orig);
int ls_osa_net_recv(int fd, unsigned char *buf, size_t len, int timeout, int *ret_orig);

#endif
