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


class AssetHandler(StaticFileHandler):
    """Files of ``static/``. Their names never change: a browser asks each time and gets a 304."""

    def set_extra_headers(self, path: str) -> None:
        self.clear_header("Server")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        # An SVG opened by itself is a document.
        self.set_header("Content-Security-Policy", POLICY)

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        if absolute_path.endswith(".html"):
            raise HTTPError(404)  # pages have their own addresses, which know who is signed in
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
        (r"/static/(.*)", AssetHandler, {"path": str(STATIC)}),
    ]
