"""/api/auth: signing in, staying signed in, signing out."""

from typing import Literal

import msgspec

from handlers.base import COOKIE, BaseHandler
from handlers.calls import Body, call
from handlers.requests.inputs import Credentials, NewPassword
from services.access.sign_ins import SignIn
from services.errors import Invalid, TooMany, Unauthorized, Unavailable
from services.timestamps import iso


class Token(msgspec.Struct, frozen=True, rename="camel"):
    """A token of a sign-in, which is the cookie as well, and when it ends."""

    token: str
    expires_at: str


class Me(msgspec.Struct, frozen=True, rename="camel"):
    """Who is asking, and what they may; ``bots`` are ids, or ``"*"`` for all.

    ``id`` is that of what they write and have: the operator's, or the name of a token by hand.

    ``simulator``: whether this server's phone is a simulated one.
    """

    id: str | None
    username: str
    admin: bool
    publish: bool
    bots: list[str] | Literal["*"]
    expires_at: str | None
    simulator: bool


class SignInHandler(BaseHandler):
    """Answers with a token, in the body and as the cookie."""

    def signed_in(self, sign_in: SignIn) -> Token:
        self.set_cookie(
            COOKIE,
            sign_in.token,
            expires=sign_in.expires_at,
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self.request.protocol == "https",
        )
        return Token(sign_in.token, iso(sign_in.expires_at))


class LoginHandler(SignInHandler):
    @call(200, is_open=True, refuses=(Unauthorized, TooMany, Unavailable))
    async def post(self, body: Body[Credentials]) -> Token:
        """Sign in."""
        given = body.read()
        address = self.request.remote_ip or ""
        return self.signed_in(await self.access.sign_in(given.username, given.password, address))


class RefreshHandler(SignInHandler):
    @call(200, refuses=(Invalid, Unavailable))
    async def post(self) -> Token:
        """A newer token of the same sign-in."""
        return self.signed_in(await self.access.refresh(self.claims()))


class LogoutHandler(BaseHandler):
    @call(204, refuses=(Unavailable,))
    async def post(self) -> None:
        """End this sign-in; its streams end with ``revoked``."""
        claims = self.claims()
        if claims.signin is not None:
            await self.access.sign_out(claims.signin)
        self.clear_cookie(COOKIE, path="/", httponly=True, samesite="Strict")


class PasswordHandler(BaseHandler):
    @call(204, refuses=(TooMany, Unavailable))
    async def post(self, body: Body[NewPassword]) -> None:
        """Another password of one's own; every other sign-in with the old one ends."""
        claims = self.claims()
        given = body.read()
        address = self.request.remote_ip or ""
        await self.access.change_password(claims, given.current, given.new, address)


class MeHandler(BaseHandler):
    simulator: bool

    @call(200)
    def get(self) -> Me:
        """Who is asking, and what they may."""
        claims = self.claims()
        return Me(
            id=self.access.author(claims).id,
            username=claims.sub,
            admin=claims.admin,
            publish=claims.publish,
            bots="*" if claims.bots is None else sorted(claims.bots),
            expires_at=iso(claims.exp) if claims.exp is not None else None,
            simulator=self.simulator,
        )
