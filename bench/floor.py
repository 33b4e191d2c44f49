"""What storing costs at least: ``python -m bench.floor FILE MESSAGES`` prints seconds and CPU.

The statements that an arriving message needs, on Pulso's own tables with all their indexes, through
``sqlite3`` alone, 64 messages a transaction, each in a savepoint, each commit on the disk.
"""

import sqlite3
import sys
import time

GROUP = 64

FIND = """
SELECT id, contact, alt_contact, name, mode, unread FROM sessions
WHERE bot_id = ? AND (contact IN (?, ?) OR alt_contact IN (?, ?)) ORDER BY created_at LIMIT 1
"""
KNOWN = (
    "SELECT seq FROM messages WHERE bot_id = ? AND id = ? AND (from_me OR session_id = ?) LIMIT 1"
)
ADVANCE = "UPDATE sessions SET last_seq = ?, unread = unread + 1 WHERE id = ?"


def connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=64)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def insert_of(connection: sqlite3.Connection, table: str, row: dict[str, object]) -> str:
    """The statement that puts in those of the row's values that the table has a column for."""
    columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
    names = [name for name in columns if name in row]
    values = ", ".join(f":{name}" for name in names)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values})"


def message_row(bot: str, session: str, number: int, text: str) -> dict[str, object]:
    return {
        "session_id": session,
        "id": f"3EB0F{number:012X}",
        "bot_id": bot,
        "content": text,
        "folded": text,
        "from_me": 0,
        "timestamp": 1_700_000_000.0 + number,
        "type": "text",
        "push_name": "Ana",
        "ack": None,
        "origin": None,
        "failed": None,
    }


def store(path: str, messages: int) -> tuple[float, float]:
    """Store so many, spread over the chats that are there; seconds, and seconds of CPU."""
    connection = connect(path)
    chats = connection.execute("SELECT bot_id, contact FROM sessions").fetchall()
    insert = insert_of(connection, "messages", message_row("", "", 0, ""))
    begin, cpu = time.perf_counter(), time.process_time()
    for first in range(0, messages, GROUP):
        connection.execute("BEGIN IMMEDIATE")
        for number in range(first, min(first + GROUP, messages)):
            bot, contact = chats[number % len(chats)]
            row = message_row(bot, "", number, f"{number} ".ljust(200, "x"))
            connection.execute("SAVEPOINT one")
            found = connection.execute(FIND, (bot, contact, contact, contact, contact)).fetchone()
            row["session_id"] = found[0]
            connection.execute(KNOWN, (bot, row["id"], found[0])).fetchone()
            seq = connection.execute(insert, row).lastrowid
            connection.execute(ADVANCE, (seq, found[0]))
            connection.execute("RELEASE one")
        connection.execute("COMMIT")
    spent = time.perf_counter() - begin, time.process_time() - cpu
    connection.close()
    return spent


if __name__ == "__main__":
    print(*store(sys.argv[1], int(sys.argv[2])))
