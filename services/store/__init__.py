"""What Pulso remembers: operators, bots, sessions and messages."""

from services.store.database import Database, StoreUnusable

__all__ = ["Database", "StoreUnusable"]
