"""Tokens: HS256 JWTs, signed and verified. Only HS256 is ever accepted (RFC 7519, RFC 8725).

PyJWT signs, and its HMAC verifies; a token's parts are decoded by msgspec, straight into what is
believed of them. ``jwt.decode`` looks at the same things in five times the CPU (22 us and 4.7),
which every stream that opens with a token of its own would pay.
"""

import binascii
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from typing import Annotated, Any, Literal

import jwt
import msgspec

from services.errors import Forbidden, Unauthorized

# Tokens whose signature was right, and their claims. A signature does not become wrong, and a
# browser sends the same token with every request; only the times are looked at anew.
CACHED_TOKENS = 4096
CACHED_CHARACTERS = 2048  # longer ones are verified each time
LEEWAY_SECONDS = 10  # for iat and nbf: a signer's clock may run a little ahead
_LATEST = 253_402_300_799  # the end of the year 9999, the last an ISO 8601 time can show

Moment = Annotated[float, msgspec.Meta(ge=-_LATEST, le=_LATEST)]


class _Header(msgspec.Struct):
    """RFC 7515 §4.1: what is critical has to be understood, and nothing is here."""

    alg: Literal["HS256"]
    kid: str = ""
    crit: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    b64: bool = True


class _Payload(msgspec.Struct):
    """Null is the type of none of these but ``signin``."""

    sub: Annotated[str, msgspec.Meta(min_length=1)]
    exp: Moment | msgspec.UnsetType = msgspec.UNSET
    iat: Moment = 0
    nbf: Moment = 0
    bots: list[str] | Literal["*"] = "*"
    publish: bool = False
    admin: bool = False
    signin: str | None = None
    jti: str = ""


_read_header = msgspec.json.Decoder(_Header).decode
_read_payload = msgspec.json.Decoder(_Payload).decode


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
        self._require_exp = require_exp
        self._algorithm = jwt.get_algorithm_by_name("HS256")
        self._key: Any = self._algorithm.prepare_key(secret)
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
        """The claims of the token. Unauthorized, in the same words, for every reason not to."""
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
            payload = self._signed(token)
        except (binascii.Error, msgspec.DecodeError, ValueError, RecursionError):
            raise Unauthorized("Invalid token") from None
        latest = time.time() + LEEWAY_SECONDS
        exp = None if payload.exp is msgspec.UNSET else payload.exp
        if payload.iat > latest or payload.nbf > latest or (exp is None and self._require_exp):
            raise Unauthorized("Invalid token")
        return Claims(
            sub=payload.sub,
            exp=exp,
            bots=None if payload.bots == "*" else frozenset(payload.bots),
            publish=payload.publish,
            admin=payload.admin,
            signin=payload.signin,
        )

    def _signed(self, token: str) -> _Payload:
        """What a token of ours holds. ValueError, or what its parts raise, for any other."""
        signed, _, signature = token.rpartition(".")
        header, _, payload = signed.partition(".")
        if not self._algorithm.verify(signed.encode(), self._key, _octets(signature)):
            raise ValueError("the signature is wrong")
        found = _read_header(_octets(header))
        if found.crit is not msgspec.UNSET or not found.b64:
            raise ValueError("its header asks for what is not done here")
        return _read_payload(_octets(payload))


def _octets(segment: str) -> bytes:
    """What one part of a token encodes: base64url, in its one canonical form (RFC 4648 §3.5)."""
    bare = segment.rstrip("=")
    octets = urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    encoded = urlsafe_b64encode(octets).decode()
    if segment not in (encoded, encoded.rstrip("=")):
        raise ValueError("not base64url")
    return octets
