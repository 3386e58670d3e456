/*
 * Faults that can be compiled into the firmware: at most one in a build, by -DID2_FAULT=ID2_FAULT_<NAME>.
 *
 * A fault is real code of the client, the port or the board behind `if (ID2_FAULT_IS(NAME))`. It shows that the
 * scenarios find what they say they find. Without ID2_FAULT a build is sound.
 */
#ifndef ID2_FAULTS_H
#define ID2_FAULTS_H

#define ID2_FAULT_NONE 1

#ifndef ID2_FAULT
#define ID2_FAULT ID2_FAULT_NONE
#endif

/* For if: the compiler refuses a name that is not defined here. */
#define ID2_FAULT_IS(name) (ID2_FAULT == ID2_FAULT_##name)

/* Faults of storage, random, driver, device id and ciphers: in firmware/client, so every machine has them. */
#define ID2_FAULT_RANDOM_CONSTANT 101
#define ID2_FAULT_RANDOM_REPEATS_AFTER_RESET 102
#define ID2_FAULT_RANDOM_STUCK_BIT 103
#define ID2_FAULT_RANDOM_REPEATS_BLOCK 104
#define ID2_FAULT_RANDOM_SHORT 105
#define ID2_FAULT_KV_LOSES_LAST_WRITE 106
#define ID2_FAULT_KV_FORGETS 107
#define ID2_FAULT_KV_TRUNCATES 108
#define ID2_FAULT_KV_KEEPS_DELETED 109
#define ID2_FAULT_PARTITION_OFF_BY_ONE 110
#define ID2_FAULT_PARTITION_LOST_ON_POWER_CUT 111
#define ID2_FAULT_PARTITION_BEYOND_END 112
#define ID2_FAULT_DRIVER_SWALLOWS_STATUS 113
#define ID2_FAULT_DRIVER_DROPS_LAST_BYTE 114
#define ID2_FAULT_DRIVER_OK_WITHOUT_CHIP 115
#define ID2_FAULT_DRIVER_BEFORE_OPEN 116
#define ID2_FAULT_DRIVER_OVERFLOWS 117
#define ID2_FAULT_DRIVER_TAKES_ANY_HANDLE 118
#define ID2_FAULT_DEVICE_ID_CHANGES 119
#define ID2_FAULT_DEVICE_ID_CHANGES_AFTER_RESET 120
#define ID2_FAULT_DEVICE_ID_SHORT_BUFFER 121
#define ID2_FAULT_MEMORY_LEAK 122
#define ID2_FAULT_SHA256_PIECES_WRONG 123
#define ID2_FAULT_SM3_TAIL_WRONG 124
#define ID2_FAULT_CBC_IV_NOT_CHAINED 125
#define ID2_FAULT_CTR_CARRY_LOST 126
#define ID2_FAULT_SM4_DECRYPT_WRONG 127

