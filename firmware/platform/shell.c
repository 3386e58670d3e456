/* The shell of every system: a line with its echo, words, commands. */
#include <string.h>

#include "firmware_start.h"
#include "id2_config.h"
#include "id2_lock.h"
#include "platform/platform.h"
#include "platform/platform_faults.h"
#include "platform/platform_machine.h"
#ifdef ID2_PROBE_ENABLE
#include "id2_probe.h"
#endif

#ifndef ID2_LOGIN_PASSWORD /* of root, where the system asks; empty when it has none */
#define ID2_LOGIN_PASSWORD ""
#endif
#define LINE_ROOM 1024
#define WORDS_ROOM 40
#define DELETE 0x7f
#define CTRL_C 0x03

static int gone;

/* What came after a CR: the LF of the same line end is not another one. */
static int last_was_cr;

static int is_line_end(const struct platform_shell *shell, int byte)
{
    int swallowed = byte == '\n' && last_was_cr && !shell->cr_and_lf;
    last_was_cr = byte == '\r';
    return (byte == '\r' || byte == '\n') && !swallowed;
}

static void echo(const char *bytes, size_t count, int secret)
{
    if (!secret)
        platform_fault_write(bytes, count);
}

static void take_back(size_t count, int secret)
{
    while (count--)
        echo("\b \b", 3, secret);
}

int platform_read_line(const struct platform_shell *shell, char *line, size_t room, int secret)
{
    size_t used = 0; /* may be more than the room: the line is too long then */
    for (;;) {
        int byte = platform_fault_typed(platform_read(60000));
        if (byte == -2) {
            gone = 1;
            return -1;
        }
        if (byte < 0)
            continue;
        if (is_line_end(shell, byte)) {
            platform_write("\n", 1);
            line[used < room ? used : 0] = '\0';
            return (int)used;
        }
        if (byte == '\b' || byte == DELETE) {
            if (used && used-- <= room)
                take_back(1, secret);
        } else if (byte == CTRL_C || (byte == shell->erases && byte)) {
            take_back(used < room ? used : 0, secret);
            used = 0;
        } else if (byte >= ' ' && used < (size_t)LINE_ROOM * 8) {
            char typed = (char)byte;
            if (used < room) {
                line[used] = typed;
                echo(&typed, 1, secret);
            }
            used++;
        }
    }
}

/*
 * Split a line in place into words, up to the separator of commands. Quotes keep blanks, halves that touch are one word.
 * Return the number of words; `*next` is what follows the separator, NULL for nothing.
 */
static int split(char *line, char separator, char **words, int most, char **next)
{
    int count = 0;
    char *to = line;
    int quote = 0;
    int in_word = 0;
    *next = NULL;
    for (char *at = line; *at; at++) {
        char byte = *at;
        if (!quote && separator && byte == separator) {
            *next = at + 1;
            break;
        }
        if (!quote && (byte == ' ' || byte == '\t')) {
            if (in_word)
                *to++ = '\0';
            in_word = 0;
            continue;
        }
        if (!in_word) {
            if (count < most)
                words[count] = to;
            count++;
            in_word = 1;
        }
        if (quote ? byte == quote : byte == '"' || byte == '\'')
            quote = quote ? 0 : byte;
        else if (byte == '\\' && quote != '\'' && at[1])
            *to++ = *++at;
        else
            *to++ = byte;
    }
    *to = '\0';
    return count;
}

static void run_hal_app(int count, char *const *words)
{
    (void)count;
    (void)words;
    id2_enter();
    id2_hal_app();
    id2_leave();
}

static void run_id2_app(int count, char *const *words)
{
    (void)count;
    (void)words;
    id2_enter();
    id2_app();
    id2_leave();
}

static void reboot(int count, char *const *words)
{
    (void)count;
    (void)words;
    platform_machine_restart(PLATFORM_BY_SOFTWARE);
}

#ifdef ID2_PROBE_ENABLE
static void probe(int count, char *const *words)
{
    id2_enter();
    id2_probe_words(count, words);
    id2_leave();
}
#endif

/* What every system has. */
static const struct platform_command COMMON[] = {
    {"id2_app", "self-test of the ID2 client, validation report", run_id2_app},
    {"hal_app", "self-test of the HAL", run_hal_app},
#ifdef ID2_PROBE_ENABLE
    {"id2p", "a line of the ID2 probe", probe},
#endif
    {"reboot", "reboot the system", reboot},
    {NULL, NULL, NULL},
};

static void list(const struct platform_shell *shell, const struct platform_command *commands)
{
    for (; commands->name != NULL; commands++)
        platform_say(shell->help_line, commands->name, commands->help);
}

static const struct platform_command *find(const struct platform_command *commands, const char *name)
{
    while (commands->name != NULL && strcmp(commands->name, name) != 0)
        commands++;
    return commands->name == NULL ? NULL : commands;
}

static void carry_out(const struct platform_shell *shell, int count, char *const *words)
{
    const char *name = platform_fault_command(words[0]);
    if (name != NULL && strcmp(name, "help") == 0) {
        platform_say("%s", shell->before_help);
        if (!shell->alone)
            list(shell, COMMON);
        list(shell, shell->commands);
        platform_say("%s", shell->after_help);
        return;
    }
    const struct platform_command *command = name == NULL ? NULL : find(shell->commands, name);
    if (command == NULL && name != NULL && !shell->alone)
        command = find(COMMON, name);
    if (command == NULL)
        platform_say(shell->unknown, words[0]);
    else
        command->run(count, words);
}

static int do_line(const struct platform_shell *shell)
{
    static char line[LINE_ROOM];
    static char *words[WORDS_ROOM];
    size_t room = shell->line_max + 1u < LINE_ROOM ? shell->line_max + 1u : LINE_ROOM;
    int size = platform_read_line(shell, line, room, 0);
    if (size < 0)
        return 0;
    if ((size_t)size >= room) {
        if (shell->too_long != NULL)
            platform_say("%s", shell->too_long);
        return 1;
    }
    for (char *rest = line; rest != NULL;) {
        char *next;
        int count = split(rest, shell->separator, words, WORDS_ROOM, &next);
        if (count > shell->words_max || count > WORDS_ROOM) {
            if (shell->too_long != NULL)
                platform_say("%s", shell->too_long);
        } else if (count) {
            carry_out(shell, count, words);
        }
        rest = next;
    }
    return 1;
}

int platform_do_line(const struct platform_shell *shell, const char *prompt)
{
    platform_say("%s", prompt);
    return do_line(shell);
}

/* Ask who is there until it is root with the right password. */
static void log_in(const struct platform_shell *shell)
{
    char user[32];
    char password[32];
    while (shell->login != NULL && !gone) {
        platform_say("%s", shell->login);
        if (platform_read_line(shell, user, sizeof user, 0) <= 0)
            continue;
        if (ID2_LOGIN_PASSWORD[0]) {
            platform_say("Password: ");
            platform_read_line(shell, password, sizeof password, 1);
        } else {
            password[0] = '\0';
        }
        if (strcmp(user, "root") == 0 && strcmp(password, ID2_LOGIN_PASSWORD) == 0)
            return;
        platform_say("Login incorrect\n");
    }
}

void platform_serve_shell(const struct platform_shell *shell, const char *prompt)
{
    log_in(shell);
    while (!gone && platform_do_line(shell, prompt))
        continue;
}
