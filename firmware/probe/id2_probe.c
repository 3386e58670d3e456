/*
 * The lines of the probe: reads requests, keeps the slots and the result, never runs a request twice, and answers
 * (docs/probe-protocol.md). Takes no memory but what is below, does not recurse and needs no library.
 */
#include "id2_probe_config.h"

#ifndef ID2_PROBE_ENABLE

typedef int id2_probe_is_not_in_this_build;

#else

#include "id2_probe.h"
#include "id2_probe_calls.h"

#if ID2_PROBE_LINE < 63 || ID2_PROBE_LINE > 255
#error "ID2_PROBE_LINE is 63 to 255"
#endif
#if ID2_PROBE_GET < 40 || ID2_PROBE_GET > 128
#error "ID2_PROBE_GET is 40 to 128"
#endif

#define GUARD 16u       /* bytes behind the result that a call must leave alone */
#define FILLING 0xA5u   /* what the result and the guard hold before a call */
#define IN_ANSWER 40u   /* bytes of the result that come with the answer of a call */
#define WORDS 8u        /* most words in a request */
#define NAME_LENGTH 24u /* most characters of ID2_PROBE_NAME in the hello */
#define CRC_START 0xFFFFu

enum refusal {
    ACCEPTED = 0,
    WRONG_CRC = 1,
    NO_SUCH_VERB = 2,
    BAD_ARGUMENT = 3,
    BAD_SLOT = 4,
    NO_SUCH_FUNCTION = 5,
    LINE_TOO_LONG = 6,
    SEQ_USED = 7,
    NOTHING_TO_REPEAT = 8
};

#define BIT(group, number) ((uint32_t)(group) << (number))

static const uint32_t groups =
    BIT(ID2_PROBE_CLIENT, 0) | BIT(ID2_PROBE_KPM, 1) | BIT(ID2_PROBE_DPM, 2) | BIT(ID2_PROBE_DRIVER, 3) |
    BIT(ID2_PROBE_OSA, 4) | BIT(ID2_PROBE_MUTEX, 5) | BIT(ID2_PROBE_SEMAPHORE, 6) | BIT(ID2_PROBE_THREAD, 7) |
    BIT(ID2_PROBE_DEVICE_ID, 8) | BIT(ID2_PROBE_PARTITION, 9) | BIT(ID2_PROBE_KV, 10) | BIT(ID2_PROBE_RANDOM, 11) |
    BIT(ID2_PROBE_AES, 12) | BIT(ID2_PROBE_SM4, 13) | BIT(ID2_PROBE_HASH, 14) | BIT(ID2_PROBE_NET, 15) |
    BIT(ID2_PROBE_BOARD, 16);

/* One byte more than a slot holds, for the NUL behind a text. Slot b also serves as the context of a cipher. */
static uint8_t slot_a[ID2_PROBE_SLOT_A + 1];
static union {
    uint8_t bytes[ID2_PROBE_SLOT_B + 1];
    void *pointer;
    long long number;
    double real;
} slot_b;
static uint8_t slot_c[ID2_PROBE_SLOT_C + 1];
static uint8_t result[ID2_PROBE_RESULT + GUARD];

struct slot {
    uint8_t *bytes;
    uint32_t size;
};

static const struct slot slots[3] = {
    {slot_a, ID2_PROBE_SLOT_A},
    {slot_b.bytes, ID2_PROBE_SLOT_B},
    {slot_c, ID2_PROBE_SLOT_C},
};

static uint32_t starts ID2_PROBE_NOINIT;

/* Small members first: on a Cortex-M0 they cost an instruction less. */
static struct {
    uint8_t calling; /* inside of a call */
    uint8_t too_long;

    /* the request that is remembered, so that it is not run twice; seq 0 when there is none */
    uint8_t last_seq;
    uint8_t last_ran;

    /* the last final answer */
    uint8_t has_final;
    uint8_t final_seq;

