"""What is said of a value that is not as its type asks: our words for msgspec's."""

import re
from collections.abc import Iterator

# What a text has to look like, by its pattern.
PATTERNS = {
    "^data:image/": "Must be a data: URL of an image",
    "[0-9]|.@.": "Must be a phone number or a WhatsApp address",
    "^[0-9]{1,18}$": "Must be the `before` of a page",
    "^[0-9]{1,18}(-[A-Za-z0-9-]{1,64})?$": "Must be the `before` of a page",
}
TYPES = {
    "str": "Must be text",
    "int": "Must be a whole number",
    "float": "Must be a number",
    "bool": "Must be true or false",
    "array": "Must be a list",
    "object": "Must be an object",
}
NOT_VALID = "Not valid"

# The first that fits; a number in them stays in the words.
_TABLE: tuple[tuple[str, str], ...] = (
    (r"Object missing required field `(.+)`", "Missing {}"),
    (r"Expected `str` of length >= 1", "May not be empty"),
    (r"Expected `str` of length >= (\d+)", "At least {} characters"),
    (r"Expected `str` of length <= (\d+)", "At most {} characters"),
    (r"Expected `array` of length >= 1", "May not be empty"),
    (r"Expected `array` of length <= (\d+)", "At most {} items"),
    (r"Expected `(?:int|float)` >= (-?[\d.]+)", "At least {}"),
    (r"Expected `(?:int|float)` <= (-?[\d.]+)", "At most {}"),
    (r"Invalid (?:enum )?value .*", "Not one of the values there are"),
    (r"no control characters .*", "No control characters"),
    (r"no ISO 8601 .*", "Must be an ISO 8601 time with its offset"),
    (r"no message of the bot's own .*", "A message that was received isn't the bot's own"),
)
_REGEX = re.compile(r"Expected `str` matching regex '(.*)'")
_TYPE = re.compile(r"Expected `([a-z]+)(?: \| [a-z| ]+)?`, got `.*`")


def words_for(text: str) -> str:
    """``text``, a msgspec message without its place, in words for a person."""
    for pattern, words in _TABLE:
        found = re.fullmatch(pattern, text)
        if found:
            return words.format(*found.groups())
    regex = _REGEX.fullmatch(text)
    if regex:
        return PATTERNS.get(regex[1], NOT_VALID)
    kind = _TYPE.fullmatch(text)
    return TYPES.get(kind[1], NOT_VALID) if kind else NOT_VALID


def all_words() -> Iterator[str]:
    """Everything this can say, with the number 8 for those that hold one."""
    for _, words in _TABLE:
        yield words.format("8") if words != "Missing {}" else words.format("name")
    yield from PATTERNS.values()
    yield from TYPES.values()
    yield NOT_VALID