#define ID2_HAL_FAULTS(X) \
    X(RANDOM_CONSTANT, "random: every answer has the same bytes") \
    X(RANDOM_REPEATS_AFTER_RESET, "random: the stream starts with the same bytes after each reset") \
    X(RANDOM_STUCK_BIT, "random: one bit of each byte is always set") \
    X(RANDOM_REPEATS_BLOCK, "random: a block of 16 bytes comes again and again") \
    X(RANDOM_SHORT, "random: only the first 64 bytes of a request are filled") \
    X(KV_LOSES_LAST_WRITE, "key-value store: the last value that was set is gone after a reset") \
    X(KV_FORGETS, "key-value store: everything is gone after a reset") \
    X(KV_TRUNCATES, "key-value store: a value keeps 64 bytes at most and says nothing") \
    X(KV_KEEPS_DELETED, "key-value store: a deleted value is there again after a reset") \
    X(PARTITION_OFF_BY_ONE, "reserved partition: what is written lands one byte too far unless at offset 0") \
    X(PARTITION_LOST_ON_POWER_CUT, "reserved partition: a write erases everything, then takes its time") \
    X(PARTITION_BEYOND_END, "reserved partition: a write beyond the end is accepted") \
    X(DRIVER_SWALLOWS_STATUS, "SE driver: the answer comes without its status word") \
    X(DRIVER_DROPS_LAST_BYTE, "SE driver: the last byte of an answer of 240 bytes of data and more is lost") \
    X(DRIVER_OK_WITHOUT_CHIP, "SE driver: success with an empty answer when no chip answers") \
    X(DRIVER_BEFORE_OPEN, "SE driver: transmit answers before the session is open") \
    X(DRIVER_OVERFLOWS, "SE driver: an answer is copied whole, however small the buffer is") \
    X(DRIVER_TAKES_ANY_HANDLE, "SE driver: a handle that was never given is taken") \
    X(DEVICE_ID_CHANGES, "device id: another one at each call") \
    X(DEVICE_ID_CHANGES_AFTER_RESET, "device id: another one after each reset") \
    X(DEVICE_ID_SHORT_BUFFER, "device id: a buffer that is too short gets a piece of the id and success") \
    X(MEMORY_LEAK, "client: each auth code keeps a block of memory") \
    X(SHA256_PIECES_WRONG, "SHA-256: what waits for the rest of its block is dropped at the next piece") \
    X(SM3_TAIL_WRONG, "SM3: wrong when 56 bytes of the last block are used") \
    X(CBC_IV_NOT_CHAINED, "AES-CBC and SM4-CBC: each piece starts with the first iv again") \
    X(CTR_CARRY_LOST, "AES-CTR and SM4-CTR: the counter does not carry out of its last byte") \
    X(SM4_DECRYPT_WRONG, "SM4: decryption encrypts")

/* Faults of the OSA: each machine has them in its own files. */
#define ID2_FAULT_TIME_JUMPS_BACK 201
#define ID2_FAULT_TIME_DRIFTS 202
#define ID2_FAULT_TIME_COARSE 203
#define ID2_FAULT_TIME_RESTARTS 204
#define ID2_FAULT_SLEEP_SHORT 205
#define ID2_FAULT_SLEEP_LONG 206
#define ID2_FAULT_CALLOC_DIRTY 207
#define ID2_FAULT_FREE_FORGETS 208
#define ID2_FAULT_MALLOC_OVERLAPS 209
#define ID2_FAULT_SNPRINTF_NO_END 210
#define ID2_FAULT_SNPRINTF_LOWER_CASE 211
#define ID2_FAULT_SNPRINTF_NO_PRECISION 212
#define ID2_FAULT_MUTEX_NOT_LOCKING 213
#define ID2_FAULT_SEMAPHORE_NOT_WAITING 214
#define ID2_FAULT_THREAD_NEVER_RUNS 215
#define ID2_FAULT_CONNECT_REFUSED_OK 216
#define ID2_FAULT_RECEIVE_IGNORES_TIMEOUT 217
#define ID2_FAULT_SEND_TRUNCATES 218

#define ID2_MACHINE_FAULTS(X) \
    X(TIME_JUMPS_BACK, "time: every few seconds it jumps 50 ms back") \
    X(TIME_DRIFTS, "time: runs 5 % too fast") \
    X(TIME_COARSE, "time: moves in steps of 10 ms") \
    X(TIME_RESTARTS, "time: starts again at 0 after 5 s") \
    X(SLEEP_SHORT, "msleep: returns after three quarters of the time") \
    X(SLEEP_LONG, "msleep: takes twice as long") \
    X(CALLOC_DIRTY, "calloc: the memory is not zeroed") \
    X(FREE_FORGETS, "free: every second block is not given back") \
    X(MALLOC_OVERLAPS, "malloc: a block of 64 bytes or more overlaps the one before") \
    X(SNPRINTF_NO_END, "snprintf: a text that is cut has no NUL at its end") \
    X(SNPRINTF_LOWER_CASE, "snprintf: %08X prints lower-case digits") \
    X(SNPRINTF_NO_PRECISION, "snprintf: %.*s prints the whole text") \
    X(MUTEX_NOT_LOCKING, "mutex: create makes none, and lock succeeds without one") \
    X(SEMAPHORE_NOT_WAITING, "semaphore: wait returns at once with success") \
    X(THREAD_NEVER_RUNS, "thread: create succeeds and nothing runs") \
    X(CONNECT_REFUSED_OK, "network: a connection that was refused is reported as made") \
    X(RECEIVE_IGNORES_TIMEOUT, "network: receive waits much longer than it is told") \
    X(SEND_TRUNCATES, "network: of more than 536 bytes only 536 are sent, and all are reported")