    uint16_t boot;
    uint16_t last_crc;
    uint16_t count;   /* characters in line */
    uint16_t written; /* characters in reply */
    int32_t final_rc;
    uint32_t final_length;
    uint32_t final_overwritten;
    uint32_t filled[3];
    uint32_t result_length;
    char line[ID2_PROBE_LINE];         /* the request that is being read */
    char reply[2 * ID2_PROBE_GET + 80]; /* the reply that is being put together */
} probe;

/* Characters and sums */

/* CRC-16/CCITT-FALSE, a byte at a time without a table. */
static unsigned crc_of(const uint8_t *bytes, uint32_t count)
{
    unsigned crc = CRC_START;
    uint32_t i;

    for (i = 0; i < count; ++i) {
        unsigned mixed = (crc >> 8) ^ bytes[i];

        mixed ^= mixed >> 4;
        crc = ((crc << 8) ^ (mixed << 12) ^ (mixed << 5) ^ mixed) & 0xFFFFu;
    }
    return crc;
}

/* Return the value of an upper-case hexadecimal digit, or 16. */
static unsigned digit_value(char character)
{
    unsigned value = (unsigned char)character;

    if (value >= '0' && value <= '9') {
        return value - '0';
    }
    if (value >= 'A' && value <= 'F') {
        return value - 'A' + 10u;
    }
    return 16u;
}

/* Return whether a payload may carry this character as text. */
static int is_safe(uint8_t byte)
{
    static const char marks[] = "~+/=_.:-";
    unsigned letter = byte | 0x20u;
    unsigned i;

    if ((byte >= '0' && byte <= '9') || (letter >= 'a' && letter <= 'z')) {
        return 1;
    }
    for (i = 0; i < sizeof marks - 1; ++i) {
        if (byte == (unsigned char)marks[i]) {
            return 1;
        }
    }
    return 0;
}

static void fill(uint8_t *bytes, uint8_t value, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; ++i) {
        bytes[i] = value;
    }
}

/* Replies */

static void put_char(char character)
{
    if (probe.written < sizeof probe.reply) {
        probe.reply[probe.written++] = character;
    }
}

static void put_text(const char *text)
{
    while (*text != '\0') {
        put_char(*text++);
    }
}

static void put_hex(uint32_t number, unsigned digits)
{
    while (digits-- > 0) {
        put_char("0123456789ABCDEF"[(number >> (4 * digits)) & 15u]);
    }
}

static void put_number(uint32_t number)
{
    char digits[10];
    unsigned count = 0;

    do {
        uint32_t tenth = number / 10u; /* one division; a Cortex-M0 has none */

        digits[count++] = (char)('0' + (int)(number - 10u * tenth));
        number = tenth;
    } while (number != 0);
    while (count > 0) {
        put_char(digits[--count]);
    }
}

static void put_word(uint32_t number)
{
    put_char(' ');
    put_number(number);
}

static void put_crc_word(unsigned crc)
{
    put_char(' ');
    put_hex(crc, 4);
}

static void put_payload(const uint8_t *bytes, uint32_t count)
{
    uint32_t i;
    int text = 1;

    for (i = 0; i < count; ++i) {
        text = text && is_safe(bytes[i]);
    }
    put_text(text ? " t:" : " x:");
    for (i = 0; i < count; ++i) {
        if (text) {
            put_char((char)bytes[i]);
        } else {
            put_hex(bytes[i], 2);
        }
    }
}

static void write_locked(const char *bytes, uint32_t count)
{
    ID2_PROBE_LOCK();
    id2_probe_port_write(bytes, (size_t)count);
    ID2_PROBE_UNLOCK();
}

static void begin_reply(unsigned seq, const char *kind)
{
    probe.written = 0;
    put_text("\r\n+ID2P ");
    put_hex(seq, 2);
    put_crc_word(probe.boot);
    put_char(' ');
    put_text(kind);
}

