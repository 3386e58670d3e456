"""What stands in front of pages and of interfaces for programs: who may ask, and whether a browser was tricked into it.

Checked for every request, in this order: the rate of the peer, the `Host` header (a page of somebody else may
have had its name point here: DNS rebinding), the origin of requests that change something, and the token when
there is one. Forms carry a token of their own on top (`form_token`). Beyond this computer nothing is served without a
token and TLS.
"""

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from harness.secret import Secret
from harness.web.exposure import require_protected

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain"})
_SESSIONS = 1_000
_PEERS = 4_096
_SESSION_S = 12 * 3_600.0
_MINUTE_S = 60.0
_WAIT = "wait a minute, then try again"
_NEXT_MAX = 2_000
_STATIC_TIMES = 4
"""A page has so many static files at most, which are counted apart: a refusal has the look of the site, too."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: with that, browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Headers of every guarded answer, unless it brings its own."""


@dataclass(frozen=True, slots=True)
class AccessRules:
    """What a guard allows.

    Attributes:
        requests_per_minute: Requests of one peer, or of one session of somebody who is logged in, in a minute, when a
            token guards the site; more get 429.
        login_attempts_per_minute: Wrong tokens of one peer in a minute; after that even the right one is refused.
        hosts: Further host names under which people open the site; addresses and `localhost` always work.
    """

    requests_per_minute: int = 600
    login_attempts_per_minute: int = 10
    hosts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not let through.

    Attributes:
        status: HTTP status.
        code: A short name, shown with the status.
        message: What is wrong, in one sentence.
        hint: What to do about it.
        retry_after_s: When to come again, seconds; 0 says nothing.
    """

    status: int
    code: str
    message: str
    hint: str = ""
    retry_after_s: int = 0


class Guard:
    """The guard of one site; safe to use from any thread."""

    def __init__(
        self,
        rules: AccessRules,
        *,
        root: str,
        loopback: bool,
        token: Secret | None = None,
        secure: bool = False,
        plain: bool = False,
        programs: tuple[str, ...] = (),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a guard.

        Args:
            rules: Rates and further host names.
            root: Where the pages begin: `/console`; empty for `/`.
            loopback: It is served on this computer only.
            token: What people and programs must show; required when not on loopback.
            secure: It is served over TLS, so cookies are for TLS only; required when not on loopback.
            plain: Somebody who may decide it wants no TLS, on a network that is trusted.
            programs: Where paths for programs begin: a refusal is JSON there, and no login page.
            now: Seconds that only grow.

        Raises:
            UsageError: Reachable from elsewhere, and no token or no TLS.
        """
        if not loopback:
            require_protected(token=token is not None, tls=secure or plain)
        self._rules = rules
        self._root = root
        self._programs = programs
        self._loopback = loopback
        self._token = token
        self._secure = secure
        self._now = now
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, float] = OrderedDict()
        self._rates = _Rates(now)
        self._failures = _Rates(now)
        self._page: RefusalPage | None = None

    @property
    def login_page(self) -> str:
        """Where the token is asked for."""
        return f"{self._root}/login"

    @property
    def needs_login(self) -> bool:
        """True when a token must be shown."""
        return self._token is not None

    def show_by(self, page: "RefusalPage") -> None:
        """Have refusals shown to people by the site that this guards."""
        self._page = page

    def protect(self, app: ASGIApp) -> ASGIApp:
        """Return `app` behind this guard; use it as Starlette middleware: `Middleware(guard.protect)`."""
        return _Guarded(app, self)

    def login(self, scope: Scope, given: str) -> str | None:
        """Check a token; return the session for the cookie, or None when it is wrong or there were too many tries.

        Args:
            scope: The request, for its peer.
            given: What the person typed.
        """
        if self.tried_too_often(scope):
            return None
        if not self._is_token(given):
            self._failures.allowed(_peer(scope), self._rules.login_attempts_per_minute)
            return None
        session = secrets.token_urlsafe(32)
        with self._lock:
            self._sessions[_digest(session)] = self._now() + _SESSION_S
            while len(self._sessions) > _SESSIONS:
                self._sessions.popitem(last=False)
        return session

    def tried_too_often(self, scope: Scope) -> bool:
        """Tell whether the peer showed so many wrong tokens that even the right one must wait."""
        rate = self._rules.login_attempts_per_minute
        return not self._failures.allowed(_peer(scope), rate, spend=False)

    def logout(self, scope: Scope) -> None:
        """Forget the session of a request."""
        with self._lock:
            self._sessions.pop(_digest(cookie(scope, self.session_cookie(scope))), None)

    def logged_in(self, scope: Scope) -> bool:
        """Tell whether a request shows the token, or a session that was made for it; True when none is needed."""
        if self._token is None:
            return True
        given = _bearer(scope)
        if given is not None:
            if self.tried_too_often(scope):
                return False
            good = self._is_token(given)
            if not good:
                self._failures.allowed(_peer(scope), self._rules.login_attempts_per_minute)
            return good
        return self._session(scope) is not None

    def session_cookie(self, scope: Scope) -> str:
        """Return the name of the session's cookie: cookies of one host are shared by all its ports."""
        return f"id2-session-{_port(scope)}"

    def browser_cookie(self, scope: Scope) -> str:
        """Return the name of the cookie that forms are bound to."""
        return f"id2-browser-{_port(scope)}"

    def set_cookie(self, response: Response, name: str, value: str, *, max_age_s: int | None = None) -> None:
        """Set a cookie that no script can use; an age of 0 deletes it.

        Lax, not strict: who follows a link out of a report, which has no origin, or out of a chat stays logged in. It
        comes with no form, frame or script of another page, and following a link changes nothing here.
        """
        response.set_cookie(
            name,
            value,
            max_age=max_age_s,
            path=self._root or "/",
            httponly=True,
            samesite="lax",
            secure=self._secure,
        )

    def form_token(self, browser: str) -> str:
        """Return what the forms of a browser must carry."""
        return hmac.new(self._key, browser.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def is_own_form(self, scope: Scope, given: str) -> bool:
        """Tell whether a form came from a page of ours, in this browser."""
        browser = cookie(scope, self.browser_cookie(scope))
        wanted = self.form_token(browser).encode()
        return bool(browser) and hmac.compare_digest(wanted, given.encode("utf-8", "replace"))

    def refusal(self, scope: Scope) -> Refusal | None:
        """Return why a request is not let through, or None."""
        headers = Headers(scope=scope)
        static = scope["method"] in _READING and scope["path"].startswith(f"{self._root}/static/")
        # On this computer alone nobody needs slowing down, and tests and scripts would feel it.
        if not self._loopback or self.needs_login:
            rate = self._rules.requests_per_minute
            asking = self._session(scope) or _peer(scope)
            counted = (f"{asking} static", _STATIC_TIMES * rate) if static else (asking, rate)
            if not self._rates.allowed(*counted):
                message = f"more than {counted[1]} requests in a minute"
                return Refusal(429, "TooManyRequests", message, _WAIT, round(_MINUTE_S))
        if static:
            return None
        if len(headers.getlist("host")) != 1 or not self._is_own_host(headers["host"]):
            return Refusal(
                421,
                "WrongHost",
                "the Host header names another computer",
                "use the address that was printed; further names have to be set",
            )
        if scope["method"] not in _READING and not _same_origin(scope, headers):
            return Refusal(
                403,
                "ForeignOrigin",
                "the request comes from a page of another origin",
                "use the site's own pages, or a program that sends no Origin",
            )
        if scope["path"] == self.login_page:
            return None
        if self.needs_login and _bearer(scope) is not None and self.tried_too_often(scope):
            message = "too many wrong tokens in a minute; even the right one must wait"
            return Refusal(429, "TooManyTokens", message, _WAIT, round(_MINUTE_S))
        if not self.logged_in(scope):
            return Refusal(
                401, "TokenRequired", "the token is missing or wrong", "send Authorization: Bearer TOKEN"
            )
        return None

    def answer(self, scope: Scope, refused: Refusal) -> Response:
        """Return the answer to a request that is not let through."""
        headers = {"Retry-After": str(refused.retry_after_s)} if refused.retry_after_s else {}
        if scope["path"].startswith(self._programs):
            if refused.status == 401:
                headers["WWW-Authenticate"] = "Bearer"
            content = {"error": refused.message, "hint": refused.hint}
            return JSONResponse(content, refused.status, headers)
        if refused.status == 401:
            return RedirectResponse(f"{self.login_page}{_next(scope, f'{self._root}/')}", 303)
        if self._page is not None and "text/html" in Headers(scope=scope).get("accept", ""):
            response = self._page(scope, refused)
            response.headers.update(headers)
            return response
        text = "; ".join(filter(None, (refused.message, refused.hint)))
        return PlainTextResponse(f"{refused.status} {refused.code}: {text}\n", refused.status, headers)

    def _session(self, scope: Scope) -> str | None:
        """Return what names the session that a request shows; None when it shows none that lasts."""
        given = cookie(scope, self.session_cookie(scope))
        if not given:
            return None
        name = _digest(given)
        with self._lock:
            ends = self._sessions.get(name)
        return name if ends is not None and ends > self._now() else None

    def _is_token(self, given: str) -> bool:
        # Digests have one length, so the comparison tells nothing about the token's.
        wanted = b"" if self._token is None else self._token.reveal()
        mine, other = hashlib.sha256(wanted).digest(), hashlib.sha256(given.encode("utf-8", "replace"))
        return hmac.compare_digest(mine, other.digest())

    def _is_own_host(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name.rstrip(".") in _LOCAL_NAMES | self._rules.hosts:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        # A name can be made to point here, an address cannot: pages of an address come from that address.
        return address.is_loopback or not self._loopback


RefusalPage = Callable[[Scope, Refusal], Response]
"""Shows a person why a request is not let through."""


class _Guarded:
    """An application behind a guard."""

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self._app = app
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message.setdefault("headers", []))
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                message["headers"] = headers.raw
            await send(message)

        refused = self._guard.refusal(scope)
        app = self._app if refused is None else self._guard.answer(scope, refused)
        await app(scope, receive, send_with_headers)


class _Rates:
    """How many requests each peer made in the running minute; bounded, the longest silent peer is forgotten."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def allowed(self, peer: str, per_minute: int, *, spend: bool = True) -> bool:
        """Tell whether a peer may do one more, and by default count it."""
        now = self._now()
        with self._lock:
            began, count = self._windows.get(peer, (now, 0))
            if now - began >= _MINUTE_S:
                began, count = now, 0
            if spend:
                self._windows[peer] = began, count + 1
                self._windows.move_to_end(peer)
                while len(self._windows) > _PEERS:
                    self._windows.popitem(last=False)
            return count < per_minute


def cookie(scope: Scope, name: str) -> str:
    """Return a cookie of a request; empty when it has none."""
    # Every port of a host gets the cookies of all others: one of odd syntax spoils them all in SimpleCookie.
    return cookie_parser("; ".join(Headers(scope=scope).getlist("cookie"))).get(name, "")


def _same_origin(scope: Scope, headers: Headers) -> bool:
    """Tell whether a request that changes something may come from where it comes from.

    Browsers send `Origin` with every such request, older ones at least `Referer`. A request with neither comes
    from a program, which nobody tricks with a page.
    """
    own = f"{scope['scheme']}://{headers['host']}".lower()
    origin, referer = headers.get("origin"), headers.get("referer")
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    if origin is not None:
        return origin.lower() == own
    if referer is not None:
        return referer.lower() == own or referer.lower().startswith(own + "/")
    return True


def _next(scope: Scope, home: str) -> str:
    """Return the query of the login page that leads back to what was asked for; nothing for the first page."""
    query = scope["query_string"].decode("latin-1")
    wanted = quote(scope["path"]) + (f"?{query}" if query else "")
    if scope["method"] != "GET" or wanted == home or len(wanted) > _NEXT_MAX:
        return ""
    return f"?next={quote(wanted, safe='')}"


def _bearer(scope: Scope) -> str | None:
    """Return the token that a request's header shows; None when it shows none."""
    scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else None


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _port(scope: Scope) -> int:
    server = scope.get("server")
    return (server[1] or 0) if server else 0


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
