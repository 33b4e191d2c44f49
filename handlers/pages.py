"""The pages: HTML files that hold no data, and what they load.

Whoever is not signed in is sent to /login and comes back to where they were going. The policy
allows no inline script or style and nothing from elsewhere.
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from tornado.web import HTTPError, StaticFileHandler

from handlers.base import PulsoHandler

STATIC = Path(__file__).resolve().parent.parent / "static"

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class HomeHandler(PulsoHandler):
    """GET /"""

    def get(self) -> None:
        self.redirect("/bots")


class PageHandler(PulsoHandler):
    """One HTML file of ``static/``; ``public`` pages are for whoever is not signed in, too."""

    page: str
    public: bool

    def get(self, *_: str) -> None:
        if not self.public and self.current_claims() is None:
            self.redirect("/login?next=" + quote(self.request.uri or "/", safe=""))
            return
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", POLICY)
        self.finish((STATIC / self.page).read_bytes())

    def head(self, *_: str) -> None:
        self.get()


class AssetHandler(PulsoHandler, StaticFileHandler):
    """Files of ``static/``. Their names never change: a browser asks each time and gets a 304."""

    def initialize(self, path: str, *_: Any, **services: Any) -> None:
        PulsoHandler.initialize(self, **services)
        StaticFileHandler.initialize(self, path)

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

    def page(path: str, file: str, *, public: bool = False) -> tuple[str, type, dict[str, Any]]:
        return (path, PageHandler, {"page": file, "public": public, **services})

    return [
        (r"/", HomeHandler, services),
        page(r"/login", "login.html", public=True),
        page(r"/bots", "bots.html"),
        page(r"/bots/([^/]+)", "detail.html"),
        page(r"/monitor", "monitor.html"),
        page(r"/simulator", "simulator.html"),
        (r"/static/(.*)", AssetHandler, {"path": str(STATIC), **services}),
    ]