static void end_reply(void)
{
    unsigned crc = crc_of((const uint8_t *)probe.reply + 2, probe.written - 2u);

    put_text(" %");
    put_hex(crc, 4);
    put_text("\r\n");
    write_locked(probe.reply, probe.written);
}

static void send_refusal(unsigned seq, enum refusal reason)
{
    begin_reply(seq, "NK");
    put_word((uint32_t)reason);
    end_reply();
}

static void send_acknowledgement(unsigned seq)
{
    begin_reply(seq, "AK");
    end_reply();
}

static void send_filled(unsigned seq, uint32_t filled, unsigned crc)
{
    begin_reply(seq, "OK 0");
    put_word(filled);
    put_crc_word(crc);
    end_reply();
}

static void send_hello(unsigned seq)
{
    static const char name[] = ID2_PROBE_NAME;
    unsigned i;

    begin_reply(seq, "HI p=1 l=");
    put_number(ID2_PROBE_LINE);
    put_text(" in=");
    for (i = 0; i < 3; ++i) {
        if (i > 0) {
            put_char(',');
        }
        put_number(slots[i].size);
    }
    put_text(" o=");
    put_number(ID2_PROBE_RESULT);
    put_text(" g=");
    put_hex(groups, 8);
    put_text(" n=");
    for (i = 0; i < sizeof name - 1u && i < NAME_LENGTH; ++i) {
        char character = name[i];

        if (!is_safe((uint8_t)character)) {
            character = '_';
        }
        put_char(character);
    }
    end_reply();
}

static void send_final(void)
{
    begin_reply(probe.final_seq, probe.final_rc < 0 ? "ER " : "OK ");
    if (probe.final_rc < 0) {
        put_char('-');
        put_number(0u - (uint32_t)probe.final_rc);
    } else {
        put_number((uint32_t)probe.final_rc);
    }
    put_word(probe.final_length);
    put_crc_word(crc_of(result, probe.result_length));
    if (probe.result_length > 0) {
        put_payload(result, probe.result_length < IN_ANSWER ? probe.result_length : IN_ANSWER);
    }
    if (probe.final_overwritten > 0) {
        put_text(" w=");
        put_number(probe.final_overwritten);
    }
    end_reply();
}

/* Requests */

struct word {
    const char *text;
    unsigned length;
};

/* Return whether a word is this text, which is not longer than four characters. */
static int is(const struct word *word, const char *text)
{
    unsigned i;

    for (i = 0; i < word->length; ++i) {
        if (text[i] == '\0' || text[i] != word->text[i]) {
            return 0;
        }
    }
    return text[i] == '\0';
}

/* Read a decimal number of 32 bits; return 0 when it is none. */
static int read_number(const char *text, unsigned length, uint32_t *number)
{
    uint32_t value = 0;
    unsigned i;

    for (i = 0; i < length; ++i) {
        unsigned digit = digit_value(text[i]);

        if (digit > 9u || value > UINT32_MAX / 10u || (value == UINT32_MAX / 10u && digit > UINT32_MAX % 10u)) {
            return 0;
        }
        value = value * 10u + digit;
    }
    *number = value;
    return length > 0;
}

/* Cut a line at its blanks; return the number of words, WORDS + 1 when there are more than WORDS. */
static unsigned split(const char *line, unsigned length, struct word words[WORDS])
{
    unsigned count = 0;
    unsigned i = 0;

    while (i < length) {
        unsigned begin;

        while (i < length && line[i] == ' ') {
            ++i;
        }
        begin = i;
        while (i < length && line[i] != ' ') {
            ++i;
        }
        if (i > begin) {
            if (count == WORDS) {
                return WORDS + 1u;
            }
            words[count].text = line + begin;
            words[count].length = i - begin;
            ++count;
        }
    }
    return count;
}

enum verb { HI, REP, CLR, PUT, GET, RUN, UNKNOWN };

static enum verb find_verb(const struct word *word)
{
    static const char verbs[UNKNOWN][4] = {"hi", "rep", "clr", "put", "get", "run"};
    unsigned i = 0;

