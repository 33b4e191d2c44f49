"""The sign-ins that live, in memory: whose each is and when it ends."""

import time

import msgspec


class SignIn(msgspec.Struct, frozen=True):
    """What signing in gives: a token, and when it ends."""

    token: str
    expires_at: float


class SignIns:
    """As the store has them; times in seconds since 1970."""

    def __init__(self) -> None:
        self._all: dict[str, tuple[str, float]] = {}

    def keep(self, sign_in_id: str, owner: str, expires_at: float) -> None:
        """A new one, or a longer life for one that there is; those that ended go."""
        now = time.time()
        for gone in [key for key, (_, expiry) in self._all.items() if expiry <= now]:
            del self._all[gone]
        self._all[sign_in_id] = (owner, expires_at)

    def owner(self, sign_in_id: str | None) -> str | None:
        """The operator's id; None where there is no such sign-in, or no more."""
        found = self._all.get(sign_in_id or "")
        return found[0] if found is not None and found[1] > time.time() else None

    def end(self, sign_in_id: str) -> None:
        self._all.pop(sign_in_id, None)

    def end_all_of(self, owner: str, but: str | None = None) -> None:
        """Those of an operator, all but this one."""
        for key in [key for key, (whose, _) in self._all.items() if whose == owner]:
            if key != but:
                del self._all[key]
