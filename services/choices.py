"""The parts of which the settings choose one of several."""

from __future__ import annotations

import logging
import os
import socket
from importlib import import_module
from typing import TYPE_CHECKING, Any

from services.assistant.engine import AIEngine, SilentEngine
from services.assistant.openai import OpenAIEngine
from services.assistant.scripted import ScriptedEngine
from services.bus.event_bus import EventBus
from services.config import Settings
from services.errors import CannotStart
from services.media.store import MediaStore
from services.server.metrics import Metrics
from services.store import Database
from services.store.ledger import Ledger
from services.store.local_ledger import LocalLedger
from services.store.shared_ledger import WRITERS, SharedLedger
from services.whatsapp.baileys.gateway import BaileysGateway
from services.whatsapp.baileys.shared import SharedBaileysGateway
from services.whatsapp.gateway import Gateway
from services.whatsapp.intake import Intake
from services.whatsapp.simulated.gateway import SimulatedGateway
from services.whatsapp.simulated.phone import LocalPhone, Phone
from services.whatsapp.simulated.shared import SharedSimulatedGateway

if TYPE_CHECKING:
    from services.bus.redis.remote import Remote
    from services.several import Several

log = logging.getLogger(__name__)


def make_bus(settings: Settings, metrics: Metrics) -> EventBus:
    """The bus of a process that is alone."""
    return EventBus(
        history_events=settings.history_events,
        history_seconds=settings.history_seconds,
        history_bytes=settings.history_bytes,
        coalesce_ms=settings.coalesce_ms,
        backlog=(settings.backlog_events, settings.backlog_bytes),
        observe=metrics.observe,
    )


def make_remote(settings: Settings, metrics: Metrics) -> Remote | None:
    """What a process shares with others, as ``PULSO_BUS_URL`` says. None: it is alone."""
    if not settings.several_processes:
        return None
    try:
        # 9 MB and 70 ms, which a process that is alone does without.
        remote: Any = import_module("services.bus.redis.remote")
    except ModuleNotFoundError as error:
        raise CannotStart(f"PULSO_BUS_URL needs pip install 'pulso[redis]': {error}") from None
    made: Remote = remote.Remote(
        settings.bus_url,
        history=(settings.history_events, settings.history_seconds, settings.history_bytes),
        coalesce_ms=settings.coalesce_ms,
        backlog=(settings.backlog_events, settings.backlog_bytes),
        observe=metrics.observe,
    )
    return made


def make_ledger(settings: Settings, bus: EventBus, remote: Remote | None) -> Ledger:
    """Where changes become events: on this process's own bus, or over the one it shares."""
    if remote is None:
        return LocalLedger(Database(settings.database_url), bus)
    database = Database(settings.database_url, writers=WRITERS)
    return SharedLedger(database, remote.publisher, f"{socket.gethostname()}-{os.getpid()}")


def make_several(
    settings: Settings, ledger: Ledger, gateway: Gateway, intake: Intake
) -> Several | None:
    """What holds this process's share of the bots. None: it is alone, and has them all."""
    if not settings.several_processes:
        return None
    made: Several = import_module("services.several").Several(settings, ledger, gateway, intake)
    return made


def make_phone(gateway: Gateway) -> Phone | None:
    """What acts as the phones of simulated bots; None: they are not simulated."""
    return LocalPhone(gateway) if isinstance(gateway, SimulatedGateway) else None


def make_media_store(settings: Settings) -> MediaStore:
    """Where files are kept."""
    if settings.several_processes and settings.media_url == settings.own_media_url:
        log.warning("PULSO_MEDIA_URL: the files of messages are in a folder of this process only")
    spool = settings.data_dir / "spool"
    return MediaStore(settings.media_url, spool, settings.media_max_bytes)


def make_gateway(settings: Settings, ledger: Ledger) -> Gateway:
    """The way to WhatsApp that ``PULSO_WHATSAPP`` names."""
    folder = settings.data_dir / "whatsapp"
    if settings.whatsapp == "baileys":
        url = settings.baileys_url or None
        if settings.several_processes:
            return SharedBaileysGateway(settings.data_dir, settings.database_url, url)
        return BaileysGateway(settings.data_dir, url)
    if settings.several_processes:
        return SharedSimulatedGateway(ledger, settings.simulator_speed)
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