    while (i < UNKNOWN && !is(word, verbs[i])) {
        ++i;
    }
    return (enum verb)i;
}

/* put */

static enum refusal find_slot(const struct word *word, unsigned *slot)
{
    if (word->length != 1 || word->text[0] < 'a' || word->text[0] > 'c') {
        return BAD_SLOT;
    }
    *slot = (unsigned)(word->text[0] - 'a');
    return ACCEPTED;
}

/* Read the bytes that a payload stands for, into `bytes` unless that is NULL; `count` says how many. */
static enum refusal read_payload(const struct word *word, uint8_t *bytes, uint32_t *count)
{
    const char *next = word->text;
    const char *end = next + word->length;
    int text;

    if (word->length < 2 || next[1] != ':' || (next[0] != 't' && (next[0] != 'x' || word->length % 2u != 0))) {
        return BAD_ARGUMENT;
    }
    text = next[0] == 't';
    next += 2;
    *count = 0;
    while (next < end) {
        unsigned value = (unsigned char)*next++;

        if (!text) {
            unsigned high = digit_value((char)value);
            unsigned low = digit_value(*next++);

            if (high > 15u || low > 15u) {
                return BAD_ARGUMENT;
            }
            value = 16u * high + low;
        } else if (!is_safe((uint8_t)value)) {
            return BAD_ARGUMENT;
        }
        if (bytes != NULL) {
            bytes[*count] = (uint8_t)value;
        }
        ++*count;
    }
    return ACCEPTED;
}

static enum refusal put_into_slot(unsigned seq, const struct word *words, unsigned count)
{
    unsigned slot = 0;
    uint32_t offset = 0;
    uint32_t length = 0;
    enum refusal refusal;

    if (count != 3 || !read_number(words[1].text, words[1].length, &offset)) {
        return BAD_ARGUMENT;
    }
    refusal = find_slot(&words[0], &slot);
    if (refusal == ACCEPTED) {
        refusal = read_payload(&words[2], NULL, &length);
    }
    if (refusal != ACCEPTED) {
        return refusal;
    }
    if (offset > probe.filled[slot] || length > slots[slot].size - offset) {
        return BAD_SLOT;
    }
    (void)read_payload(&words[2], slots[slot].bytes + offset, &length);
    if (offset == 0 || offset + length > probe.filled[slot]) {
        probe.filled[slot] = offset + length;
    }
    send_filled(seq, probe.filled[slot], crc_of(slots[slot].bytes, probe.filled[slot]));
    return ACCEPTED;
}

/* get, clr */

static enum refusal get_from_result(unsigned seq, const struct word *words, unsigned count)
{
    uint32_t offset = 0;
    uint32_t length = 0;

    if (count != 2 || !read_number(words[0].text, words[0].length, &offset) ||
        !read_number(words[1].text, words[1].length, &length)) {
        return BAD_ARGUMENT;
    }
    if (offset > probe.result_length) {
        return BAD_SLOT;
    }
    if (length > ID2_PROBE_GET) {
        length = ID2_PROBE_GET;
    }
    if (length > probe.result_length - offset) {
        length = probe.result_length - offset;
    }
    begin_reply(seq, "D");
    put_word(offset);
    put_payload(result + offset, length);
    end_reply();
    return ACCEPTED;
}

static void empty_slot(unsigned slot)
{
    fill(slots[slot].bytes, 0, slots[slot].size);
    probe.filled[slot] = 0;
}

static void clear(void)
{
    empty_slot(0);
    empty_slot(1);
    empty_slot(2);
    fill(result, 0, sizeof result);
    probe.result_length = 0;
    probe.has_final = 0;
}

/* run */

/* Return the function of this name; NULL when the firmware has none. */
static const struct id2_probe_function *find_function(const struct word *word)
{
    const struct id2_probe_function *function;

    for (function = id2_probe_functions; function->name[0] != '\0'; ++function) {
        if (is(word, function->name)) {
            return function;
        }
    }
    return NULL;
}