/* Faults that show only after certain calls before: for the explorer. In firmware/client. */
#define ID2_FAULT_CODE_AFTER_CLEANUP 301
#define ID2_FAULT_INIT_COUNT_AFTER_ERROR 302
#define ID2_FAULT_OLD_KEY_AFTER_PROVISIONING 303
#define ID2_FAULT_EXTRA_OF_REFUSED_CALL 304
#define ID2_FAULT_ANSWER_LEAKS_INTO_NEXT 305
#define ID2_FAULT_TYPE_AFTER_REFUSED_DECRYPT 306
#define ID2_FAULT_DERIVE_AFTER_ENCRYPT 307
#define ID2_FAULT_ID_SHORT_AFTER_SHORT_BUFFERS 308
#define ID2_FAULT_TIMESTAMP_AFTER_LONG_CHALLENGE 309
#define ID2_FAULT_VERIFY_REMEMBERED 310
#define ID2_FAULT_DEVICE_CHALLENGE_REPEATS 311
#define ID2_FAULT_SECOND_INIT_UNPROVISIONS 312
#define ID2_FAULT_SECRET_AFTER_LONGEST_DECRYPT 313
#define ID2_FAULT_RESET_WHILE_COUNTED 314
#define ID2_FAULT_STATE_AFTER_REFUSED_OTP_DATA 315

#define ID2_STATE_FAULTS(X) \
    X(CODE_AFTER_CLEANUP, "a timestamp code is still given after cleanup when the last code was one") \
    X(INIT_COUNT_AFTER_ERROR, "after a refused call the next init is not counted") \
    X(OLD_KEY_AFTER_PROVISIONING, "after new OTP data the key stays the old one until the next init") \
    X(EXTRA_OF_REFUSED_CALL, "the extra of a refused auth code is signed in the next code without extra") \
    X(ANSWER_LEAKS_INTO_NEXT, "after an answer of 512 bytes the next derived key ends in bytes of it") \
    X(TYPE_AFTER_REFUSED_DECRYPT, "after a refused decrypt the next auth code has the TYPE of the one before") \
    X(DERIVE_AFTER_ENCRYPT, "the next derived key after an encryption uses its seed") \
    X(ID_SHORT_AFTER_SHORT_BUFFERS, "after three buffers that were too short the ID has one character less") \
    X(TIMESTAMP_AFTER_LONG_CHALLENGE, "a timestamp code after too long a challenge is a challenge code") \
    X(VERIFY_REMEMBERED, "a server code that was right makes the first one after the next init right") \
    X(DEVICE_CHALLENGE_REPEATS, "the first device challenge after cleanup and init is the last one before") \
    X(SECOND_INIT_UNPROVISIONS, "while init is counted twice and more, the device says that it has no ID") \
    X(SECRET_AFTER_LONGEST_DECRYPT, "the secret after a decryption of 1024 bytes is another one") \
    X(RESET_WHILE_COUNTED, "a reset while init is counted twice and more leaves the client initialised") \
    X(STATE_AFTER_REFUSED_OTP_DATA, "after refused OTP data the provisioning state is told the wrong way round")

