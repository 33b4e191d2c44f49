"""/api/auth: signing in, staying signed in, signing out."""

from typing import Annotated

import msgspec

from handlers.base import COOKIE, BaseHandler
from services.access.operators import SignIn
from services.timestamps import iso

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class Credentials(msgspec.Struct, frozen=True):
    username: Text
    password: Text


class SignInHandler(BaseHandler):
    """Answers with a token, in the body and as the cookie."""

    def reply_signed_in(self, sign_in: SignIn) -> None:
        self.set_cookie(
            COOKIE,
            sign_in.token,
            expires=sign_in.expires_at,
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self.request.protocol == "https",
        )
        self.reply({"token": sign_in.token, "expiresAt": iso(sign_in.expires_at)})


class LoginHandler(SignInHandler):
    async def post(self) -> None:
        given = self.body(Credentials)
        address = self.request.remote_ip or ""
        self.reply_signed_in(await self.access.sign_in(given.username, given.password, address))


class RefreshHandler(SignInHandler):
    async def post(self) -> None:
        self.reply_signed_in(await self.access.refresh(self.claims()))


class LogoutHandler(BaseHandler):
    async def post(self) -> None:
        claims = self.claims()
        if claims.signin is not None:
            await self.access.sign_out(claims.signin)
        self.clear_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
        self.reply_empty()


class MeHandler(BaseHandler):
    """GET. ``simulator``: whether this server's phone is a simulated one."""

    simulator: bool

    def get(self) -> None:
        claims = self.claims()
        self.reply(
            {
                "username": claims.sub,
                "admin": claims.admin,
                "publish": claims.publish,
                "bots": "*" if claims.bots is None else sorted(claims.bots),
                "expiresAt": iso(claims.exp) if claims.exp is not None else None,
                "simulator": self.simulator,
            }
        )
