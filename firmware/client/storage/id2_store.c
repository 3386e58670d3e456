#include "id2_store.h"

#include <string.h>

#include "id2_machine.h"

/*
 * An area: header (magic, number, check of both), records. A record: head (kind, name's length, value's length), name
 * and value, filled up to whole words, check word. A record whose value's length is DELETED deletes.
 */
#define AREA_SIZE (ID2_FLASH_SIZE / 2)
#define AREA_BLOCKS (ID2_FLASH_BLOCKS / 2)
#define MAGIC 0x49443253u
#define HEADER 12u
#define ERASED 0xffffffffu
#define DELETED 0xffffu
#define PIECE 64u

struct record {
    uint32_t at; /* of its head */
    uint8_t kind;
    uint8_t name_size;
    uint16_t value_size;
    uint32_t check; /* erased: it was never finished */
};

static uint32_t area; /* address of the area in use */
static uint32_t end;  /* address behind the last record */
static uint32_t number;
static int mounted;

static uint32_t whole_words(uint32_t size)
{
    return (size + ID2_FLASH_WORD - 1) / ID2_FLASH_WORD * ID2_FLASH_WORD;
}

static uint32_t content(const struct record *record)
{
    return record->name_size + (record->value_size == DELETED ? 0u : record->value_size);
}

static uint32_t total(const struct record *record)
{
    return 4 + whole_words(content(record)) + 4;
}

/* CRC-32, a nibble at a time. */
static uint32_t check(uint32_t sum, const uint8_t *data, uint32_t size)
{
    static const uint32_t TABLE[16] = {0x00000000u, 0x1db71064u, 0x3b6e20c8u, 0x26d930acu, 0x76dc4190u, 0x6b6b51f4u,
                                       0x4db26158u, 0x5005713cu, 0xedb88320u, 0xf00f9344u, 0xd6d6a3e8u, 0xcb61b38cu,
                                       0x9b64c2b0u, 0x86d3d2d4u, 0xa00ae278u, 0xbdbdf21cu};
    for (uint32_t i = 0; i < size; i++) {
        sum = TABLE[(sum ^ data[i]) & 15] ^ sum >> 4;
        sum = TABLE[(sum ^ data[i] >> 4) & 15] ^ sum >> 4;
    }
    return sum;
}

static int read_word(uint32_t address, uint32_t *word)
{
    uint8_t bytes[4];
    if (id2_machine_flash_read(address, bytes, 4))
        return -1;
    *word = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    return 0;
}

static int write_word(uint32_t address, uint32_t word)
{
    uint8_t bytes[4] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16), (uint8_t)(word >> 24)};
    return id2_machine_flash_program(address, bytes, 4);
}

/* The check of a record over head and content as they are in flash; never that of an erased word. */
static int check_of(const struct record *record, uint32_t *sum)
{
    uint8_t piece[PIECE];
    uint32_t left = 4 + content(record);
    *sum = ERASED;
    for (uint32_t at = record->at; left;) {
        uint32_t count = left < PIECE ? left : PIECE;
        if (id2_machine_flash_read(at, piece, count))
            return -1;
        *sum = check(*sum, piece, count);
        at += count;
        left -= count;
    }
    if (*sum == ERASED)
        *sum = 0;
    return 0;
}

/* Read the record at an address. Return 1 for a record, 0 for the end of the log, -1 when the flash refuses. */
static int read_record(uint32_t base, uint32_t at, struct record *record)
{
    uint32_t word;
    record->at = at;
    if (at + 8 > base + AREA_SIZE)
        return 0;
    if (read_word(at, &word))
        return -1;
    if (word == ERASED)
        return 0;
    record->kind = (uint8_t)word;
    record->name_size = (uint8_t)(word >> 8);
    record->value_size = (uint16_t)(word >> 16);
    if (total(record) > base + AREA_SIZE - at)
        return 0;
    if (read_word(at + total(record) - 4, &word))
        return -1;
    record->check = word;
    return 1;
}

