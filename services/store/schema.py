"""The tables. Times are seconds since 1970; ids are text, as their makers gave them.

A message's ``seq`` is its place in the order of arrival, over all sessions; a session's
``last_seq`` is that of its newest message (0 before the first). "Newest first" and "oldest to
newest" go by these, and need no clock.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts rows by itself only in a column declared INTEGER.
Sequence = BigInteger().with_variant(Integer, "sqlite")

# One row: which store this is, and how many groups of changes it has seen.
marks = Table(
    "marks",
    metadata,
    Column("store", Text, primary_key=True),
    Column("changes", BigInteger, nullable=False),
)

operators = Table(
    "operators",
    metadata,
    Column("id", Text, primary_key=True),
    Column("username", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("bots", JSON, nullable=False),  # a list of bot ids, or "*"
    Column("admin", Boolean, nullable=False),
    Column("created_at", Float(53), nullable=False),
)

# One row: the version of all that operators may.
rights = Table(
    "rights",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", BigInteger, nullable=False),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("id", Text, primary_key=True),
    Column(
        "operator_id", ForeignKey("operators.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("created_at", Float(53), nullable=False),
    Column("expires_at", Float(53), nullable=False),
)

bots = Table(
    "bots",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("wanted", Boolean, nullable=False),  # it should be running
    Column("user_id", Text),  # the WhatsApp account it is linked to
    Column("user_name", Text),
    Column("created_at", Float(53), nullable=False),
    # Over several processes: commands given so far, and whether one of them was to log out.
    Column("asked", BigInteger, nullable=False, server_default=text("0")),
    Column("unlink", Boolean, nullable=False, server_default=false()),
)

# The rest of what is for several processes only: who runs, who holds which bot, how that is doing.
# Their times are by the clock of the database.
processes = Table(
    "processes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("expires", Float(53), nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("bot_id", ForeignKey("bots.id", ondelete="CASCADE"), primary_key=True),
    Column("holder", Text),  # a process, or nobody
    Column("fence", BigInteger, nullable=False),  # higher with each new holder
    Column("expires", Float(53), nullable=False),
)

bot_states = Table(
    "bot_states",
    metadata,
    Column("bot_id", ForeignKey("bots.id", ondelete="CASCADE"), primary_key=True),
    Column("fence", BigInteger, nullable=False),  # whoever reported it held the bot with this one
    Column("state", JSON, nullable=False),
    Column("answered", BigInteger, nullable=False, server_default=text("0")),  # of ``bots.asked``
)

# Events of committed changes that are still to be published, in the order of their bot.
unpublished = Table(
    "unpublished",
    metadata,
    Column("id", Sequence, primary_key=True, autoincrement=True),
    Column("bot_id", Text, nullable=False),  # a bot that is gone still has its last events
    Column("body", Text, nullable=False),
    Column("written_by", Text, nullable=False),  # the process
    Column("at", Float(53), nullable=False),
    Index(None, "bot_id", "id"),
)

# What links a bot to WhatsApp, piece by piece, as its gateway keeps it.
credentials = Table(
    "credentials",
    metadata,
    Column("bot_id", ForeignKey("bots.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("bot_id", ForeignKey("bots.id", ondelete="CASCADE"), nullable=False),
    Column("contact", Text, nullable=False),
    Column("alt_contact", Text),  # the same person's other address
    Column("name", Text),
    Column("mode", Text, nullable=False),  # bot | human
    Column("unread", Integer, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("last_seq", Sequence, nullable=False),
    Column("folded", Text, nullable=False),  # name and numbers, as they are searched
    Column("version", BigInteger, nullable=False),  # how often it has changed
    Column("assignee_id", Text),  # the operator's who has it, who may be gone
    Column("assignee_name", Text),
    Column("state", Text, nullable=False),  # open | resolved | snoozed
    Column("snoozed_until", Float(53)),
    Column("labels", JSON, nullable=False),  # a list of texts
    Column("waiting_since", Float(53)),  # since when the customer waits for a person
    Column("person_at", Float(53)),  # when a person last did something, while they have it
    UniqueConstraint("bot_id", "contact"),
    Index(None, "contact"),
    Index(None, "alt_contact"),
    Index(None, "bot_id", "alt_contact"),
    Index(None, "bot_id", "last_seq"),
    Index(
        "ix_sessions_unread",
        "bot_id",
        "unread",
        sqlite_where=text("unread > 0"),
        postgresql_where=text("unread > 0"),
    ),
    Index(
        "ix_sessions_human",
        "bot_id",
        "mode",  # one value: without statistics SQLite takes the index with more columns that fit
        "assignee_id",
        "state",
        "waiting_since",
        sqlite_where=text("mode = 'human'"),
        postgresql_where=text("mode = 'human'"),
    ),
    *(
        Index(
            f"ix_sessions_{name}",
            *columns,
            sqlite_where=text(f"{name} IS NOT NULL"),
            postgresql_where=text(f"{name} IS NOT NULL"),
        )
        for name, columns in (
            ("waiting_since", ("bot_id", "waiting_since")),
            ("person_at", ("person_at",)),
            ("snoozed_until", ("snoozed_until",)),
        )
    ),
)

session_labels = Table(
    "session_labels",
    metadata,
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("label", Text, primary_key=True),
    Index("ix_session_labels_label", "label", "session_id"),
)

# What operators know of a contact. A contact of several bots has the notes of all of them.
notes = Table(
    "notes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("author_id", Text, nullable=False),
    Column("author_name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("edited_at", Float(53)),
    Index(None, "session_id"),
)

replies = Table(
    "replies",
    metadata,
    Column("id", Text, primary_key=True),
    Column("shortcut", Text, nullable=False, unique=True),
    Column("text", Text, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("id", Text, nullable=False),
    Column("bot_id", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("from_me", Boolean, nullable=False),
    Column("timestamp", Float(53), nullable=False),
    Column("type", Text, nullable=False),
    Column("push_name", Text),
    Column("ack", Text),
    Column("origin", Text),  # bot | operator | phone, for what is from us
    Column("failed", Text),  # why it did not go out
    Column("media", JSON(none_as_null=True)),
    Column("file", Text),  # the key of its file where that is kept; "" where it is to be fetched
    Column("edited", Float(53)),
    Column("deleted", Float(53)),
    Column("reactions", JSON(none_as_null=True)),  # a list of {text, fromMe}
    Column("folded", Text, nullable=False),  # the text as it is searched
    Column("author_id", Text),  # the operator's who wrote it, who may be gone
    Column("author_name", Text),
    Column("quoted", JSON(none_as_null=True)),  # {id, content, type, fromMe}
    Column("waited", Float(53)),  # seconds that the customer waited for this person's answer
    UniqueConstraint("session_id", "id"),
    Index(None, "bot_id", "id"),
    Index(None, "bot_id", "timestamp"),
    Index(None, "session_id", "seq"),
    Index(
        "ix_messages_pending",
        "bot_id",
        sqlite_where=text("ack = 'pending'"),
        postgresql_where=text("ack = 'pending'"),
    ),
    Index(
        "ix_messages_file",
        "bot_id",
        "file",
        sqlite_where=text("file IS NOT NULL"),
        postgresql_where=text("file IS NOT NULL"),
    ),
)

# Files to remove: the key of one, or that of a bot and a slash for all of a bot that is gone.
discards = Table(
    "discards",
    metadata,
    Column("key", Text, primary_key=True),
    Column("at", Float(53), nullable=False),
)
