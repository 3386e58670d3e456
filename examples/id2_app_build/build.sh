#!/bin/sh
# Builds id2_app of an ID2 Client SDK with the values that stand in the environment: what `build` of a board file runs.
#
#   sh build.sh SDK [MAKE_ARGUMENT...]        SDK is the folder of the sources; it is best a copy, as two files change
#
# The sources define each value as a constant, which no -D on a compiler's command line can replace. So its line is
# written anew, and its file with it: make then compiles it again, and the build date that id2_app reports is a new one.
# A constant that this version of the SDK does not have is left out.
set -eu
sdk=$1
shift

put() { # put FILE CONSTANT VARIABLE
    test -e "$sdk/app/id2_app/$1" || return 0
    CONSTANT=$2 VARIABLE=$3 awk '
        $1 == "#define" && $2 == ENVIRON["CONSTANT"] { $0 = "#define " $2 " \"" ENVIRON[ENVIRON["VARIABLE"]] "\"" }
        { print }
    ' "$sdk/app/id2_app/$1" > "$sdk/app/id2_app/$1.new"
    mv "$sdk/app/id2_app/$1.new" "$sdk/app/id2_app/$1"
}

put app_entry.c ID2_CIPHER_DATA ID2_CIPHER_DATA
put app_entry.c ID2_AUTH_CODE ID2_AUTH_CODE
put src/id2_client_mesg.c ID2_CHALLENGE ID2_CHALLENGE
put src/id2_client_mesg.c ID2_TIMESTAMP ID2_TIMESTAMP
if [ -n "${ID2_PRODUCT_SECRET:-}" ]; then # an empty one means that it is not known: the one in the sources stays
    put app_entry.c PRODUCT_KEY ID2_PRODUCT_KEY
    put app_entry.c PRODUCT_SECRET ID2_PRODUCT_SECRET
fi
exec make -C "$sdk" "$@"
