"""What speaks of a crash on the consoles of all systems, and what only looks like it; whole starts and crashes of each.

The lines are those that the systems print, as they stand in their sources and in their users' reports of faults.
"""

import pytest

from harness.console.crash import AlarmKind, find_alarm, rules_of
from harness.console.dialect import DIALECTS
from harness.console.incidents import IncidentReader, incidents_in
from harness.console.screen import without_escapes

CRASHES = r"""
***** Kernel Panic! *****
***** Kernel OOPS! *****
***** CPU exception 6
***** USAGE FAULT *****
***** Stack Check Fail! *****
E: >>> ZEPHYR FATAL ERROR 4: Kernel panic on CPU 0
ESC[1;31m[00:00:00.405,000] <err> os: >>> ZEPHYR FATAL ERROR 0: CPU exception on CPU 0ESC[0m
ESC[1;31mE: ***** HARD FAULT *****ESC[0m
E: Halting system
ASSERTION FAIL [esf != ((void *)0)] @ WEST_TOPDIR/zephyr/arch/arm/core/aarch32/cortex_m/fault.c:993
Guru Meditation Error: Core  1 panic'ed (Cache disabled but cached memory region accessed)
Guru Meditation Error: Core  0 panic'ed (Interrupt wdt timeout on CPU0).
assertion "0" failed: file "platform/mcu/esp32/aos/soc_impl.c", line 35, function: soc_err_proc
abort() was called at PC 0x401168ab on core 0
Backtrace:0x40126453 0x4011bb0a 0x400832e5
Backtrace: 0x40087fd8:0x3ffdf720 0x400880d7:0x3ffdf740
***ERROR*** A stack overflow in task tiT has been detected.
CORRUPT HEAP: multi_heap.c:432 detected at 0x3ffb8a2c
E (10202) task_wdt: Task watchdog got triggered. The following tasks/users did not reset the watchdog in time:
Task watchdog got triggered. The following tasks did not reset the watchdog in time:
Brownout detector was triggered
rst:0x7 (TG0WDT_SYS_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)
rst:0x10 (RTCWDT_RTC_RESET),boot:0x33 (SPI_FAST_FLASH_BOOT)
rst:0xf (RTCWDT_BROWN_OUT_RESET),boot:0x13
ESP_ERROR_CHECK failed: esp_err_t 0x105 (ESP_ERR_NOT_FOUND) at 0x400d1f0b
Fatal exception (20):
Fatal exception 29(StoreProhibitedCause):
Exception (28):
Soft WDT reset
 ets Jan  8 2013,rst cause:4, boot mode:(3,6)
wdt reset
hard fault on thread: tcpip
hard fault on handler
bus fault:
usage fault:
mem manage fault:
thread:erx stack overflow
(ret == 0) assertion failed at function:rt_mutex_take, line number:600
Fault on thread sys_moni
Error: Thread stack(20000d00) was overflow
++ MbedOS Fault Handler ++
FaultType: HardFault
++ MbedOS Error Info ++
== The system has been rebooted due to a fatal error. ==
!!!!!!!!!! Exception  !!!!!!!!!!
!!!!!!!!!! Fatal Error !!!!!!!!!!
Task : app_task  Stack Overflow!
double exception occur!
!!!!!!!! Stopped by '$#@!' !!!!!!!!
kernel panic,err 1200!
[   12.345678] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b
[   12.345678] Unable to handle kernel NULL pointer dereference at virtual address 00000000
[   12.345678] Internal error: Oops: 17 [#1] PREEMPT SMP ARM
[ 2571.905538] NMI watchdog: BUG: soft lockup - CPU#0 stuck for 23s! [kworker/0:2:147]
[   12.345678] BUG: unable to handle page fault for address: ffffc90000000000
[   12.345678] Unhandled fault: imprecise external abort (0x1406) at 0x76f12000
[   12.3] ------------[ cut here ]------------
[   13.1] Out of memory: Killed process 212 (id2_app) total-vm:12345kB
"Synchronous Abort" handler, esr 0x96000004
data abort
undefined instruction
### ERROR ### Please RESET the board ###
E/TC:? 0 TA panicked with code 0xbeef
E/TC:0 0 User TA data-abort at address 0x70158 (translation fault)
E/TC:? 0 User mode prefetch-abort at address 0x0
D/TC:0 0 abort_handler:671 [abort] abort in User mode (TA will panic)
E/TC:0 0 Panic 'init_primary' at core/arch/arm/kernel/boot.c:12 <f>
E/TC:0 0 Core data-abort at address 0x0 (alignment fault)
TEEC_InvokeCommand failed with code 0xffff3024 origin 0x3
Reset cause: WDOG
Reset cause: WDOG2
Stack overflow in task: main
STACK OVERFLOW DETECTED!!!
vApplicationStackOverflowHook: task net
HardFault_Handler
[HardFault] PC=0x08001234
ASSERT! file main.c line 12
Assert failed: queue.c:1234
ASSERT FAILED at queue.c:1234
Assertion failed at file:armv7-m/arm_hardfault.c line: 135 task:
up_assert: Assertion failed at file:armv7-m/arm_hardfault.c line: 135 task:
arm_hardfault: PANIC!!! Hard fault: 40000000
Segmentation fault
id2_app[212]: segfault at 0 ip 00000 sp 000
*** stack smashing detected ***: terminated
[I/reset] reset cause: watchdog
[   0.1]<I>SYS: reboot reason: watchdog
reset reason: IWDG reset
"""
HARMLESS = r"""
[    0.000000] Kernel command line: console=ttymxc0,115200 root=/dev/mmcblk1p2 rootwait rw panic=1 oops=panic panic_on_oops=1
Kernel command line: console=ttyS0 panic_on_oops=1 softlockup_panic=1 hardlockup_panic=1 nmi_watchdog=1
[    1.512345] imx2-wdt 30280000.watchdog: timeout 60 sec (nowayout=0)
[    1.512345] watchdog: registered
[    1.2] watchdog: Delayed init of the lockup detector failed: -19
[    2.2] NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.
[    3.3] watchdog: watchdog0: watchdog did not stop!
[    0.1] systemd[1]: Hardware watchdog 'imx2+ watchdog', version 0, device /dev/watchdog
WDT:   Started watchdog@30280000 with servicing every 1000ms (60s timeout)
Watchdog: Not found by seq!
Watchdog enabled
watchdog: registered
[    0.000000] rcu: Hierarchical RCU implementation.
[    0.35] pstore: Registered ramoops as persistent store backend
[    0.36] ramoops: using 0x100000@0x9ff00000, ecc: 0
[    0.4] kdump: panic on oops is on
[    0.4] CPU: Testing write buffer coherency: ok
[    0.4] Unable to detect cache hierarchy for CPU 0
[    0.5] Serial: 8250/16550 driver, 4 ports, IRQ sharing enabled
[    0.5] pci 0000:00:00.0: BAR 0: no space for [io size 0x1000]
[    1.4] mmc0: error -110 whilst initialising SD card
[    1.5] EXT4-fs (mmcblk0p2): recovery complete
[    2.4] Bluetooth: hci0: setting exception event mask
[    5.3] random: crng init done
[    0.0] Booting Linux on physical CPU 0x0
[    0.0] efi: UEFI not found.
backtrace  print a backtrace of a task: backtrace TASK
Backtrace of the current task: use `bt`
help: panic - crash the system on purpose
panic              : cause a panic (debug only)
assert - checks a condition
I (300) app: assert level 2 is compiled in
I (31) esp_image: segment 0: paddr=00010020 vaddr=3f400020 size=0bd60h ( 48480) map
I (330) cpu_start: Pro cpu up.
I (500) task_wdt: subscribed
I (20) boot: ESP-IDF v5.1 2nd stage bootloader
I (30) app: esp_reset_reason: ESP_RST_POWERON
I (30) app: reset reason: 1 (power on)
rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)
rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)
rst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)
rst:0x5 (DEEPSLEEP_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)
 ets Jan  8 2013,rst cause:1, boot mode:(3,7)
 ets Jan  8 2013,rst cause:2, boot mode:(3,6)
 ets Jan  8 2013,rst cause:5, boot mode:(3,6)
I: Starting bootloader
I: Primary image: magic=good, swap_type=0x1, copy_done=0x3, image_ok=0x3
[00:00:00.010,000] <inf> fs_nvs: 8 Sectors of 4096 bytes
[00:00:00.010,000] <wrn> os: fatal error handler installed
[00:00:00.300,000] <inf> reset: cause: 0x1 (pin)
[I/wdt] watchdog is on, 10 s
[D/FAL] (fal_flash_init:63) Flash device | onchip_flash | addr: 0x08000000
warning: etx stack is close to end of stack address.
[W/TIME] Cannot find a RTC device to provide time!
thread   pri  status      sp     stack size max used left tick  error
tshell    20  suspend 0x00000094 0x00001000    03%   0x00000009 000
msh />list_thread
hardfault handler at 0x08001234
HardFault_Handler  0x08001234 T
NOTICE:  Reset reason (0x15):
INFO:      Power-on Reset (rst_por)
NOTICE:  BL2: v2.10-stm32mp1-r2.0(debug):()
CPU:   Freescale i.MX8MQ rev2.1 1500 MHz (running at 1000 MHz)
Reset cause: POR
Reset cause: unknown reset
SPL initial stack usage: 13392 bytes
Hit any key to stop autoboot:  0
I/TC: OP-TEE version: 3.20.0-dev (gcc version 11.3.0)
I/TC: Primary CPU switching to normal world boot
D/TC:0 0 select_vector:1118 SMCCC_ARCH_WORKAROUND_1 (0x80008000) available
D/TC:? 0 ldelf_syscall_open_bin:146 res=0xffff0008
E/TC:0 plat_rng_init:354 Warning: seeding RNG with zeroes
D/LD:  ldelf:168 ELF (cb3e5ba0-adf1-11e0-998b-0002a5d5c51b) at 0x4005b000
OPTEE verification error:
[1622428788.933][LK-0313] MQTT user calls aiot_mqtt_connect api, connect
[inf] iotx_device_info_init(40): device_info created successfully!
[err] _mqtt_connect(100): connect ack is error
[   1.234]<I>APP main.c[12]: no panic in the last boot
[001234]<I> panic handler registered
panic header reboot reason 3
panic header reboot reason 5
panic header panic  count 0
kernel version :9
Fault tolerance: 2
default fault rate 0.1
no hard fault since power on
the segment was aborted by the peer
connection aborted
transaction aborted
assertion of the signature is checked: ok
abort, retry, ignore?
Exception handling: on
core dumps are written to flash
coredump: no core dump found
esp_core_dump_flash: No core dump partition found!
I (50) esp_core_dump_uart: Init core dump to UART
E (200) esp_core_dump_flash: Core dump flash config is corrupted! CRC=0x7bd5c66f instead of 0x0
boot reason: power on, wdt off
last reset reason: software, watchdog disabled
stack overflow detection: 2
Stack canary enabled
malloc(): 128 bytes at 0x2000
heap: free() 0x20001000
heap corruption check passed
heap corruption detection: none
mem_manage fault enabled
usage fault handler enabled, bus fault handler enabled
oops, wrong password
Oops, the server said no
fatal: no
non-fatal error
FATAL errors: 0
failed assertions: 0
assertions failed: 0
asserts: 12 passed, 0 failed
0 assertions failed
Tests: 12, Assertions: 40, Failures: 0
kernel panic: no
panic: none
watchdog timer reset every 5 s
watchdog timeout: 60
wdt reset: disabled
brownout detector enabled
BOR level 2, brown-out reset off
Brown-out reset: enabled
"""


