"""How the gateway says no."""


class Stopped(Exception):  # noqa: N818 - an answer of the gateway, not a defect
    """The gateway does not let a call through.

    Attributes:
        status: HTTP status.
        code: The gateway's error code.
        message: Its message.
        retry_after_ms: After how long the same call may be let through, milliseconds; 0 says nothing.
    """

    def __init__(self, status: int, code: str, message: str, *, retry_after_ms: int = 0) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_ms = retry_after_ms