int32_t id2_probe_names(struct id2_probe_call *call)
{
    const struct id2_probe_function *function;
    unsigned i;

    call->capacity = ID2_PROBE_RESULT;
    for (function = id2_probe_functions; function->name[0] != '\0'; ++function) {
        for (i = 0; i < 4; ++i) {
            if (call->length < ID2_PROBE_RESULT) {
                result[call->length] = (uint8_t)(i < 3 ? function->name[i] : '.');
            }
            ++call->length;
        }
    }
    --call->length; /* no `.` behind the last */
    return call->length > ID2_PROBE_RESULT ? -3 : 0;
}

/* Take N, - or -N for a buffer: `data` becomes NULL for the latter two. Return 0 when it is none of them. */
static int read_buffer(const char *text, unsigned length, uint8_t *buffer, struct id2_probe_input *input)
{
    input->data = buffer;
    input->length = 0;
    if (length > 0 && text[0] == '-') {
        input->data = NULL;
        ++text;
        --length;
        if (length == 0) {
            return 1;
        }
    }
    return read_number(text, length, &input->length);
}

/* Return where the number of this letter goes; NULL when it is none. */
static uint32_t *number_of(struct id2_probe_call *call, char letter)
{
    switch (letter) {
    case 'k':
        return &call->k;
    case 'm':
        return &call->m;
    case 'n':
        return &call->n;
    case 'p':
        return &call->p;
    default:
        return NULL;
    }
}

static enum refusal read_argument(struct id2_probe_call *call, const char *text, unsigned length)
{
    char letter = text[0];
    uint32_t *number = number_of(call, letter);
    struct id2_probe_input output;
    unsigned slot = (unsigned)(letter - 'a');

    if (length < 3 || text[1] != '=') {
        return BAD_ARGUMENT;
    }
    text += 2;
    length -= 2;
    if (number != NULL) {
        return read_number(text, length, number) ? ACCEPTED : BAD_ARGUMENT;
    }
    if (letter == 'l') {
        call->out_length = NULL;
        return length == 1 && text[0] == '-' ? ACCEPTED : BAD_ARGUMENT;
    }
    if (letter == 'o') {
        if (!read_buffer(text, length, result, &output)) {
            return BAD_ARGUMENT;
        }
        call->out = output.data;
        call->length = output.length;
        call->capacity = output.data == NULL ? 0 : output.length;
        return call->capacity > ID2_PROBE_RESULT ? BAD_ARGUMENT : ACCEPTED;
    }
    if (slot > 2 || !read_buffer(text, length, slots[slot].bytes, &call->in[slot])) {
        return BAD_ARGUMENT;
    }
    return call->in[slot].data != NULL && call->in[slot].length > probe.filled[slot] ? BAD_SLOT : ACCEPTED;
}

static enum refusal read_arguments(struct id2_probe_call *call, const struct word *word)
{
    uint32_t seen = 0;
    unsigned begin = 0;

    while (begin <= word->length) {
        unsigned end = begin;
        enum refusal refusal;
        uint32_t letter;

        while (end < word->length && word->text[end] != ',') {
            ++end;
        }
        refusal = read_argument(call, word->text + begin, end - begin);
        if (refusal != ACCEPTED) {
            return refusal;
        }
        letter = (uint32_t)1 << (word->text[begin] - 'a');
        if ((seen & letter) != 0) {
            return BAD_ARGUMENT;
        }
        seen |= letter;
        begin = end + 1u;
    }
    return ACCEPTED;
}

