"""Tokens: HS256 JWTs, signed and verified. Only HS256 is ever accepted (RFC 7519, RFC 8725)."""

import time
from typing import Annotated, Any, Literal

import jwt
import msgspec

from services.errors import Forbidden, Unauthorized

LEEWAY_SECONDS = 10  # for iat and nbf: a signer's clock may run a little ahead
_LATEST = 253_402_300_799  # the end of the year 9999, the last an ISO 8601 time can show

Moment = Annotated[float, msgspec.Meta(ge=-_LATEST, le=_LATEST)]


class _Payload(msgspec.Struct):
    sub: Annotated[str, msgspec.Meta(min_length=1)]
    exp: Moment | None = None
    iat: Moment | None = None
    nbf: Moment | None = None
    bots: list[str] | Literal["*"] | None = None
    publish: bool = False
    admin: bool = False
    signin: str | None = None


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking and what they may. ``bots`` None: all of them; ``exp`` None: for ever."""

    sub: str
    exp: float | None = None
    bots: frozenset[str] | None = None
    publish: bool = False
    admin: bool = False
    signin: str | None = None

    def may(self, bot_id: str) -> bool:
        """Whether this bot is within the token's."""
        return self.bots is None or bot_id in self.bots

    def require_bot(self, bot_id: str) -> None:
        """Forbidden where the bot is outside the token's."""
        if not self.may(bot_id):
            raise Forbidden("This token does not cover that bot")

    def require_admin(self) -> None:
        """Forbidden for everyone but an admin."""
        if not self.admin:
            raise Forbidden("This needs an admin")


class Tokens:
    """Signs and verifies with one key."""

    def __init__(self, secret: str, *, require_exp: bool = False) -> None:
        self._secret = secret
        self._options: Any = {
            "require": ["sub", "exp"] if require_exp else ["sub"],
            "verify_aud": False,
            # PyJWT's leeway would hold for exp too, which has none here.
            "verify_exp": False,
        }

    def sign(
        self,
        sub: str,
        *,
        ttl: float | None = None,
        bots: list[str] | Literal["*"] | None = None,
        publish: bool = False,
        admin: bool = False,
        signin: str | None = None,
    ) -> str:
        """A token that lives ``ttl`` seconds from now; None: for ever."""
        now = time.time()
        payload: dict[str, Any] = {"sub": sub, "iat": int(now)}
        if ttl is not None:
            payload["exp"] = int(now + ttl)
        if bots is not None:
            payload["bots"] = bots
        if publish:
            payload["publish"] = True
        if admin:
            payload["admin"] = True
        if signin is not None:
            payload["signin"] = signin
        return jwt.encode(payload, self._secret, algorithm="HS256")

    def verify(self, token: str) -> Claims:
        """What the token says. Unauthorized, in the same words, for every reason not to."""
        try:
            payload = jwt.decode(
                token,
                self._secret,
                algorithms=["HS256"],
                leeway=LEEWAY_SECONDS,
                options=self._options,
            )
            claims = msgspec.convert(payload, _Payload)
        except (jwt.PyJWTError, msgspec.ValidationError, ValueError, RecursionError):
            raise Unauthorized("Invalid token") from None
        explicit_null = any(name in payload and payload[name] is None for name in ("exp", "bots"))
        if explicit_null or (claims.exp is not None and claims.exp <= time.time()):
            raise Unauthorized("Invalid token")
        bots = None if claims.bots is None or claims.bots == "*" else frozenset(claims.bots)
        return Claims(
            sub=claims.sub,
            exp=claims.exp,
            bots=bots,
            publish=claims.publish,
            admin=claims.admin,
            signin=claims.signin,
        )