def lines(text):
    return text.strip("\n").replace("ESC", "\x1b").split("\n")


def alarm_of(text, name):
    shown = without_escapes(text.encode()).decode()
    return find_alarm(shown, rules_of(DIALECTS.get(name)))


@pytest.mark.parametrize("text", lines(CRASHES))
def test_a_crash_is_seen_whatever_the_console_is_said_to_be(text):
    for name in DIALECTS.names:
        alarm = alarm_of(text, name)
        assert alarm is not None, name
        assert alarm.kind is not AlarmKind.START, name


@pytest.mark.parametrize("text", lines(HARMLESS))
def test_what_only_looks_like_a_crash_accuses_nobody(text):
    for name in DIALECTS.names:
        alarm = alarm_of(text, name)
        assert alarm is None or alarm.kind is AlarmKind.START, name


# ---- whole consoles: what is printed, and what it is a sign of
ESP_START = """\
ESP-ROM:esp32s3-20210327
Build:Mar 27 2021
rst:0x{code} ({name}),boot:0x8 (SPI_FAST_FLASH_BOOT)
SPIWP:0xee
load:0x3fce3808,len:0x44c
entry 0x403c9880
I (29) boot: ESP-IDF v5.1 2nd stage bootloader
I (317) cpu_start: Pro cpu up.
"""
OLD_ESP32_START = """\
ets Jul 29 2019 12:21:46

rst:0x{code} ({name}),boot:0x13 (SPI_FAST_FLASH_BOOT)
configsip: 0, SPIWP:0xee
clk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00
mode:DIO, clock div:2
load:0x3fff0030,len:1184
entry 0x400805e4
I (27) boot: ESP-IDF v4.4 2nd stage bootloader
"""
ESP_PANIC = """\
Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.

Core  0 register dump:
PC      : 0x40126456  PS      : 0x00060133  A0      : 0x8011bb0d  A1      : 0x3ffda870
EXCVADDR: 0x0000fff0  LBEG    : 0x4008a135  LEND    : 0x4008a145  LCOUNT  : 0xffffffff

Backtrace:0x40126453:0x3ffda870 0x4011bb0a:0x3ffda890

ELF file SHA256: 0d1a5f2b
Rebooting...
"""
ESP8266_START = """\

 ets Jan  8 2013,rst cause:{code}, boot mode:(3,6)

load 0x40100000, len 2592, room 16
tail 0
chksum 0xf3
csum 0x22

2nd boot version : 1.7(5d6f877)
jump to run user1 @ 1000
OS SDK ver: 2.0.0(e271380) compiled @ Mar 30 2018 18:54:06
"""
ESP8266_CRASH = """\
Fatal exception (20):
epc1=0x00000000
epc2=0x00000000
excvaddr=0x00000000
depc=0x00000000
rtn_add=0x00000000
"""
RT_THREAD_START = """\

 \\ | /
- RT -     Thread Operating System
 / | \\     4.0.4 build Jul 23 2021
 2006 - 2021 Copyright by rt-thread team
lwIP-2.0.3 initialized!
warning: etx stack is close to end of stack address.
[W/TIME] Cannot find a RTC device to provide time!
msh />"""
RT_THREAD_CRASH = """\
psr: 0x61000000
 pc: 0x08009030
 lr: 0x08009031
r12: 0x00000000
r00: 0x00000000
hard fault on thread: tcpip
thread pri  status      sp     stack size max used left tick  error
------ ---  ------- ---------- ----------  ------  ---------- ---
tshell  20  suspend 0x00000140 0x00001000    07%   0x00000006 000
"""
ZEPHYR_START = """\
*** Booting Zephyr OS build v3.7.0-rc2 ***
\x1b[1;32muart:~$ \x1b[m"""
MCUBOOT_START = """\
*** Booting Zephyr OS build zephyr-v2.7.99 ***
I: Starting bootloader
I: Primary image: magic=good, swap_type=0x1, copy_done=0x3, image_ok=0x3
I: Scratch: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3
I: Boot source: none
I: Swap type: none
I: Bootloader chainload address offset: 0xc000
I: Jumping to the first image slot
*** Booting Zephyr OS build zephyr-v2.7.99 ***
[00:00:00.010,000] <inf> main: hello
"""
ZEPHYR_CRASH = """\
[00:00:00.405,000] \x1b[1;31m<err> os: ***** MPU FAULT *****\x1b[0m
[00:00:00.405,000] \x1b[1;31m<err> os:   Data Access Violation\x1b[0m
[00:00:00.405,000] \x1b[1;31m<err> os: r0/a1:  0x00000000  r1/a2:  0x20000a3c\x1b[0m
[00:00:00.405,000] \x1b[1;31m<err> os: >>> ZEPHYR FATAL ERROR 19: Unknown error on CPU 0\x1b[0m
[00:00:00.405,000] \x1b[1;31m<err> os: Current thread: 0x20000500 (main)\x1b[0m
[00:00:00.477,000] \x1b[1;31m<err> os: Halting system\x1b[0m
"""
ALIOS_START = (
    "\r\r\n   Welcome to AliOS Things\r\r\n[   0.012]<I>SYS init.c[80]: aos framework init\r\r\n(ash)# "
)
ALIOS_CRASH = """\
!!!!!!!!!! Exception  !!!!!!!!!!
========== Regs info  ==========
PC       0x0C082201
LR       0x0C0821F3
========== Stack info ==========
stack(0x3405AEC8): 0x00000000 0x002349F7 0x00000005 0x200E5A98
========== Call stack ==========
backtrace : 0x0C082201
========== Heap Info  ==========
!!!!!!!!!! dump end   !!!!!!!!!!
"""
MBED_CRASH = """\
++ MbedOS Fault Handler ++

FaultType: HardFault

Context:
R0   : 00000725
PC   : 2001F9D6
Mode : Thread
-- MbedOS Fault Handler --

++ MbedOS Error Info ++
Error Status: 0x80FF013D Code: 317 Module: 255
Error Message: Fault exception
Location: 0x94BA1
-- MbedOS Error Info --
"""
LINUX_START = """\

U-Boot SPL 2023.04 (Apr 01 2023 - 00:00:00 +0000)
DDRINFO: start DRAM init
Trying to boot from MMC1
NOTICE:  BL31: v2.8(release):android-13
I/TC: OP-TEE version: 3.20.0 (gcc version 11.3.0) #1 Fri Apr  1 00:00:00 UTC 2023 aarch64
I/TC: Primary CPU switching to normal world boot


U-Boot 2023.04 (Apr 01 2023 - 00:00:00 +0000)

CPU:   Freescale i.MX8MMQ rev1.0 1800 MHz (running at 1200 MHz)
Reset cause: {code}
DRAM:  2 GiB
WDT:   Started watchdog@30280000 with servicing every 1000ms (60s timeout)
Hit any key to stop autoboot:  0
## Flattened Device Tree blob at 43000000

Starting kernel ...

[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x410fd034]
[    0.000000] Linux version 6.1.22 (oe-user@oe-host) (aarch64-poky-linux-gcc) #1 SMP PREEMPT
[    0.000000] Kernel command line: console=ttymxc1,115200 root=/dev/mmcblk2p2 rootwait rw panic=1 panic_on_oops=1
[    1.512345] imx2-wdt 30280000.watchdog: timeout 60 sec (nowayout=0)
[    2.123456] optee: initialized driver
board login: """
KERNEL_PANIC = """\
[   12.345678] Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000
[   12.345679] Mem abort info:
[   12.345680]   ESR = 0x0000000096000004
[   12.345681] Internal error: Oops: 0000000096000004 [#1] PREEMPT SMP
[   12.345690] Call trace:
[   12.345691]  do_one_initcall+0x50/0x1b0
[   12.345700] Kernel panic - not syncing: Oops: Fatal exception
[   12.345701] ---[ end Kernel panic - not syncing: Oops: Fatal exception ]---
"""
TA_PANIC = """\
E/TC:? 0
E/TC:? 0 TA panicked with code 0xffff0006
E/LD:  Status of TA f157cda0-550c-11e5-a6fa-0002a5d5c51b
E/LD:   arch: aarch64
E/LD:  Call stack:
E/LD:   0x0000000040077838
D/TC:? 0 user_ta_enter:176 tee_user_ta_enter: TA panicked with code 0xffff0006
"""
LINK_SDK_2 = """\
\x1b[0m[prt] Performing the SSL/TLS handshake...\x1b[0m
\x1b[1;33m[inf] iotx_mc_connect(2035): mqtt connect success!\x1b[0m
\x1b[0;31m[err] iotx_mc_cycle(1500): wait connect ACK timeout\x1b[0m
\x1b[1;32m[dbg] iotx_mc_report_mid(2259): MQTT Topic upstream ...\x1b[0m
"""
LINK_SDK_4 = """\
[1622428788.933][LK-0313] MQTT user calls aiot_mqtt_connect api, connect
establish tcp connection with server(host='a18wP000000.iot-as-mqtt.cn-shanghai.aliyuncs.com', port=[443])
success to establish tcp, fd=3
[1622428789.166][LK-0313] MQTT connect success in 231 ms
[1622428790.166][LK-0314] MQTT network disconnect detected, reconnecting
"""
BUSY = "I (1000) app: working\n"

