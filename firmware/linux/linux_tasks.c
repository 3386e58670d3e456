/* The OSA on Linux: mutexes, semaphores, threads. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "faults.h"
#include "ls_osa.h"

#define STACK_MIN ((size_t)64 * 1024)

int ls_osa_mutex_create(void **mutex)
{
    static int nothing;
    if (mutex == NULL)
        return -1;
    if (ID2_FAULT_IS(MUTEX_NOT_LOCKING)) {
        *mutex = &nothing;
        return 0;
    }
    pthread_mutex_t *made = malloc(sizeof *made);
    if (made == NULL || pthread_mutex_init(made, NULL)) {
        free(made);
        return -1;
    }
    *mutex = made;
    return 0;
}

void ls_osa_mutex_destroy(void *mutex)
{
    if (mutex == NULL || ID2_FAULT_IS(MUTEX_NOT_LOCKING))
        return;
    pthread_mutex_destroy(mutex);
    free(mutex);
}

int ls_osa_mutex_lock(void *mutex)
{
    if (ID2_FAULT_IS(MUTEX_NOT_LOCKING))
        return 0;
    return mutex != NULL && pthread_mutex_lock(mutex) == 0 ? 0 : -1;
}

int ls_osa_mutex_unlock(void *mutex)
{
    if (ID2_FAULT_IS(MUTEX_NOT_LOCKING))
        return 0;
    return mutex != NULL && pthread_mutex_unlock(mutex) == 0 ? 0 : -1;
}

ls_osa_sem_t ls_osa_sem_create(uint32_t init_val)
{
    sem_t *made = malloc(sizeof *made);
    if (made != NULL && sem_init(made, 0, init_val)) {
        free(made);
        return NULL;
    }
    return made;
}

void ls_osa_sem_destroy(ls_osa_sem_t sem)
{
    if (sem == NULL)
        return;
    sem_destroy(sem);
    free(sem);
}

static int wait_for(sem_t *sem, const struct timespec *end)
{
    int result;
    do {
        result = end == NULL ? sem_wait(sem) : sem_clockwait(sem, CLOCK_MONOTONIC, end);
    } while (result && errno == EINTR);
    return result ? -1 : 0;
}

int ls_osa_sem_wait(ls_osa_sem_t sem, uint32_t time_ms)
{
    struct timespec end;
    if (sem == NULL)
        return -1;
    if (ID2_FAULT_IS(SEMAPHORE_NOT_WAITING))
        return 0;
    if (time_ms == (uint32_t)LS_TIME_INFINITE)
        return wait_for(sem, NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (time_t)(time_ms / 1000);
    end.tv_nsec += (long)(time_ms % 1000) * 1000000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_nsec -= 1000000000;
        end.tv_sec++;
    }
    return wait_for(sem, &end);
}

void ls_osa_sem_post(ls_osa_sem_t sem)
{
    if (sem != NULL)
        sem_post(sem);
}

struct task {
    pthread_t thread;
    void (*run)(void *);
    void *argument;
};

static void *run(void *given)
{
    struct task *task = given;
    task->run(task->argument);
    return NULL;
}

ls_osa_thread_t ls_osa_thread_create(const char *name, void (*func)(void *), void *arg, size_t stack_size)
{
    pthread_attr_t attributes;
    (void)name;
    if (func == NULL)
        return NULL;
    struct task *task = malloc(sizeof *task);
    if (task == NULL)
        return NULL;
    task->run = func;
    task->argument = arg;
    if (ID2_FAULT_IS(THREAD_NEVER_RUNS))
        return task;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_size < STACK_MIN ? STACK_MIN : stack_size);
    int failed = pthread_create(&task->thread, &attributes, run, task);
    pthread_attr_destroy(&attributes);
    if (failed) {
        free(task);
        return NULL;
    }
    return task;
}

void ls_osa_thread_destroy(ls_osa_thread_t thread)
{
    struct task *task = thread;
    if (task == NULL)
        return;
    if (!ID2_FAULT_IS(THREAD_NEVER_RUNS)) {
        pthread_cancel(task->thread);
        pthread_join(task->thread, NULL);
    }
    free(task);
}
