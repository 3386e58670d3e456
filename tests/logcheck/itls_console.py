"""Writes consoles of `itls_app` of SDK 2.0.0 to 3.1.0, over iTLS and over iDTLS, from the formats of its texts.

Source: alibaba/id2_client_sdk rel_2.0.0, rel_3.0.0 and 3.1.0: app/itls_app (itls_client.c, idtls_client.c,
app_entry.c), modules/itls/src/hal_itls.c and mbedtls_auth.c.
"""

from dataclasses import dataclass, field

ID = "00A1B2C3D4E5F60718293A4B"
BUILT = "Nov 22 2026 18:00:18"
HOST = "a1TESTabcdC.itls.cn-shanghai.aliyuncs.com"
RULE = "-" * 43


@dataclass
class ItlsConsole:
    """One console; what is wrong with it is put in by replacing texts.

    Attributes:
        version: `2.0.0`, `3.0.0` or `3.1.0`.
        carrier: Number that 3.1.0 prints as irot type: 2 SE, 3 PUF, 4 KM or TEE, 5 Demo.
        linux: 2.0.0 on Linux goes through `hal_itls`; elsewhere it has a sample that calls mbed TLS itself.
        provisioned: The device holds an ID; else the first handshake fetches one.
    """

    version: str = "3.1.0"
    carrier: int = 2
    linux: bool = True
    provisioned: bool = True
    lines: list[str] = field(default_factory=list)

    def say(self, text: str, function: str = "") -> None:
        head = f"{function} 123: " if function else ""
        self.lines.append(f"<LS_LOG> {head}{text}")

    def text(self) -> bytes:
        return ("\n".join(self.lines) + "\n").encode()

    def banner(self) -> None:
        number = "".join(f"{int(part):02x}" for part in self.version.split("."))
        for line in (
            f"ID2 Client Version: 0x00{number}",
            f"ID2 Client Build Time: {BUILT}",
            RULE,
            "CONFIG_ID2_DEBUG is not defined!",
            "CONFIG_ID2_OTP is defined!",
            "CONFIG_ID2_KEY_TYPE: ID2_KEY_TYPE_AES",
            RULE,
        ):
            self.say(line)
        if self.carrier == 2:
            self.say("ID2=> CONFIG_CHIP_DEBUG is not defined!")
            self.say("ID2=> CONFIG_CHIP_TYPE: CHIP_TYPE_SE_STD_CMD")
            self.say("ID2=> CONFIG_CHIP_KEY_TYPE: CHIP_KEY_TYPE_AES")
        elif self.carrier == 5:
            self.say(f"Demo KM Build Time: {BUILT}", "km_init")
            self.say("SE, PUF, TEE or Soft KM must be selected for formal product!!!", "km_init")
        if self.version == "3.1.0":
            self.say(f"id2 irot type, {self.carrier}", "id2_client_init")

    def itls(self, *, loops: int = 1) -> "ItlsConsole":
        self.lines.append("===========> iTLS Client Sample start.")
        for loop in range(loops):
            if self.version != "2.0.0":
                self.lines.append(f"===================== iTLS Client Sample - Loop Count: {loop}")
            (self._through_hal if self.linux or self.version != "2.0.0" else self._alone)()
        self.lines += ["<=========== iTLS Client Sample End.", ""]
        return self

    def idtls(self, *answers: int, closed: bool = False) -> "ItlsConsole":
        """Add the iDTLS sample, which writes up to three times and reads until nothing more comes."""
        function = "idtls_ssl_sample"
        self.lines.append("===========> iDTLS Client Sample start.")
        self.say("  . Connecting to udp/a1TESTabcdC.coap.cn-shanghai.link.aliyuncs.com/5684...", function)
        self.say(" ok", function)
        self.say("  . Setting up the SSL/TLS structure...", function)
        self.say(" ok", function)
        self.say("  . Performing the SSL/TLS handshake...", function)
        self._handshake()
        self.say(" ok", function)
        self._write(function)
        for size in answers:
            self.say(f" {size} bytes read", function)
            self.lines.append("")
        if closed:
            self.say(" connection was closed gracefully", function)
            self.say("  . Closing the connection...<LS_LOG> idtls_ssl_sample 123:  done", function)
        else:
            for left in (2, 1, 0):
                self.say(" timeout", function)
                self.lines.append("")
                if left:
                    self._write(function)
        self.lines += ["<=========== iDTLS Client Sample End.", ""]
        return self

    def _write(self, function: str) -> None:
        self.say("  > Write to server:", function)
        self.say(" 158 bytes written", function)
        self.lines.append("")
        self.say("  < Read from server:", function)

    def _handshake(self) -> None:
        self.banner()
        if not self.provisioned:  # the client says hello again with the ID that it got
            self.say("id2 prov state: false", "id2_client_get_prov_stat")
            self.say("key is not provisioned, need to get key first!", "mbedtls_write_key_id_ext")
            self.provisioned = True
        self.say(f"ID2: {ID}", "id2_client_get_id")
        self.say("  . Verify iTLS Server authCode OK!", "mbedtls_parse_auth_code_ext")

    def _through_hal(self) -> None:
        function, open_end = "hal_itls_establish_timeout", self.version == "2.0.0"
        self.say("itls version: 2.0.0", "itls_hal_sample")
        self.say("set itls debug level to 1", "hal_itls_set_debug_level")
        self.say("iTLS Library, Version: 2.0.0", function)
        self.say(f"iTLS Library, Build Time: {BUILT}", function)
        self.say(f"  . Connecting to tcp/{HOST}/1883...", function)
        self.say("setsockopt SO_SNDTIMEO timeout: 10", "mbedtls_net_connect_timeout")
        self.say("ok", function)
        self.say("  . Setting up the SSL/TLS structure...", function)
        before = len(self.lines)
        self.say(" ok", function)
        if open_end:
            self._join(before)
        self.say("  . Performing the SSL/TLS handshake...", function)
        before = len(self.lines)
        self._handshake()
        if open_end:
            self._join(before)
        self.say(" ok", function)
        self.say("170 bytes written", "itls_hal_sample")
        self.say("4 bytes read", "itls_hal_sample")
        self.say("hal itls alert type: 0", "itls_hal_sample")
        self.say("itls disconnect", "hal_itls_destroy")

    def _join(self, at: int) -> None:
        """Put a line behind the one before it, whose text has no line end."""
        self.lines[at - 1 : at + 1] = ["".join(self.lines[at - 1 : at + 1])]

    def _alone(self) -> None:
        function = "itls_ssl_sample"
        self.say(f"  . Connecting to tcp/{HOST}/1883...", function)
        self.say(" ok", function)
        self.say("  . Setting up the SSL/TLS structure...", function)
        self.say(" ok", function)
        self.say("  . Performing the SSL/TLS handshake...", function)
        self._handshake()
        self.say(" ok", function)
        self.say("  > Write to server:", function)
        self.say(" 170 bytes written", function)
        self.lines.append("")
        self.say("  < Read from server:", function)
        self.say(" 4 bytes read", function)
        self.lines.append("")
