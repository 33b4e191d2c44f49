"""The store's trouble at a start, as one line that shows neither statements nor values."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError

from services.errors import CannotStart, Unavailable


@contextmanager
def cannot_start() -> Iterator[None]:
    """CannotStart in place of whatever the store raises."""
    try:
        yield
    except Unavailable as error:
        cause = getattr(error.__cause__, "orig", None) or error.__cause__
        raise CannotStart(f"The store can't be reached right now: {cause}") from None
    except DatabaseError as error:
        raise CannotStart(f"the store is damaged: {error.orig}") from None
    except ModuleNotFoundError as error:
        raise CannotStart(f"PostgreSQL needs pip install 'pulso[postgres]': {error}") from None
