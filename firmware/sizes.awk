# Print text and RAM of the total that `size -t` gives, and fail when one is over its limit.
/TOTALS/ {
    printf "%s: %d bytes of text (at most %d), %d bytes of RAM (at most %d)\n", what, $1, most, $2 + $3, ram
    seen = 1
    over = $1 > most || $2 + $3 > ram
}
END { exit !seen || over }
