"""A few flows in Spanish and English, by words: order, hours, a person; for trying Pulso out."""

import re
import unicodedata
from collections.abc import Sequence

from services.assistant.engine import Answer, SilentEngine, Turn

# Words as `_words` leaves them: lower case, without accents. The first topic that fits counts.
TOPICS: tuple[tuple[str, str], ...] = (
    ("person", "humano persona agente asesor operador human agent person"),
    ("order", "pedido orden envio paquete order parcel delivery package"),
    ("hours", "horario hora horas abren abierto cierran hours open close"),
    ("thanks", "gracias thanks thank thx"),
    ("bye", "adios chau chao hasta bye goodbye"),
    ("greeting", "hola buenas buenos hello hi hey good"),
)
ENGLISH = (
    "agent and are bye can close delivery do for good goodbye have hello hey hi hours how human"
    " i is it my of open order package parcel person please thank thanks the thx to want what"
    " when where you your"
)
REPLIES = {
    "greeting": (
        "¡Hola! ¿En qué puedo ayudarte? Puedo contarte nuestro horario o el estado de tu pedido.",
        "Hello! How can I help? I can tell you our opening hours or the state of your order.",
    ),
    "hours": (
        "Abrimos de lunes a viernes de 9 a 18 h y los sábados de 10 a 14 h.",
        "We are open Monday to Friday from 9 to 18 h and on Saturdays from 10 to 14 h.",
    ),
    "order": (
        "¿Cuál es el número de tu pedido?",
        "What is the number of your order?",
    ),
    "number": (
        "Tu pedido {} está en camino y llega mañana.",
        "Your order {} is on its way and arrives tomorrow.",
    ),
    "person": (
        "Claro, una persona de nuestro equipo te responde enseguida.",
        "Of course, somebody of our team will answer you shortly.",
    ),
    "thanks": ("¡De nada! ¿Algo más?", "You're welcome! Anything else?"),
    "bye": ("¡Hasta pronto!", "See you soon!"),
    "fallback": (
        "No te entendí del todo. Puedo contarte nuestro horario o el estado de tu pedido,"
        " o pasarte con una persona.",
        "I'm not sure I understood. I can tell you our opening hours or the state of your order,"
        " or pass you on to a person.",
    ),
}


class ScriptedEngine(SilentEngine):
    """A few flows in Spanish and English; the same chat always gets the same answer."""

    async def answer(self, history: Sequence[Turn]) -> Answer | None:
        asked = " ".join(_unanswered(history))
        if not asked.strip():
            return None
        words = _words(asked)
        topic = next((name for name, keys in TOPICS if _share(words, keys)), "fallback")
        number = next((word for word in words if re.fullmatch(r"\d{3,}", word)), None)
        wanted = REPLIES["order"]
        was_asked = any(turn.from_me and turn.text in wanted for turn in history[-6:])
        if number and (topic == "order" or (topic == "fallback" and was_asked)):
            topic = "number"
        reply = REPLIES[topic][_speaks_english(history)]
        return Answer(reply.format(number), hand_over=topic == "person")


def _unanswered(history: Sequence[Turn]) -> list[str]:
    texts: list[str] = []
    for turn in reversed(history):
        if turn.from_me:
            break
        texts.insert(0, turn.text)
    return texts


def _speaks_english(history: Sequence[Turn]) -> bool:
    # The newest message that shows its language decides; a number shows none.
    for turn in reversed(history):
        words = _words(turn.text)
        if not turn.from_me and any(not word.isdecimal() for word in words):
            return _share(words, ENGLISH)
    return False


def _share(words: list[str], keys: str) -> bool:
    return not set(words).isdisjoint(keys.split())


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.lower())
    return re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)))
