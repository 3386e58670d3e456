/*
 * Hostile bytes at the probe. The input is taken in pieces, cut at LF: a piece that begins with `!` becomes a request with
 * a right check sum, the others are fed as they are. What must hold:
 *
 * - the API is called by nothing but a whole request `run` whose check sum is right or whose seq is 00,
 * - the same request at once again calls nothing, and gives the same answer,
 * - every write is whole replies with right check sums, or the text of the API,
 * - nothing is read or written out of bounds (sanitizers).
 *
 * With -DFUZZ_ALONE it is a program that feeds the files it is given, or made-up pieces from a seed when there are none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "id2_probe.h"

extern unsigned fake_calls, fake_output_length, fake_log_length, fake_heap_blocks, fake_fills;
extern char fake_output[];
extern int fake_rc;

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static unsigned crc_of(const char *text, size_t length)
{
    unsigned crc = 0xFFFF;
    size_t i;
    int bit;

    for (i = 0; i < length; ++i) {
        crc ^= (unsigned)(unsigned char)text[i] << 8;
        for (bit = 0; bit < 8; ++bit) {
            crc = (crc & 0x8000u) != 0 ? (crc << 1) ^ 0x1021u : crc << 1;
        }
        crc &= 0xFFFFu;
    }
    return crc;
}

static void fail(const char *why, const char *line, size_t length)
{
    fprintf(stderr, "%s: %.*s\n%.*s\n", why, (int)length, line, (int)fake_output_length, fake_output);
    abort();
}

/* Return where the seq of a line begins: a person may type more blanks than one before it. */
static size_t seq_at(const char *line)
{
    size_t at = 5;

    while (line[at] == ' ') {
        ++at;
    }
    return at;
}

/* Return whether a line was typed by hand, and so may be carried out again and again. */
static int by_hand(const char *line)
{
    return memcmp(line + seq_at(line), "00", 2) == 0;
}

/* Return whether a line may call the API: written without looking at the probe. */
static int may_call(const char *line, size_t length)
{
    char right[8];
    size_t seq;

    if (length > ID2_PROBE_LINE || length < 11 || memcmp(line, "id2p ", 5) != 0) {
        return 0;
    }
    seq = seq_at(line);
    if (seq + 3 > length || line[seq + 2] != ' ' || (seq > 5 && !by_hand(line))) {
        return 0;
    }
    if (by_hand(line) && memcmp(line + length - 6, " %", 2) != 0) {
        return strstr(line, " run ") != NULL;
    }
    (void)snprintf(right, sizeof right, " %%%04X", crc_of(line, length - 6));
    return memcmp(line + length - 6, right, 6) == 0 && strstr(line, " run ") != NULL;
}

/* Every reply in the output has a right check sum. */
static void check_output(const char *line, size_t length)
{
    const char *end = fake_output + fake_output_length;
    const char *at = fake_output;

    while (at < end) {
        const char *next = memchr(at, '\n', (size_t)(end - at));

        next = next == NULL ? end : next + 1;
        if (next - at > 8 && memcmp(at, "+ID2P ", 6) == 0) {
            char right[8];

            (void)snprintf(right, sizeof right, " %%%04X", crc_of(at, (size_t)(next - at) - 8));
            if (memcmp(next - 8, right, 6) != 0 || memcmp(next - 2, "\r\n", 2) != 0) {
                fail("a reply with a wrong check sum", line, length);
            }
        }
        at = next;
    }
}

/* Feed one line, a piece at a time by feed or whole by the shell's entry; check what it did. */
static void feed(const char *line, size_t length, int whole)
{
    unsigned before = fake_calls;
    size_t i;

    fake_output_length = 0;
    fake_log_length = 0;
    if (whole) {
        id2_probe_line(line);
    } else {
        for (i = 0; i < length; ++i) {
            id2_probe_feed((uint8_t)line[i]);
        }
        id2_probe_feed('\n');
    }
    check_output(line, length);
    if (fake_calls != before && !may_call(line, length)) {
        fail("the API was called by", line, length);
    }
}

