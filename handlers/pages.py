"""The pages: HTML files that hold no data, and what they load.

Whoever is not signed in is sent to /login and comes back to where they were going. The policy
allows no inline script or style and nothing from elsewhere.
"""

import re
from collections.abc import Awaitable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tornado.web import HTTPError, StaticFileHandler

from handlers.base import NotFoundHandler, PulsoHandler

STATIC = Path(__file__).resolve().parent.parent / "static"

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "manifest-src 'self'",
        "media-src 'self' blob:",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

# A path of this site; what begins with two slashes, for some browsers also "/\\", names a host.
OWN_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
# What programs ask for, who want no page.
CALLS = ("/api/", "/events/", "/static/")


class HomeHandler(PulsoHandler):
    """GET /"""

    def get(self) -> None:
        self.redirect("/bots")


class PageHandler(PulsoHandler):
    """One HTML file of ``static/``, for whoever is signed in."""

    page: str

    def get(self, *_: str) -> None:
        if self.current_claims() is None:
            self.redirect("/login?next=" + quote(self.request.uri or "/", safe=""))
            return
        show(self, self.page)

    def head(self, *_: str) -> None:
        self.get()


class LoginPageHandler(PageHandler):
    """GET /login. Who is signed in already goes on to where they were going."""

    page = "login.html"

    def get(self, *_: str) -> None:
        if self.current_claims() is None:
            show(self, self.page)
            return
        following = self.get_query_argument("next", "/bots")
        self.redirect(following if OWN_PATH.fullmatch(following) else "/bots")


class MissingPageHandler(NotFoundHandler):
    """What isn't there: a page for a person, JSON for a program."""

    def prepare(self) -> Awaitable[None] | None:
        wants_page = "text/html" in self.request.headers.get("Accept", "")
        is_call = self.request.path.startswith(CALLS)
        if self.request.method != "GET" or not wants_page or is_call:
            return super().prepare()
        self.set_status(404)
        show(self, "missing.html")
        return None


def show(handler: PulsoHandler, page: str) -> None:
    """Answer with this HTML file."""
    handler.set_header("Content-Type", "text/html; charset=utf-8")
    handler.set_header("Content-Security-Policy", POLICY)
    handler.finish((STATIC / page).read_bytes())


class AssetHandler(PulsoHandler, StaticFileHandler):
    """Files of ``static/``. Their names never change: a browser asks each time and gets a 304."""

    def initialize(self, path: str, *_: Any, **services: Any) -> None:
        PulsoHandler.initialize(self, **services)
        StaticFileHandler.initialize(self, path)

    def prepare(self) -> None:
        """It is the same for everybody."""

    def set_default_headers(self) -> None:
        super().set_default_headers()
        # An SVG opened by itself is a document, and so is an answer that there is none.
        self.set_header("Content-Security-Policy", POLICY)

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "no-cache")

    def compute_etag(self) -> str | None:
        return StaticFileHandler.compute_etag(self)

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        # Pages have their own addresses, which know who is signed in; no file's name holds a NUL.
        if absolute_path.endswith(".html") or "\0" in absolute_path:
            raise HTTPError(404)
        return super().validate_absolute_path(root, absolute_path)


def routes(**services: Any) -> list[tuple[str, type, dict[str, Any]]]:
    """The URLSpecs of the pages, with the services their handlers get."""

    def page(path: str, file: str) -> tuple[str, type, dict[str, Any]]:
        return (path, PageHandler, {"page": file, **services})

    return [
        (r"/", HomeHandler, services),
        (r"/login", LoginPageHandler, services),
        page(r"/bots", "bots.html"),
        page(r"/bots/([^/]+)", "detail.html"),
        page(r"/monitor", "monitor.html"),
        page(r"/simulator", "simulator.html"),
        page(r"/operators", "operators.html"),
        page(r"/settings", "settings.html"),
        page(r"/streams", "streams.html"),
        (r"/static/(.*)", AssetHandler, {"path": str(STATIC), **services}),
    ]