CONSOLES = {
    "ESP-IDF panics": ("esp-idf", ESP_START.format(code="1", name="POWERON") + BUSY + ESP_PANIC
                       + ESP_START.format(code="c", name="RTC_SW_CPU_RST"), "start crash start"),
    "ESP32, watchdog": ("esp-idf", OLD_ESP32_START.format(code="1", name="POWERON_RESET") + BUSY
                        + OLD_ESP32_START.format(code="8", name="TG1WDT_SYS_RESET"), "start start"),
    "ESP32 wakes": ("esp-idf", OLD_ESP32_START.format(code="5", name="DEEPSLEEP_RESET") * 3, "start start start"),
    "ESP8266": ("esp8266", ESP8266_START.format(code=2) + ESP8266_CRASH + ESP8266_START.format(code=2),
                "start crash start"),
    "ESP8266, watchdog": ("esp8266", ESP8266_START.format(code=2) + ESP8266_START.format(code=4), "start start"),
    "RT-Thread": ("rt-thread", RT_THREAD_START + "\n" + RT_THREAD_CRASH, "start crash"),
    "Zephyr": ("zephyr", ZEPHYR_START + "\n" + ZEPHYR_CRASH + ZEPHYR_START, "start crash start"),
    "Zephyr behind MCUboot": ("zephyr", MCUBOOT_START + ZEPHYR_CRASH + MCUBOOT_START, "start crash start"),
    "AliOS Things 3": ("alios-3", ALIOS_START + "\n" + ALIOS_CRASH + "(panic)# ", "start crash"),
    "AliOS Things 1": ("alios-1", "   Welcome to AliOS Things\n nano entry here!\n# \n" + ALIOS_CRASH, "start crash"),
    "Mbed OS": ("mbed", MBED_CRASH, "crash"),
    "Linux": ("linux", LINUX_START.format(code="POR") + "\n" + KERNEL_PANIC + LINUX_START.format(code="WDOG"),
              "start crash start"),
    "OP-TEE": ("linux", LINUX_START.format(code="POR") + "\n" + TA_PANIC, "start crash"),
    "Link SDK 2.3": ("link-sdk-2", LINK_SDK_2, ""),
    "Link SDK 4": ("link-sdk-4", LINK_SDK_4, ""),
}  # fmt: skip


