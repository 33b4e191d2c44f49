"""Which characters text from outside may not hold."""

import re

# In names, ids and whatever else stands on one line: no control character (C0, DEL, C1), and
# neither of the two separators that JavaScript and some editors take for the end of a line.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# A message keeps its lines and tabs; nothing else below the space has a meaning in a chat.
NOT_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# What nobody sees, so that two names look the same, and what turns the direction of all that
# follows it (UTS #39, UAX #9): not in a name that people tell each other apart by. The two joiners
# belong to emoji and to Persian, Hindi and others: between two characters beyond ASCII only.
HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
    "|(?<![^\x00-\x7f\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f\u200c\u200d])"
)


def is_name(text: str) -> bool:
    """Whether people can read all of it: nothing invisible, and no space around it."""
    return bool(text) and text == text.strip() and not (CONTROL.search(text) or HIDDEN.search(text))
