"""JSON from outside, decoded once into typed structs; what is wrong is named by its field.

Hostile JSON (deep, NaN, lone surrogates, bad UTF-8) is the client's error, wherever in the
document it stands: also in fields nobody reads.
"""

import re
from typing import Any, TypeVar

import msgspec

from handlers.requests.words import words_for
from services.errors import Invalid

T = TypeVar("T")

_AT = re.compile(r" - at `\$\.?(.*?)`$")
_MISSING = re.compile(r"missing required field `([^`]+)`")
# msgspec names this one as our source spells it.
_OWN = re.compile(r"`([a-z_.]+)`$")


def check_text(body: bytes) -> None:
    """Refuse what is not UTF-8: msgspec does not look at that in what it skips."""
    try:
        body.decode()
    except UnicodeDecodeError:
        raise Invalid("The body is not UTF-8") from None


def decode(body: bytes, kind: type[T]) -> T:
    """``body`` as ``kind``, an annotated type. Invalid where it is not."""
    check_text(body)
    decoded: T = convert(body, kind)
    return decoded


def convert(body: bytes | msgspec.Raw, kind: Any, index: int | None = None) -> Any:
    """``decode`` for checked text and any annotation; ``index`` goes into the refusal."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        message, field = explain(str(error))
        raise Invalid(message, field=field, index=index) from None
    except (msgspec.DecodeError, RecursionError):
        raise Invalid("The body is not valid JSON", index=index) from None


def explain(text: str) -> tuple[str, str | None]:
    """msgspec's words as a message of ours and the dotted path of the field."""
    at = _AT.search(text)
    path = at[1] if at else ""
    message = text[: at.start()] if at else text
    path = re.sub(r"\[(\d+|\.\.\.)\]", r".\1", path).lstrip(".")
    missing = _MISSING.search(message)
    own = _OWN.search(message) if message.startswith("no ") else None
    name = missing[1] if missing else _camel(own[1]) if own else None
    if name:
        path = f"{path}.{name}" if path else name
    return words_for(message), path or None


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
