"""Tokens: HS256 JWTs, signed and verified. Only HS256 is ever accepted (RFC 7519, RFC 8725)."""

import time
from collections import OrderedDict
from typing import Annotated, Any, Literal

import jwt
import msgspec

from services.errors import Forbidden, Unauthorized

# Tokens whose signature was right, and what they say. A signature does not become wrong, and a
# browser sends the same token with every request; only the times are looked at anew.
CACHED_TOKENS = 4096
CACHED_CHARACTERS = 2048  # longer ones are verified each time
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
        self._verified: OrderedDict[str, Claims] = OrderedDict()

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
        claims = self._verified.get(token)
        if claims is None:
            claims = self._decode(token)
            if len(token) <= CACHED_CHARACTERS:
                self._verified[token] = claims
                if len(self._verified) > CACHED_TOKENS:
                    self._verified.popitem(last=False)
        else:
            self._verified.move_to_end(token)
        if claims.exp is not None and claims.exp <= time.time():
            self._verified.pop(token, None)
            raise Unauthorized("Invalid token")
        return claims

    def _decode(self, token: str) -> Claims:
        try:
            payload = jwt.decode(
                token,
                self._secret,
                algorithms=["HS256"],
                leeway=LEEWAY_SECONDS,
                options=self._options,
            )
            read = msgspec.convert(payload, _Payload)
            # A lone surrogate, which JSON can spell, could never be told to anyone.
            "".join((read.sub, *(read.bots or ()))).encode()
        except (jwt.PyJWTError, msgspec.ValidationError, ValueError, RecursionError):
            raise Unauthorized("Invalid token") from None
        # Null is not the type of these claims; nor does it mean "for ever" or "all bots".
        if any(name in payload and payload[name] is None for name in ("exp", "bots")):
            raise Unauthorized("Invalid token")
        return Claims(
            sub=read.sub,
            exp=read.exp,
            bots=None if read.bots is None or read.bots == "*" else frozenset(read.bots),
            publish=read.publish,
            admin=read.admin,
            signin=read.signin,
        )