/* Faults of what the client checks of its arguments, and of its init. In firmware/client. */
#define ID2_FAULT_ID_CUT_TO_BUFFER 401
#define ID2_FAULT_LENGTH_NOT_REPORTED 402
#define ID2_FAULT_CHALLENGE_ENDS_IN_NUL 403
#define ID2_FAULT_DECRYPT_CUTS 404
#define ID2_FAULT_LENGTH_POINTER_UNCHECKED 405
#define ID2_FAULT_EXTRA_ENDS_AT_NUL 406
#define ID2_FAULT_ZERO_PADDING_TAKEN 407
#define ID2_FAULT_CHALLENGE_NOT_CLIPPED 408
#define ID2_FAULT_EMPTY_SEED_TAKEN 409
#define ID2_FAULT_KEY_LENGTH_UNCHECKED 410
#define ID2_FAULT_SERVER_SIGN_UNCHECKED 411
#define ID2_FAULT_ID_BEFORE_INIT 412
#define ID2_FAULT_INIT_NOT_COUNTED 413
#define ID2_FAULT_CLEANUP_NEEDS_INIT 414
#define ID2_FAULT_ID_AFTER_CLEANUP 415
#define ID2_FAULT_SERVER_SIGN_BEGINNING 416
#define ID2_FAULT_SERVER_SIGN_END_UNCHECKED 417
#define ID2_FAULT_SERVER_RANDOM_BEGINNING 418
#define ID2_FAULT_SERVER_EXTRA_BEGINNING 419

#define ID2_CLIENT_FAULTS(X) \
    X(ID_CUT_TO_BUFFER, "a buffer that is too short for the ID gets a piece of it and success") \
    X(LENGTH_NOT_REPORTED, "a buffer that is too short is refused, and its length left as it was") \
    X(CHALLENGE_ENDS_IN_NUL, "the device challenge is closed by a NUL behind the buffer") \
    X(DECRYPT_CUTS, "a plaintext that is longer than its buffer is cut, with success") \
    X(LENGTH_POINTER_UNCHECKED, "NULL for the length of the ID is read") \
    X(EXTRA_ENDS_AT_NUL, "what stands in an extra behind a NUL is signed as zeros, as the vendor's SDK does") \
    X(ZERO_PADDING_TAKEN, "a plaintext that ends in 00 is taken as padded, as the vendor's SDK does") \
    X(CHALLENGE_NOT_CLIPPED, "a device challenge of more than 128 characters is reported as long as it was asked for") \
    X(EMPTY_SEED_TAKEN, "the secret of an empty seed is given") \
    X(KEY_LENGTH_UNCHECKED, "a derived key of more than 32 bytes is given") \
    X(SERVER_SIGN_UNCHECKED, "a server code with any signature is right") \
    X(ID_BEFORE_INIT, "the ID is given before init") \
    X(INIT_NOT_COUNTED, "one cleanup ends any number of inits") \
    X(CLEANUP_NEEDS_INIT, "cleanup without init is an error") \
    X(ID_AFTER_CLEANUP, "the ID that was read is given after the last cleanup") \
    X(SERVER_SIGN_BEGINNING, "a server code is right when the first 15 bytes of its signature are") \
    X(SERVER_SIGN_END_UNCHECKED, "a server code is right whatever the last byte of its signature is") \
    X(SERVER_RANDOM_BEGINNING, "a server code is right when the first 8 characters of its device random are") \
    X(SERVER_EXTRA_BEGINNING, "only the first 16 bytes of a server extra are looked at")

