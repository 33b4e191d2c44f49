"""What ends a start, and every refusal Pulso can answer with, each with the status it suggests.

Refusal
├── Invalid          400  the request is wrong in itself
├── Unauthorized     401  no token, or not a valid one
├── Forbidden        403  a valid token that may not do this
├── NotFound         404
├── Conflict         409  the present state forbids it
├── TooLarge         413
├── UnsupportedType  415
├── TooMany          429
└── Unavailable      503  passing trouble of ours: store, gateway, shutdown
"""


class CannotStart(Exception):
    """The start ends here, with exit status 1; the text is the one line that says why."""


class Refusal(Exception):
    """A request is not carried out, and the client is told why.

    ``message`` goes into the body as ``error``. ``field`` is the dotted path of the value at
    fault, ``index`` the position of the item at fault in a JSON array; both are left out of
    the body when None. ``headers`` are added to the answer.
    """

    status = 400

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        index: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.index = index
        self.headers = headers or {}


class Invalid(Refusal):
    status = 400


class Unauthorized(Refusal):
    status = 401


class Forbidden(Refusal):
    status = 403


class NotFound(Refusal):
    status = 404


class Conflict(Refusal):
    status = 409


class TooLarge(Refusal):
    status = 413


class UnsupportedType(Refusal):
    status = 415


class TooMany(Refusal):
    status = 429


class Unavailable(Refusal):
    status = 503
