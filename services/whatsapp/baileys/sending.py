"""A message on its way to the WhatsApp process: what the command says, and how long it may take."""

from collections.abc import Mapping

import msgspec

from services.bus.events import Quoted
from services.whatsapp.gateway import OutgoingFile

SEND_PATIENCE = 30.0  # seconds for a send, over every reconnection it takes
FILE_PATIENCE = 180.0  # for one with a file, which has to be uploaded first
ANSWER_PATIENCE = 4.0  # seconds beyond it in which the process says what came of it
NOT_TAKEN = "WhatsApp did not take the message within 30 s"
UNKNOWN = "It is not known whether WhatsApp took the message"


def fields_of(
    chat_id: str, message_id: str, text: str, quoted: Quoted | None, file: OutgoingFile | None
) -> Mapping[str, object]:
    """The command's fields."""
    fields: dict[str, object] = {"chatId": chat_id, "messageId": message_id, "text": text}
    if quoted is not None:
        fields["quoted"] = msgspec.to_builtins(quoted)
    if file is not None:
        fields["file"] = msgspec.to_builtins(file)
    return fields
