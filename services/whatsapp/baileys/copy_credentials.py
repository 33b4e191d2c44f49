"""What links the bots, copied between a folder and the store: ``main.py copy-credentials``.

For the step from one process to several, and back. What was copied from is stale from the moment
the bots run on the copy: two that use the same keys undo each other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services import files
from services.errors import CannotStart
from services.store import Database, credentials
from services.store.starting import cannot_start

LARGEST = 16 * 1024 * 1024  # bytes of a file


def to_store(folder: Path, url: str) -> Iterator[tuple[str, int]]:
    """Each bot of the folder in place of what the store has of it; its id and its pieces."""
    with _opened(url) as database:
        for path in sorted(one.parent for one in folder.glob("*/creds.json")):
            if any(one.stat().st_size for one in path.glob("outbox.ndjson")):
                raise CannotStart(
                    f"{path}: has messages that are not stored yet: run Pulso on it once more"
                )
            pieces = {
                one.name.removesuffix(".json"): files.read(one, LARGEST).decode()
                for one in path.glob("*.json")
            }
            with database.writing() as connection:
                credentials.put(connection, path.name, pieces)
                connection.commit()
            yield path.name, len(pieces)


def to_folder(folder: Path, url: str) -> Iterator[tuple[str, int]]:
    """Each bot of the store in place of what the folder has of it; its id and its pieces."""
    with _opened(url) as database:
        with database.reading() as connection:
            found = credentials.of_all(connection)
        for bot_id, pieces in found.items():
            _refuse_held(database, bot_id)
            path = folder / bot_id
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for one in path.glob("*.json"):
                if one.name.removesuffix(".json") not in pieces:
                    one.unlink()
            for name, value in pieces.items():
                files.replace(path / f"{name}.json", value.encode())
            _refuse_held(database, bot_id)
            yield bot_id, len(pieces)


def _refuse_held(database: Database, bot_id: str) -> None:
    with database.writing() as connection:
        credentials.refuse_held(connection, bot_id)


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    if not url.startswith("postgresql"):
        raise CannotStart("What links the bots is in a store where that is PostgreSQL only")
    with cannot_start():
        database = Database(url)
        try:
            database.open()
            yield database
        finally:
            database.close()
