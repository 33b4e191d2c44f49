"""A store of an earlier version becomes one of ours, with all that is in it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from services.store import Database, messages, search, session_lists
from services.store.migrate import SCRIPTS
from services.store.session_lists import Shown


def of_the_first_version(folder: Path, count: int) -> Database:
    """A store with one bot, one session and ``count`` messages, before the search's index."""
    database = Database(f"sqlite:///{folder / 'pulso.db'}")
    with database.writing() as connection:
        config = Config()
        config.set_main_option("script_location", str(SCRIPTS))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO bots VALUES ('b', 'B', 0, NULL, NULL, 1.0)"))
        connection.execute(
            text(
                "INSERT INTO sessions VALUES ('s', 'b', '34600@s.whatsapp.net', NULL, 'Ángel',"
                " 'bot', 0, 1.0, :last)"
            ),
            {"last": count},
        )
        connection.execute(
            text(
                "INSERT INTO messages (session_id, id, bot_id, content, from_me, timestamp, type)"
                " VALUES ('s', :id, 'b', :content, 0, 1.0, 'text')"
            ),
            [{"id": f"M{n}", "content": f"SEÑAL {n}"} for n in range(count)],
        )
        connection.commit()
    return database


def test_what_was_written_before_the_index_is_found_by_it(tmp_path: Path) -> None:
    database = of_the_first_version(tmp_path, 5_000)
    database.open()
    with database.reading() as connection:
        for query, seq in (
            ("señal 4999", 5_000),
            ("senal 0", 1),
            ("ÁNGEL", None),
            ("+34 600", None),
        ):
            [hit], _ = search.search(connection, ["b"], query, before=None, limit=5)
            assert (hit.session_id, hit.message_seq) == ("s", seq)
        [row] = session_lists.page(connection, ["b"], Shown(), limit=5)
        assert (row.name, row.last_content) == ("Ángel", "SEÑAL 4999")
        assert len(messages.page(connection, "s", limit=6_000)) == 5_000
    database.close()


def test_a_migration_that_is_cut_short_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    database = of_the_first_version(tmp_path, 10)
    with database.writing() as connection:
        # What the second version makes stands there already: its step fails half-way.
        connection.execute(text("CREATE TABLE message_search (x)"))
        connection.commit()
    try:
        database.open()
    except Exception as error:
        assert "message_search" in str(error)
    else:
        raise AssertionError("it has to fail")
    with database.reading() as connection:
        columns = connection.execute(text("PRAGMA table_info(messages)")).all()
        assert "folded" not in {column.name for column in columns}
        assert (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0001"
        )
    database.close()