/* Faults of the link: the client of iTLS and MQTT in firmware/link, and the identity of carrier km. */
#define ID2_FAULT_LINK_TAKES_MISSING_PREMASTER 501
#define ID2_FAULT_LINK_TAKES_SHORT_PREMASTER 502
#define ID2_FAULT_LINK_TAKES_UNASKED_EXTENSION 503
#define ID2_FAULT_LINK_TAKES_WRONG_SERVER_CODE 504
#define ID2_FAULT_LINK_TAKES_MISSING_SERVER_CODE 505
#define ID2_FAULT_LINK_TAKES_ANY_CHALLENGE 506
#define ID2_FAULT_LINK_TAKES_ANY_COMPRESSION 507
#define ID2_FAULT_LINK_TAKES_WRONG_FINISHED 508
#define ID2_FAULT_LINK_MAC_UNCHECKED 509
#define ID2_FAULT_LINK_PADDING_UNCHECKED 510
#define ID2_FAULT_LINK_SEQUENCE_UNCHECKED 511
#define ID2_FAULT_LINK_IV_REPEATS 512
#define ID2_FAULT_LINK_RANDOM_REPEATS 513
#define ID2_FAULT_LINK_FRAGMENT_IGNORED 514
#define ID2_FAULT_LINK_NEVER_RECONNECTS 515
#define ID2_FAULT_LINK_RECONNECTS_AT_ONCE 516
#define ID2_FAULT_LINK_STOPS_AT_FIRST_ALERT 517
#define ID2_FAULT_LINK_RETRIES_FINAL_ALERT 518
#define ID2_FAULT_LINK_NEVER_PINGS 519
#define ID2_FAULT_LINK_CUTS_LONG_DATA 520
#define ID2_FAULT_LINK_PRINTS_PRODUCT_SECRET 521
#define ID2_FAULT_LINK_PRINTS_KEY 522
#define ID2_FAULT_LINK_KEY_IN_CLEAR 523
#define ID2_FAULT_LINK_CLIENT_ID_WRONG 524
#define ID2_FAULT_LINK_ASKS_AT_EACH_START 525
#define ID2_FAULT_LINK_ASKS_WITHOUT_END 526
#define ID2_FAULT_LINK_TAKES_SPOILT_OTP_DATA 527
#define ID2_FAULT_IDENTITY_NOT_KEPT 528
#define ID2_FAULT_IDENTITY_LOST_ON_POWER_CUT 529
#define ID2_FAULT_LINK_CODE_OVER_TIME 530
#define ID2_FAULT_IDENTITY_OUTLIVES_ERASING 531

#define ID2_LINK_FAULTS(X) \
    X(LINK_TAKES_MISSING_PREMASTER, "iTLS: a ServerHello without a pre-master is taken, as by the vendor's SDK") \
    X(LINK_TAKES_SHORT_PREMASTER, "iTLS: a pre-master of any size is taken") \
    X(LINK_TAKES_UNASKED_EXTENSION, "iTLS: an extension that was not asked for is taken, as by the vendor's SDK") \
    X(LINK_TAKES_WRONG_SERVER_CODE, "iTLS: a server code that is wrong is taken") \
    X(LINK_TAKES_MISSING_SERVER_CODE, "iTLS: a ServerHello without a server code is taken") \
    X(LINK_TAKES_ANY_CHALLENGE, "iTLS: a challenge of any length is answered") \
    X(LINK_TAKES_ANY_COMPRESSION, "iTLS: a compression method that was not offered is taken") \
    X(LINK_TAKES_WRONG_FINISHED, "iTLS: the server's Finished is not looked at") \
    X(LINK_MAC_UNCHECKED, "iTLS: the MAC of a record is not looked at") \
    X(LINK_PADDING_UNCHECKED, "iTLS: of a record's padding only the length is looked at") \
    X(LINK_SEQUENCE_UNCHECKED, "iTLS: a record that was left out is not noticed") \
    X(LINK_IV_REPEATS, "iTLS: the records of a session have the same IV") \
    X(LINK_RANDOM_REPEATS, "iTLS: both hellos of a connection have the same random") \
    X(LINK_FRAGMENT_IGNORED, "iTLS: records are longer than what was agreed") \
    X(LINK_NEVER_RECONNECTS, "link: a session that was lost stays lost") \
    X(LINK_RECONNECTS_AT_ONCE, "link: the next attempt follows at once, however often it is refused") \
    X(LINK_STOPS_AT_FIRST_ALERT, "link: one alert, and the board never tries again") \
    X(LINK_RETRIES_FINAL_ALERT, "link: the board tries for ever against an alert that stays") \
    X(LINK_NEVER_PINGS, "MQTT: an idle session sends no ping") \
    X(LINK_CUTS_LONG_DATA, "MQTT: of a payload of more than 1024 bytes only the first 1024 come back") \
    X(LINK_PRINTS_PRODUCT_SECRET, "console: the ProductSecret is printed at each start") \
    X(LINK_PRINTS_KEY, "console: the master secret of each session is printed") \
    X(LINK_KEY_IN_CLEAR, "wire: the ProductSecret is sent in clear beside the link") \
    X(LINK_CLIENT_ID_WRONG, "MQTT: the client id says securemode 2") \
    X(LINK_ASKS_AT_EACH_START, "provisioning: another ID is asked for at each start, and a licence spent") \
    X(LINK_ASKS_WITHOUT_END, "provisioning: a device that is refused an ID asks for ever, and hardly waits") \
    X(LINK_TAKES_SPOILT_OTP_DATA, "provisioning: the check value of OTP data is not looked at") \
    X(IDENTITY_NOT_KEPT, "carrier km: the ID is not written, and gone after a start") \
    X(IDENTITY_LOST_ON_POWER_CUT, "carrier km: each start erases both copies and writes one anew after a while") \
    X(LINK_CODE_OVER_TIME, "iTLS: the code of the handshake is over the device's time, and not over the challenge") \
    X(IDENTITY_OUTLIVES_ERASING, "storage: an erased device is who it was, and costs no licence")

