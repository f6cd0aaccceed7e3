"""What every request to the app passes: whom it was addressed to, which page sent it; and the headers of every answer."""

import base64
import hashlib
import os
import re
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from pages.start.service import PLACE, base
from rag.away.gate import App, Message, Receive, Send, fell, host_name, refuse
from rag.errors import SettingProblem
from rag.governance.egress import is_local

ANCESTORS = "RAG_FRAME_ANCESTORS"
NOBODY = "'none'"
ANCESTOR = re.compile(r"'self'|https?://[A-Za-z0-9.*:\[\]-]+")
SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # The address of a page names its session.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), serial=(), usb=()",
}
POLICY, FRAMED = "Content-Security-Policy", "X-Frame-Options"
OURS = {name.lower().encode() for name in (*HEADERS, POLICY, FRAMED)}
SOURCES = {
    "default-src": "'none'",
    "script-src": "'self' blob: 'wasm-unsafe-eval'",  # Blobs are what the components' scripts become in the browser.
    "style-src": "'self' 'unsafe-inline'",  # Streamlit writes every element's style into the page.
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
ALONE = {"default-src": "'none'", "sandbox": ""}
"""For what is no page: files that people made, and answers of the service. Opened by itself it runs nothing."""


def ancestors() -> str:
    """The sites whose pages may show the app in a frame, from the environment. Raises SettingProblem for what is no site."""
    sites = os.environ.get(ANCESTORS, "").split()
    for site in sites:
        if not ANCESTOR.fullmatch(site):
            raise SettingProblem(
                f"{ANCESTORS} holds {site!r}, which is no site. Write sites like https://portal.example, with blanks."
            )
    return " ".join(sites) or NOBODY


class Guard:
    """Lets a request through that names this server and comes from its own pages, or from no page at all.

    A page elsewhere could otherwise reach the app through the browser of whoever has it open: under a name of its own that was
    made to point here, or by a connection to this server's name.
    """

    def __init__(self, app: App, ancestors: str) -> None:
        self._app = app
        self._names = frozenset(name.strip().lower().rstrip(".") for name in st.get_option("server.allowedHosts"))
        configured = st.get_option("server.address"), st.get_option("browser.serverAddress")
        self._own = frozenset(str(name).lower() for name in configured if name)
        page = Path(st.__file__).with_name("static") / "index.html"
        own = " ".join(_hashed(script) for script in SCRIPT.findall(page.read_text("utf-8")))
        self._page = _headers({**SOURCES, "script-src": f"{SOURCES['script-src']} {own}".rstrip()}, ancestors)
        self._alone = _headers(ALONE, ancestors)
        self._apart = tuple(f"{base()}{place}/" for place in (PLACE, "/media"))

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        ours = self._alone if f"{scope['path']}/".startswith(self._apart) else self._page
        begun = False

        async def headed(message: Message) -> None:
            nonlocal begun
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                begun = True
                kept = [one for one in message.get("headers", ()) if bytes(one[0]).lower() not in OURS]
                message = {**message, "headers": [*kept, *ours]}
            await send(message)

        refused = self._refused(scope)
        if refused and scope["type"] == "websocket":
            return await _shut(scope, headed, *refused)
        if refused:
            return await refuse(headed, *refused)
        try:
            await self._app(scope, receive, headed)
        except Exception as error:  # Whatever fails: the server would write down its words, which could quote a document.
            fell(scope, error)
            if scope["type"] == "http" and not begun:
                await refuse(headed, 500, "Something failed here. See the server's log.")

    def _refused(self, scope: Message) -> tuple[int, str] | None:
        headers = {bytes(name).lower(): bytes(value).decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        name = host_name(host).rstrip(".")
        if not self._is_ours(name, scope):
            return 421, (
                "This app does not answer to the name it was called by. Call it as localhost, or start it with "
                "--server.allowedHosts and that name."
            )
        if origin is not None and not _is_from(origin, host):
            return 403, (
                "Another site asked for this, and only the app's own pages may. "
                "A proxy before the app has to hand on the header Host as the browser sent it."
            )
        return None

    def _is_ours(self, name: str, scope: Message) -> bool:
        if self._names:
            return any(_fits(name, pattern) for pattern in self._names)
        return is_local(name) or name in self._own or _address(name) == _address((scope.get("server") or ("",))[0]) != ""


def _fits(name: str, pattern: str) -> bool:
    if not name or pattern == "*":
        return bool(name)
    return name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern


def _address(written: str) -> str:
    """An address as it is written shortest; empty for a name, which others can make point here."""
    try:
        found = ip_address(written)
    except ValueError:
        return ""
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped or found)


def _is_from(origin: str, host: str) -> bool:
    """Whether a page of this origin was called by the name and port in this Host header."""
    try:
        page, here = urlsplit(origin), urlsplit(f"//{host}")
        usual = {"http": 80, "https": 443}.get(page.scheme)
        return bool(page.hostname and usual) and (page.hostname, page.port or usual) == (here.hostname, here.port or usual)
    except ValueError:
        return False


def _hashed(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _headers(sources: dict[str, str], ancestors: str) -> list[tuple[bytes, bytes]]:
    policy = "; ".join(f"{name} {told}".rstrip() for name, told in {**sources, "frame-ancestors": ancestors}.items())
    framed = {} if ancestors != NOBODY else {FRAMED: "DENY"}  # It can tell of no site, and older browsers know it alone.
    return [(name.lower().encode(), told.encode()) for name, told in {**HEADERS, POLICY: policy, **framed}.items()]


async def _shut(scope: Message, send: Send, status: int, reason: str) -> None:
    """Refuses a connection before it is open, with the reason where the server can send one."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        return await send({"type": "websocket.close", "code": 1008, "reason": reason[:120]})

    async def told(message: Message) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    await refuse(told, status, reason)
