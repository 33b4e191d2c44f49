"""What ends a start, and every refusal Pulso can answer with, each with the status it suggests."""


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
    """The request is wrong in itself."""

    status = 400


class Unauthorized(Refusal):
    """No token, or not a valid one."""

    status = 401


class Forbidden(Refusal):
    """A valid token that may not do this, or a page of another site."""

    status = 403


class NotFound(Refusal):
    """There is no such thing, or it is not for this token."""

    status = 404


class Conflict(Refusal):
    """The present state forbids it."""

    status = 409


class TooLarge(Refusal):
    """The body, or one event, is too large."""

    status = 413


class UnsupportedType(Refusal):
    """The body is not JSON in UTF-8."""

    status = 415


class TooMany(Refusal):
    """Too many attempts; try again later."""

    status = 429


class Unavailable(Refusal):
    """Passing trouble: store, gateway, shutdown."""

    status = 503