def changed(text, how):
    data = text.replace("\r", "").encode()
    return {
        "as it is": data,
        "two carriage returns": data.replace(b"\n", b"\r\r\n"),
        "carriage returns alone": data.replace(b"\n", b"\r"),
        "zero bytes": data.replace(b"\n", b"\0\r\n").replace(b" ", b" \0"),
        "colours": b"".join(b"\x1b[0;32m" + line + b"\x1b[0m\r\n" for line in data.split(b"\n")),
        "half characters": data.replace(b"\n", b" \xe4\xbd\n\xa0"),
        "stamps of a terminal": b"".join(
            b"[2026-11-29 10:00:00.123] " + line + b"\r\n" for line in data.split(b"\n")
        ),
        "long lines": data.replace(b"\n", b"\n" + b"x" * 9000 + b"\n"),
    }[how]


@pytest.mark.parametrize("how", [
    "as it is", "two carriage returns", "carriage returns alone", "zero bytes", "colours", "half characters",
    "stamps of a terminal", "long lines",
])  # fmt: skip
@pytest.mark.parametrize("name", CONSOLES)
def test_what_happened_to_a_board_by_its_console(name, how):
    dialect, text, expected = CONSOLES[name]
    for spoken in (dialect, "bare"):
        found = incidents_in(changed(text, how), DIALECTS.get(spoken))
        assert " ".join(one.kind.value for one in found) == expected, spoken


@pytest.mark.parametrize("name", CONSOLES)
def test_it_does_not_matter_in_which_pieces_the_lines_come(name):
    dialect, text, expected = CONSOLES[name]
    reader, found = IncidentReader(DIALECTS.get(dialect)), []
    for line in text.encode().splitlines(keepends=True):
        found += reader.read(line)
    assert " ".join(one.kind.value for one in found) == expected


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("ESP-IDF panics", "c, software"),
        ("ESP32, watchdog", "8, timer watchdog"),
        ("ESP32 wakes", "5, wake from sleep"),
        ("ESP8266", "2, reset line, or software"),
        ("ESP8266, watchdog", "4, hardware watchdog"),
        ("Linux", "wdog, watchdog"),
    ],
)
def test_the_cause_of_the_last_start(name, cause):
    dialect, text, _ = CONSOLES[name]
    for spoken in (dialect, "bare"):
        assert incidents_in(text.encode(), DIALECTS.get(spoken))[-1].cause.said == cause