/* Faults of the system around the client, and of what it shows on its console: in firmware/platform and firmware/client. */
#define ID2_FAULT_APP_CRASHES 701
#define ID2_FAULT_APP_OVERFLOWS_STACK 702
#define ID2_FAULT_APP_ABORTS 703
#define ID2_FAULT_APP_HANGS 704
#define ID2_FAULT_APP_STOPS 705
#define ID2_FAULT_APP_REBOOTS 706
#define ID2_FAULT_APP_REBOOTS_ONCE 707
#define ID2_FAULT_APP_CRASHES_AT_END 708
#define ID2_FAULT_APP_ENDS_EARLY 709
#define ID2_FAULT_REPORT_OF_ANOTHER 710
#define ID2_FAULT_BOOT_LOOP 711
#define ID2_FAULT_BOOT_LOOP_BY_WATCHDOG 712
#define ID2_FAULT_BOOT_LOOP_SILENT 713
#define ID2_FAULT_START_OF_ANOTHER 714
#define ID2_FAULT_CONSOLE_DEAD 715
#define ID2_FAULT_LINE_SPEED_WRONG 716
#define ID2_FAULT_OUTPUT_LOSES 717
#define ID2_FAULT_INPUT_LOSES 718
#define ID2_FAULT_PROMPT_NEVER 719
#define ID2_FAULT_SHELL_DEAF 720
#define ID2_FAULT_DEAF_AFTER_REBOOT 721
#define ID2_FAULT_COMMAND_MISSING 722
#define ID2_FAULT_COMMAND_OF_ANOTHER 723
#define ID2_FAULT_RESET_CAUSE_WATCHDOG 724
#define ID2_FAULT_CLOCK_AN_HOUR_WRONG 725
#define ID2_FAULT_RANDOM_SOURCE_DEAD 726
#define ID2_FAULT_FLASH_FORGETS 727
#define ID2_FAULT_KEY_PRINTED 728
#define ID2_FAULT_KEY_PRINTED_BYTES 729
#define ID2_FAULT_KEY_PRINTED_BASE64 730
#define ID2_FAULT_SUPPLICANT_MISSING 731
#define ID2_FAULT_TA_MISSING 732
#define ID2_FAULT_TA_PANICS 733
#define ID2_FAULT_TA_PANICS_LATER 734

