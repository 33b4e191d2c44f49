"""Which characters text from outside may not hold."""

import re

# In names, ids and whatever else stands on one line: no control character (C0, DEL, C1), and
# neither of the two separators that JavaScript and some editors take for the end of a line.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# A message keeps its lines and tabs; nothing else below the space has a meaning in a chat.
NOT_IN_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