static void carry_out(const struct id2_probe_function *function, struct id2_probe_call *call)
{
    uint8_t *ends[3];
    uint8_t behind[3]; /* what the NUL behind a text takes the place of */
    uint32_t i;

    for (i = 0; i < 3; ++i) {
        ends[i] = slots[i].bytes + (call->in[i].data == NULL ? 0 : call->in[i].length);
        behind[i] = *ends[i];
        if ((function->flags & (ID2_PROBE_TEXT_A << i)) != 0) {
            *ends[i] = 0;
        }
    }
    fill(result, FILLING, sizeof result);
    if ((function->flags & ID2_PROBE_LENGTH) == 0) {
        call->length = 0;
    }
    if ((function->flags & ID2_PROBE_CONTEXT) != 0) {
        empty_slot(1);
    }
    probe.calling = 1;
    probe.final_rc = function->call(call);
    probe.calling = 0;
    if ((function->flags & ID2_PROBE_CONTEXT) != 0) {
        empty_slot(1);
    }
    for (i = 0; i < 3; ++i) {
        if ((function->flags & (ID2_PROBE_TEXT_A << i)) != 0) {
            *ends[i] = behind[i];
        }
    }
    probe.final_length = call->length;
    probe.final_overwritten = 0;
    for (i = call->capacity; i < sizeof result; ++i) {
        if (result[i] != FILLING) {
            ++probe.final_overwritten;
        }
    }
    probe.result_length = 0;
    if (probe.final_rc >= 0) {
        probe.result_length = call->length < call->capacity ? call->length : call->capacity;
    }
}

static enum refusal run(unsigned seq, const struct word *words, unsigned count)
{
    struct id2_probe_call call;
    const struct id2_probe_function *function;
    enum refusal refusal = ACCEPTED;

    if (count != 1 && count != 2) {
        return BAD_ARGUMENT;
    }
    function = find_function(&words[0]);
    if (function == NULL) {
        return NO_SUCH_FUNCTION;
    }
    fill((uint8_t *)&call, 0, sizeof call);
    call.out_length = &call.length;
    call.result = result;
    call.context = slot_b.bytes;
    if (count == 2) {
        refusal = read_arguments(&call, &words[1]);
    }
    if (refusal == ACCEPTED && call.p > ID2_PROBE_RESULT) {
        refusal = BAD_ARGUMENT; /* p says how many bytes are written without a length parameter */
    }
    if (refusal == ACCEPTED && (function->flags & ID2_PROBE_MODES) != 0 &&
        !id2_probe_has_mode(function->name[0], call.k)) {
        refusal = NO_SUCH_FUNCTION;
    }
    if (refusal != ACCEPTED) {
        return refusal;
    }
    if (seq != 0) {
        probe.last_ran = 1;
    }
    probe.has_final = 0;
    send_acknowledgement(seq);
    carry_out(function, &call);
    probe.has_final = 1;
    probe.final_seq = (uint8_t)seq;
    send_final();
    return ACCEPTED;
}

/* Answer a run that was carried out already. */
static enum refusal run_again(unsigned seq)
{
    if (!probe.has_final || probe.final_seq != seq) {
        return NOTHING_TO_REPEAT;
    }
    send_acknowledgement(seq);
    send_final();
    return ACCEPTED;
}

static enum refusal answer(unsigned seq, enum verb verb, const struct word *words, unsigned count, int again)
{
    if (verb < PUT && count != 0) {
        return BAD_ARGUMENT;
    }
    switch (verb) {
    case HI:
        send_hello(seq);
        return ACCEPTED;
    case REP:
        if (!probe.has_final) {
            return NOTHING_TO_REPEAT;
        }
        send_final();
        return ACCEPTED;
    case CLR:
        clear();
        send_filled(seq, 0, CRC_START);
        return ACCEPTED;
    case PUT:
        return put_into_slot(seq, words, count);
    case GET:
        return get_from_result(seq, words, count);
    case RUN:
        return again && probe.last_ran ? run_again(seq) : run(seq, words, count);
    default:
        return NO_SUCH_VERB;
    }
}

/* Lines */

/* Return the seq of a line, 0 when it has none. */
static unsigned seq_of(const char *line, unsigned length)
{
    unsigned high = length >= 7 ? digit_value(line[5]) : 16u;
    unsigned low = length >= 7 ? digit_value(line[6]) : 16u;

    return high > 15u || low > 15u || (length > 7 && line[7] != ' ') ? 0 : 16u * high + low;
}

