"""The parts of which the settings choose one of several."""

from services.assistant.engine import AIEngine, SilentEngine
from services.assistant.openai import OpenAIEngine
from services.assistant.scripted import ScriptedEngine
from services.config import Settings
from services.whatsapp.baileys.gateway import BaileysGateway
from services.whatsapp.gateway import Gateway
from services.whatsapp.simulated.gateway import SimulatedGateway


def make_gateway(settings: Settings) -> Gateway:
    """The way to WhatsApp that ``PULSO_WHATSAPP`` names."""
    folder = settings.data_dir / "whatsapp"
    if settings.whatsapp == "baileys":
        return BaileysGateway(settings.data_dir, settings.baileys_url or None)
    return SimulatedGateway(folder, settings.simulator_speed)


def make_engine(settings: Settings) -> AIEngine:
    """What answers customers, as ``PULSO_AI`` says."""
    if settings.ai == "openai":
        return OpenAIEngine(
            settings.ai_base_url,
            settings.ai_model,
            settings.ai_api_key,
            timeout=settings.ai_timeout_seconds,
            context_tokens=settings.ai_context_tokens,
        )
    return SilentEngine() if settings.ai == "off" else ScriptedEngine()