static int is_valid(const struct record *record)
{
    uint32_t sum;
    return record->check != ERASED && check_of(record, &sum) == 0 && sum == record->check;
}

static int has_name(const struct record *record, enum id2_store_kind kind, const char *name)
{
    uint8_t found[ID2_STORE_NAME_MAX];
    size_t size = strlen(name);
    if (record->check == ERASED || record->kind != kind || record->name_size != size)
        return 0;
    return id2_machine_flash_read(record->at + 4, found, (uint32_t)size) == 0 && memcmp(found, name, size) == 0;
}

/* Find the last valid record of a name. Return 1, 0 for none, -1 when the flash refuses. */
static int find(enum id2_store_kind kind, const char *name, struct record *found)
{
    struct record record;
    int some = 0;
    int more;
    for (uint32_t at = area + HEADER; (more = read_record(area, at, &record)) > 0; at += total(&record)) {
        if (has_name(&record, kind, name) && is_valid(&record)) {
            *found = record;
            some = 1;
        }
    }
    return more < 0 ? -1 : some && found->value_size != DELETED;
}

static int erase_area(uint32_t base)
{
    for (uint32_t i = 0; i < AREA_BLOCKS; i++)
        if (id2_machine_flash_erase(base / ID2_FLASH_BLOCK + i))
            return -1;
    return 0;
}

/* The words of the header, in the order in which they are written: the magic last. */
static int write_header(uint32_t base, uint32_t new_number)
{
    return write_word(base + 4, new_number) || write_word(base + 8, ~new_number) || write_word(base, MAGIC) ? -1 : 0;
}

static int read_header(uint32_t base, uint32_t *found)
{
    uint32_t magic;
    uint32_t inverse;
    if (read_word(base, &magic) || read_word(base + 4, found) || read_word(base + 8, &inverse))
        return -1;
    return magic == MAGIC && inverse == ~*found;
}

static int copy_bytes(uint32_t from, uint32_t to, uint32_t size)
{
    uint8_t piece[PIECE];
    for (uint32_t at = 0; at < size; at += PIECE) {
        uint32_t count = size - at < PIECE ? size - at : PIECE;
        if (id2_machine_flash_read(from + at, piece, count) || id2_machine_flash_program(to + at, piece, count))
            return -1;
    }
    return 0;
}

/* A record holds when it is valid, does not delete, and none of its name follows. */
static int holds(const struct record *record)
{
    char name[ID2_STORE_NAME_MAX + 1];
    struct record later;
    int more;
    if (record->value_size == DELETED || record->name_size > ID2_STORE_NAME_MAX || !is_valid(record))
        return 0;
    if (id2_machine_flash_read(record->at + 4, name, record->name_size))
        return -1;
    name[record->name_size] = 0;
    for (uint32_t at = record->at + total(record); (more = read_record(area, at, &later)) > 0; at += total(&later))
        if (has_name(&later, (enum id2_store_kind)record->kind, name) && is_valid(&later))
            return 0;
    return more < 0 ? -1 : 1;
}

/* Copy what holds into the other area and use that one. */
static int move_on(void)
{
    uint32_t other = area ? 0 : AREA_SIZE;
    uint32_t to = other + HEADER;
    struct record record;
    int more;
    if (erase_area(other))
        return ID2_STORE_BROKEN;
    for (uint32_t at = area + HEADER; (more = read_record(area, at, &record)) > 0; at += total(&record)) {
        int keep = holds(&record);
        if (keep < 0 || (keep && copy_bytes(record.at, to, total(&record))))
            return ID2_STORE_BROKEN;
        if (keep)
            to += total(&record);
    }
    if (more < 0 || write_header(other, number + 1))
        return ID2_STORE_BROKEN;
    area = other;
    end = to;
    number++;
    return ID2_STORE_OK;
}