/* Calls that would take long with large numbers. */
static int takes_long(const char *line)
{
    static const char *const slow[] = {" cal", " mal", " exh", " snd", " thr"};
    unsigned i;

    for (i = 0; i < sizeof slow / sizeof slow[0]; ++i) {
        if (strstr(line, slow[i]) != NULL) {
            return 1;
        }
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static char line[4096];
    size_t at = 0;

    fake_fills = 1;
    fake_heap_blocks = 3;
    fake_rc = 0;
    id2_probe_start(1);
    while (at < size) {
        const unsigned char *end = memchr(data + at, '\n', size - at);
        size_t length = (end == NULL ? size : (size_t)(end - data)) - at;
        int request = length > 0 && data[at] == '!';
        size_t used;

        if (length > sizeof line - 32) {
            length = sizeof line - 32;
        }
        if (request) {
            memcpy(line, "id2p ", 5);
            memcpy(line + 5, data + at + 1, length - 1);
            used = length + 4;
            line[used] = '\0';
            used += (size_t)snprintf(line + used, 8, " %%%04X", crc_of(line, used));
        } else {
            memcpy(line, data + at, length);
            used = length;
        }
        line[used] = '\0';
        at += length + 1;
        if (memchr(line, '\r', used) != NULL || takes_long(line)) {
            continue;
        }
        fake_rc = -(int)(used % 3);
        feed(line, used, used % 2 == 0 && strlen(line) == used);
        if (request && used <= ID2_PROBE_LINE && may_call(line, used) && !by_hand(line)) {
            static char first[4096];
            unsigned calls = fake_calls;
            unsigned answered = fake_output_length;

            memcpy(first, fake_output, answered < sizeof first ? answered : sizeof first);
            feed(line, used, 0);
            if (fake_calls != calls) {
                fail("run twice", line, used);
            }
            if (strstr(line, " prt") != NULL) {
                continue; /* its text is printed once */
            }
            if (fake_output_length != answered || memcmp(first, fake_output, answered) != 0) {
                fail("answered in another way", line, used);
            }
        }
    }
    return 0;
}

#ifdef FUZZ_ALONE

static unsigned random_state = 1;

static unsigned pick(unsigned below)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % below;
}

#define ONE_OF(list) list[pick(sizeof list / sizeof list[0])]

static size_t append(unsigned char *data, size_t used, const char *text)
{
    memcpy(data + used, text, strlen(text));
    return used + strlen(text);
}

/* Make up lines: calls, pieces for the slots, and parts of both in no order. */
static size_t make_up(unsigned char *data, size_t size)
{
    static const char *const seqs[] = {"01 ", "02 ", "FF ", "00 ", "7A "};
    static const char *const functions[] = {"gid ", "cac ", "aes ", "hsh ", "trx ", "fmt ", "fns ", "prt ", "dky ", "tot ",
                                            "kvg ", "con ", "rcv ", "sm4 ", "prv ", "ini ", "nop "};
    static const char *const arguments[] = {"a=1", "b=2", "c=3", "c=20", "a=60", "o=16", "o=-", "o=1040", "o=1072", "a=-5",
                                            "l=-", "k=1", "k=3", "m=3", "n=2", "p=6", "p=1072", "a=4294967296"};
    static const char *const puts[] = {"a 0 t:0123456789012345678901234567890123456789012345678901", "b 0 t:bb",
                                       "c 0 x:5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A", "a 52 t:more", "c 127 t:ab",
                                       "c 20 t:01234567890123456789012345678901234567890123456789",
                                       "c 70 t:01234567890123456789012345678901234567890123456789",
                                       "c 120 t:0123456789012345678901234567890123456789",
                                       "c 4294967295 t:ab", "a 1 x:A", "d 0 t:a"};
    static const char *const parts[] = {"run ", "put ", "get ", "rep", "clr", "hi", "%", "%0000", "id2p ", "+ID2P ", "\x80",
                                        " ", "!", "0 1024", "9 4294967295"};
    size_t used = 0;

    while (used < size - 256) {
        unsigned kind = pick(8);
        unsigned more = pick(4);

        int right = pick(16) != 0;

        used = append(data, used, right ? "!" : "id2p ");
        used = append(data, used, ONE_OF(seqs));
        if (kind < 4) {
            used = append(data, used, "run ");
            used = append(data, used, ONE_OF(functions));
            used = append(data, used, ONE_OF(arguments));
        } else if (kind < 6) {
            used = append(data, used, "put ");
            used = append(data, used, ONE_OF(puts));
            more = 0;
        } else {
            used = append(data, used, ONE_OF(parts));
        }
        while (more-- > 0) {
            used = append(data, used, kind < 4 ? "," : "");
            used = append(data, used, kind < 4 ? ONE_OF(arguments) : ONE_OF(parts));
        }
        used = append(data, used, right ? "\n" : " %12AB\n");
    }
    return used;
}

int main(int count, char **names)
{
    static unsigned char data[1 << 16];
    unsigned rounds = count > 1 ? (unsigned)atoi(names[1]) : 1;

    while (rounds-- > 0) {
        size_t size = make_up(data, 2000);

        LLVMFuzzerTestOneInput(data, size);
    }
    printf("%u calls of the API\n", fake_calls);
    return fake_calls == 0;
}

#endif