/* Read the check sum at the end of a line; return 0 when there is none. */
static int read_crc(const char *line, unsigned length, unsigned *crc)
{
    unsigned value = 0;
    unsigned i;

    if (length < 6 || line[length - 6u] != ' ' || line[length - 5u] != '%') {
        return 0;
    }
    for (i = length - 4u; i < length; ++i) {
        unsigned digit = digit_value(line[i]);

        if (digit > 15u) {
            return 0;
        }
        value = 16u * value + digit;
    }
    *crc = value;
    return 1;
}

static void take_request(const char *line, unsigned length)
{
    struct word words[WORDS];
    unsigned seq = seq_of(line, length);
    unsigned crc = 0;
    int has_crc = read_crc(line, length, &crc);
    unsigned body = has_crc ? length - 6u : length;
    unsigned count = split(line, body, words);
    int by_hand = count > 1 && is(&words[1], "00");
    enum refusal refusal;
    enum verb verb;
    int again = 0;

    if (has_crc ? crc != crc_of((const uint8_t *)line, body) : !by_hand) {
        refusal = WRONG_CRC;
    } else if (count < 3 || count > WORDS || (seq == 0 && !by_hand)) {
        refusal = BAD_ARGUMENT;
    } else {
        verb = find_verb(&words[2]);
        if (!by_hand && verb != REP) {
            again = seq == probe.last_seq && crc == probe.last_crc;
            if (seq == probe.last_seq && !again && verb != HI) {
                send_refusal(seq, SEQ_USED);
                return;
            }
            probe.last_seq = (uint8_t)seq;
            probe.last_crc = (uint16_t)crc;
            probe.last_ran = again && probe.last_ran;
        }
        refusal = answer(seq, verb, words + 3, count - 3u, again);
    }
    if (refusal != ACCEPTED) {
        send_refusal(seq, refusal);
    }
}

static void take(char character)
{
    if (probe.count < ID2_PROBE_LINE) {
        probe.line[probe.count++] = character;
    } else {
        probe.too_long = 1;
    }
}

static void begin_line(void)
{
    probe.count = 0;
    probe.too_long = 0;
}

static void end_line(void)
{
    unsigned length = probe.count;
    struct word first;

    first.text = probe.line;
    first.length = 4;
    if (length >= 4 && is(&first, "id2p") && (length == 4 || probe.line[4] == ' ')) {
        if (probe.too_long) {
            send_refusal(seq_of(probe.line, length), LINE_TOO_LONG);
        } else {
            take_request(probe.line, length);
        }
    }
    begin_line();
}

void id2_probe_feed(uint8_t byte)
{
    if (probe.calling) {
        return;
    }
    if (byte == '\n' || byte == '\r') {
        end_line();
    } else {
        take((char)byte);
    }
}

static void take_text(const char *text)
{
    while (*text != '\0') {
        take(*text++);
    }
}

void id2_probe_line(const char *line)
{
    if (!probe.calling) {
        begin_line();
        take_text(line);
        end_line();
    }
}

void id2_probe_words(int count, char *const *words)
{
    if (!probe.calling) {
        int i;

        begin_line();
        for (i = 0; i < count; ++i) {
            if (i > 0) {
                take(' ');
            }
            take_text(words[i]);
        }
        end_line();
    }
}

void id2_probe_start(uint32_t seed)
{
    static const char warning[] = "\r\nid2 probe: this firmware carries out test commands, do not ship it\r\n";

    fill((uint8_t *)&probe, 0, sizeof probe);
    clear();
    put_hex(seed, 8);
    put_hex(++starts, 8);
    put_hex(id2_probe_port_ms(), 8);
    probe.boot = (uint16_t)crc_of((const uint8_t *)probe.reply, probe.written);
    write_locked(warning, sizeof warning - 1u);
    send_hello(0);
}

#endif
