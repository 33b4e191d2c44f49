"""How much of a chat a model gets to read."""

from collections.abc import Sequence

import msgspec

from services.assistant.engine import Turn

# Of a token, in UTF-8: about 4 in English and 3 in Spanish for today's tokenizers, which are each
# a model's own. Counted on the safe side, a server's limit is not met by surprise.
BYTES_A_TOKEN = 3
# What the frame of a message takes beside its text.
TOKENS_A_TURN = 4


def newest(history: Sequence[Turn], tokens: int) -> list[Turn]:
    """The newest turns that fit, oldest first; of the very newest, at least its end."""
    kept: list[Turn] = []
    for turn in reversed(history):
        tokens -= TOKENS_A_TURN + len(turn.text.encode()) // BYTES_A_TOKEN
        if tokens < 0:
            if not kept:
                room = max(1, tokens + len(turn.text.encode()) // BYTES_A_TOKEN) * BYTES_A_TOKEN
                end = turn.text.encode()[-room:].decode(errors="ignore")
                kept.append(msgspec.structs.replace(turn, text=end))
            break
        kept.append(turn)
    kept.reverse()
    return kept
