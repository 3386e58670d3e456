/* The far end of a bare wire: a line that begins with a number is answered by so many bytes. */
#ifndef WIRE_ANSWER_H
#define WIRE_ANSWER_H

#define ANSWER_MOST 1024u

/* Take a byte; return how many bytes are to be sent now, 0 for none. */
static unsigned answer_to(int byte)
{
    static unsigned number;
    static int at_start = 1;
    unsigned wanted;
    if (byte == '\n') {
        wanted = number < ANSWER_MOST ? number : ANSWER_MOST;
        number = 0;
        at_start = 1;
        return wanted;
    }
    if (at_start && byte >= '0' && byte <= '9')
        number = 10 * number + (unsigned)(byte - '0');
    else
        at_start = 0;
    return 0;
}

#endif
