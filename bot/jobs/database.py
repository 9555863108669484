"""The database: a SQLite file, or PostgreSQL. DBOS keeps the jobs in it, we keep the model's answers."""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import (
    Column,
    Engine,
    Float,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    delete,
    event,
    insert,
    select,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from bot.errors import Misuse, Unavailable

# https://www.sqlite.org/changes.html: the first in which `unixepoch('subsec')`, which DBOS uses, gives a number.
_SUBSECONDS = (3, 42)
_BUSY_SECONDS = 30
_T = TypeVar("_T")
_tables = MetaData()
_replies = Table(
    "plumbline_replies",
    _tables,
    Column("review", String(200), primary_key=True),
    Column("request", String(64), primary_key=True),
    Column("answer", Text, nullable=False),
    Column("at", Float, nullable=False, index=True),
)


def checked_url(written: str, data: Path) -> str:
    """The database's address: the one that is set, else a file in the data folder. Raises Misuse for any other kind."""
    if not written:
        return f"sqlite:///{data / 'plumbline.db'}"
    try:
        url = make_url(written)
    except ArgumentError:
        raise Misuse("PLUMBLINE_DATABASE_URL is no address of a database; write postgresql://user@host/name.") from None
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if url.get_backend_name() == "sqlite" and url.database:
        return written
    raise Misuse("PLUMBLINE_DATABASE_URL names neither SQLite nor PostgreSQL; write postgresql://user@host/name.")


def is_sqlite(url: str) -> bool:
    """Whether the database is a file: then one process alone works on it."""
    return url.startswith("sqlite")


def refuse_old_sqlite() -> None:
    """Raise Misuse where jobs cannot be kept in SQLite: DBOS writes times that this library does not know."""
    # Python 3.11 has a library of its own that is older, and works: measured with 3.40.1.
    if sys.version_info >= (3, 12) and sqlite3.sqlite_version_info < _SUBSECONDS:
        version = ".".join(map(str, sys.version_info[:2]))
        raise Misuse(
            f"SQLite {sqlite3.sqlite_version} is too old for jobs under Python {version}; "
            "set PLUMBLINE_DATABASE_URL to a PostgreSQL database."
        )


class Database:
    """Our own tables. All methods block, and raise Unavailable where the database does not answer."""

    def __init__(self, url: str, now: Callable[[], float] = time.time) -> None:
        self.url = url
        self._now = now
        options = {"connect_args": {"timeout": _BUSY_SECONDS}} if is_sqlite(url) else {"pool_pre_ping": True}
        self._engine: Engine = create_engine(url, **options)
        if is_sqlite(url):
            event.listen(self._engine, "connect", _in_wal_mode)

    def create(self) -> None:
        """Make the tables that are missing."""
        self._run(lambda: _tables.create_all(self._engine))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def is_writable(self) -> bool:
        """Whether something can be written, and taken back."""
        row = {"review": "", "request": "", "answer": "", "at": 0.0}
        try:
            with self._engine.connect() as connection, connection.begin() as transaction:
                connection.execute(insert(_replies), row)
                transaction.rollback()
        except SQLAlchemyError:
            return False
        return True

    def answer(self, review: str, request: str) -> str | None:
        """The answer to a request of a review, None where there is none."""

        def read() -> str | None:
            wanted = select(_replies.c.answer).where(_replies.c.review == review, _replies.c.request == request)
            with self._engine.connect() as connection:
                found = connection.execute(wanted).scalar()
            return None if found is None else str(found)

        return self._run(read)

    def keep(self, review: str, request: str, answer: str) -> None:
        """Keep an answer; the first one stays."""
        row = {"review": review, "request": request, "answer": answer, "at": self._now()}

        def write() -> None:
            try:
                with self._engine.begin() as connection:
                    connection.execute(insert(_replies), row)
            except IntegrityError:
                # Another run of the same review asked the same at the same time.
                pass

        self._run(write)

    def forget(self, older_than: float) -> int:
        """Delete answers that were kept before this moment (seconds since 1970); give their number."""

        def remove() -> int:
            with self._engine.begin() as connection:
                return connection.execute(delete(_replies).where(_replies.c.at < older_than)).rowcount

        return self._run(remove)

    @staticmethod
    def _run(work: Callable[[], _T]) -> _T:
        try:
            return work()
        except SQLAlchemyError as error:
            raise Unavailable(
                f"The database cannot be used ({type(error).__name__}); look at its disk and logs."
            ) from error


def _in_wal_mode(connection: sqlite3.Connection, _record: object) -> None:
    """Readers do not wait for writers: the slowest of 20 waits took 8 s without, see https://www.sqlite.org/wal.html."""
    connection.execute("PRAGMA journal_mode=WAL")