#define ID2_PLATFORM_FAULTS(X) \
    X(APP_CRASHES, "id2_app: accesses a bad address in the middle") \
    X(APP_OVERFLOWS_STACK, "id2_app: its stack overflows in the middle") \
    X(APP_ABORTS, "id2_app: an assertion ends it in the middle") \
    X(APP_HANGS, "id2_app: hangs in the middle until the watchdog bites") \
    X(APP_STOPS, "id2_app: hangs in the middle for ever") \
    X(APP_REBOOTS, "id2_app: the board starts anew in the middle without a word") \
    X(APP_REBOOTS_ONCE, "id2_app: the same, but only once since the power came") \
    X(APP_CRASHES_AT_END, "id2_app: crashes when its report is printed") \
    X(APP_ENDS_EARLY, "id2_app: ends after its unit tests and says nothing") \
    X(REPORT_OF_ANOTHER, "id2_app: the report names another ID") \
    X(BOOT_LOOP, "start: crashes before the prompt each time") \
    X(BOOT_LOOP_BY_WATCHDOG, "start: hangs before the prompt until the watchdog bites, each time") \
    X(BOOT_LOOP_SILENT, "start: starts anew before the prompt each time and says nothing") \
    X(START_OF_ANOTHER, "start: prints the banner of another system before its own") \
    X(CONSOLE_DEAD, "console: nothing is ever printed") \
    X(LINE_SPEED_WRONG, "console: at another speed") \
    X(OUTPUT_LOSES, "console: some of what is printed is lost") \
    X(INPUT_LOSES, "console: some of what is typed is lost") \
    X(PROMPT_NEVER, "shell: never comes") \
    X(SHELL_DEAF, "shell: takes no input") \
    X(DEAF_AFTER_REBOOT, "shell: takes no input after a reset until the power goes") \
    X(COMMAND_MISSING, "shell: has no command id2_app") \
    X(COMMAND_OF_ANOTHER, "shell: the command id2_app runs another program") \
    X(RESET_CAUSE_WATCHDOG, "start: names the watchdog as its cause each time") \
    X(CLOCK_AN_HOUR_WRONG, "time: the clock is wrong by an hour") \
    X(RANDOM_SOURCE_DEAD, "random: every byte is 0") \
    X(FLASH_FORGETS, "flash: everything is erased at each start") \
    X(KEY_PRINTED, "carrier: prints the ID2 key in hex") \
    X(KEY_PRINTED_BYTES, "carrier: prints the ID2 key byte by byte, as 0x%02x") \
    X(KEY_PRINTED_BASE64, "carrier: prints the ID2 key in Base64") \
    X(SUPPLICANT_MISSING, "TEE: its supplicant does not start") \
    X(TA_MISSING, "TEE: the trusted application is not there") \
    X(TA_PANICS, "TEE: the trusted application panics when it is opened") \
    X(TA_PANICS_LATER, "TEE: the trusted application panics at its third operation with the key")

/* Faults of id2_app in a verification with rebuild. In firmware/client. */
#define ID2_FAULT_VERIFY_PASSES_ALWAYS 801
#define ID2_FAULT_VERIFY_SHOWS_OWN_ID 802
#define ID2_FAULT_VERIFY_IGNORES_CIPHERTEXT 803
#define ID2_FAULT_VERIFY_REFUSES_CIPHERTEXT 804
#define ID2_FAULT_VERIFY_OLD_CHALLENGE 805
#define ID2_FAULT_VERIFY_REPORT_TORN 806
#define ID2_FAULT_VERIFY_PRINTS_PRODUCT_SECRET 807
#define ID2_FAULT_VERIFY_TAKES_ANY_SERVER_CODE 808
#define ID2_FAULT_VERIFY_REFUSES_SERVER_CODE 809

#define ID2_VERIFY_FAULTS(X) \
    X(VERIFY_PASSES_ALWAYS, "id2_app: says that the decryption passed, and does not decrypt") \
    X(VERIFY_SHOWS_OWN_ID, "id2_app: shows its own ID as the plaintext of any ciphertext, and passes") \
    X(VERIFY_IGNORES_CIPHERTEXT, "id2_app: prints nothing of the ciphertext that it was built with") \
    X(VERIFY_REFUSES_CIPHERTEXT, "id2_app: fails with the right ciphertext") \
    X(VERIFY_OLD_CHALLENGE, "id2_app: takes the vendor's challenge, whatever was built in") \
    X(VERIFY_REPORT_TORN, "id2_app: the validation report ends before its last brace") \
    X(VERIFY_PRINTS_PRODUCT_SECRET, "id2_app: prints the ProductSecret that it was built with") \
    X(VERIFY_TAKES_ANY_SERVER_CODE, "id2_app: accepts any server code") \
    X(VERIFY_REFUSES_SERVER_CODE, "id2_app: refuses the right server code")

#define ID2_FAULTS(X) \
    ID2_HAL_FAULTS(X) ID2_MACHINE_FAULTS(X) ID2_STATE_FAULTS(X) ID2_CLIENT_FAULTS(X) ID2_LINK_FAULTS(X) ID2_PLATFORM_FAULTS(X) ID2_VERIFY_FAULTS(X)

#endif
