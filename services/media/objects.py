"""The folder or the bucket itself, through obstore, and what it raises as our refusals."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, S3Store

from services.errors import CannotStart, NotFound, Unavailable

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore

OPEN_SECONDS = 5.0
PROBE = "of-no-bot"  # nothing is there; that it can be asked for is what matters
LOOPBACK = ("127.0.0.1", "localhost", "::1")
UNAVAILABLE = "The store of files can't be reached"

log = logging.getLogger(__name__)


async def opened(url: SplitResult) -> ObjectStore:
    """``file:///FOLDER`` or ``s3://BUCKET/PREFIX``.

    CannotStart where the settings are wrong; what may come back by itself is waited for.
    """
    store = LocalStore(unquote(url.path)) if url.scheme == "file" else _s3(url)
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            async for _ in obstore.list(store, PROBE):
                pass
    except (BaseError, OSError, TimeoutError) as error:
        denied = isinstance(error, PermissionDeniedError | UnauthenticatedError)
        if denied or "NoSuchBucket" in str(error):
            raise CannotStart(f"PULSO_MEDIA_URL: {_reason(error)}") from None
        log.warning("%s: %s", UNAVAILABLE, _reason(error))
    return store


@contextmanager
def reachable() -> Iterator[None]:
    """Turn what obstore raises into NotFound and Unavailable."""
    try:
        yield
    except FileNotFoundError:
        raise NotFound("The file is no longer there") from None
    except (BaseError, OSError) as error:
        log.warning("%s: %s", UNAVAILABLE, _reason(error))
        raise Unavailable(UNAVAILABLE) from None


def _s3(url: SplitResult) -> ObjectStore:
    """Keys, region and endpoint are of the environment, as for every program that speaks S3."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
    # Keys don't travel a network in the clear unless somebody says that they may.
    allow_http = os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true")
    named = urlsplit(endpoint)
    if named.scheme == "http" and not allow_http and named.hostname not in LOOPBACK:
        raise CannotStart("AWS_ENDPOINT_URL: http:// needs AWS_ALLOW_HTTP=true")
    options: ClientConfig = {
        "timeout": timedelta(seconds=60),
        "connect_timeout": timedelta(seconds=5),
        "allow_http": named.scheme == "http",
    }
    return S3Store(
        url.netloc,
        prefix=url.path.strip("/") or None,
        client_options=options,
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
    )


def _reason(error: Exception) -> str:
    # obstore shows the whole answer on the lines that follow.
    return str(error).partition("\n")[0][:300]