int id2_store_mount(void)
{
    uint32_t numbers[2];
    int first = read_header(0, &numbers[0]);
    int second = read_header(AREA_SIZE, &numbers[1]);
    struct record record;
    int more;
    mounted = 0;
    if (first < 0 || second < 0)
        return ID2_STORE_BROKEN;
    if (!first && !second) {
        area = 0;
        number = 1;
        if (erase_area(0) || write_header(0, number))
            return ID2_STORE_BROKEN;
    } else {
        int use_second = second && (!first || (int32_t)(numbers[1] - numbers[0]) > 0);
        area = use_second ? AREA_SIZE : 0;
        number = numbers[use_second];
    }
    end = area + HEADER;
    while ((more = read_record(area, end, &record)) > 0)
        end += total(&record);
    if (more < 0)
        return ID2_STORE_BROKEN;
    mounted = 1;
    return ID2_STORE_OK;
}

/* Append name and value as whole words, then the check word. */
static int append(const struct record *record, const char *name, const uint8_t *value)
{
    uint8_t piece[PIECE];
    uint32_t size = content(record);
    uint32_t head = record->kind | (uint32_t)record->name_size << 8 | (uint32_t)record->value_size << 16;
    uint32_t sum;
    if (write_word(record->at, head))
        return -1;
    for (uint32_t at = 0; at < size; at += PIECE) {
        uint32_t count = size - at < PIECE ? size - at : PIECE;
        memset(piece, 0xff, sizeof piece);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t from = at + i;
            piece[i] = from < record->name_size ? (uint8_t)name[from] : value[from - record->name_size];
        }
        if (id2_machine_flash_program(record->at + 4 + at, piece, whole_words(count)))
            return -1;
    }
    if (check_of(record, &sum))
        return -1;
    return write_word(record->at + total(record) - 4, sum);
}

static int add(enum id2_store_kind kind, const char *name, const uint8_t *value, uint16_t value_size)
{
    struct record record = {0, (uint8_t)kind, (uint8_t)strlen(name), value_size, ERASED};
    if (!mounted)
        return ID2_STORE_BROKEN;
    if (total(&record) > area + AREA_SIZE - end) {
        int moved = move_on();
        if (moved)
            return moved;
        if (total(&record) > area + AREA_SIZE - end)
            return ID2_STORE_FULL;
    }
    record.at = end;
    end += total(&record);
    return append(&record, name, value) ? ID2_STORE_BROKEN : ID2_STORE_OK;
}

int id2_store_put(enum id2_store_kind kind, const char *name, const void *value, uint32_t size)
{
    if (size > ID2_STORE_VALUE_MAX || strlen(name) > ID2_STORE_NAME_MAX)
        return ID2_STORE_FULL;
    return add(kind, name, value, (uint16_t)size);
}

int id2_store_get(enum id2_store_kind kind, const char *name, uint32_t offset, void *value, uint32_t room,
                  uint32_t *size)
{
    struct record record = {0};
    if (!mounted)
        return ID2_STORE_BROKEN;
    int found = find(kind, name, &record);
    if (found <= 0)
        return found < 0 ? ID2_STORE_BROKEN : ID2_STORE_NONE;
    if (size != NULL)
        *size = record.value_size;
    if (offset >= record.value_size || room == 0)
        return ID2_STORE_OK;
    uint32_t count = record.value_size - offset < room ? record.value_size - offset : room;
    return id2_machine_flash_read(record.at + 4 + record.name_size + offset, value, count) ? ID2_STORE_BROKEN
                                                                                           : ID2_STORE_OK;
}

int id2_store_delete(enum id2_store_kind kind, const char *name)
{
    struct record record;
    if (!mounted)
        return ID2_STORE_BROKEN;
    int found = find(kind, name, &record);
    if (found <= 0)
        return found < 0 ? ID2_STORE_BROKEN : ID2_STORE_NONE;
    return add(kind, name, NULL, DELETED);
}
