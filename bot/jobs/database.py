"""The database: a SQLite file, or PostgreSQL. DBOS keeps the jobs in it, we keep the model's answers."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    Boolean,
    Column,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    and_,
    create_engine,
    delete,
    event,
    extract,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from bot.errors import Misuse, Unavailable

# https://www.sqlite.org/changes.html: the first in which `unixepoch('subsec')`, which DBOS uses, gives a number.
_SUBSECONDS = (3, 42)
_BUSY_SECONDS = 30
_ROOM_BYTES = 1_000_000
_PATIENCE_SECONDS = 8
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


_spending = Table(
    "plumbline_spending",
    _tables,
    Column("kind", String(20), primary_key=True),
    Column("account", String(100), primary_key=True),
    Column("review", String(200), primary_key=True),
    Column("dollars", Float, nullable=False),
    Column("at", Float, nullable=False, index=True),
)
# What was delivered, in the order of its coming. What is carried out stays without its content, to be known again.
_inbox = Table(
    "plumbline_inbox",
    _tables,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("delivery", String(200), nullable=False, unique=True),
    Column("content", Text, nullable=False),
    Column("at", Float, nullable=False, index=True),
    Column("is_done", Boolean, nullable=False, index=True),
    Column("claimed_by", String(100), nullable=False),
    Column("claimed_at", Float, nullable=False),
)
_processes = Table(
    "plumbline_processes",
    _tables,
    Column("process", String(100), primary_key=True),
    Column("at", Float, nullable=False),
)
# The clocks of machines differ; that of PostgreSQL is one.
_DATABASE_TIME = extract("epoch", func.clock_timestamp())
_LOCK = 4_711_001
_POSTING = "posting"
_CLAIM_SECONDS = 5.0
_NOBODY = {"claimed_by": "", "claimed_at": 0.0}
# A row that is written to see whether that works; nobody's lease, so it never runs out.
_PROBE, _NEVER = "readyz", 1e12


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


@dataclass(frozen=True, slots=True, order=True)
class Delivered:
    """A delivery that is to be carried out: its number in the order of coming, and what it told of, as JSON."""

    number: int
    content: str


class Database:
    """Our own tables. All methods block, and raise Unavailable where the database does not answer."""

    def __init__(self, url: str, now: Callable[[], float] = time.time) -> None:
        self.url = url
        self.now = now
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
        """Whether something can be written: only what is committed reaches the disk.

        A file of SQLite needs room besides: into what its log has left a little can be written for a while, no more.
        """
        file = self._engine.url.database if is_sqlite(self.url) else None
        if file and shutil.disk_usage(Path(file).parent).free < _ROOM_BYTES:
            return False
        mine = _processes.c.process == _PROBE
        try:
            with self._engine.begin() as connection:
                if not connection.execute(update(_processes).where(mine).values(at=_NEVER)).rowcount:
                    connection.execute(insert(_processes), {"process": _PROBE, "at": _NEVER})
        except IntegrityError:
            # Another process wrote the same at the same time.
            return True
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
        row = {"review": review, "request": request, "answer": answer, "at": self.now()}

        def write() -> None:
            try:
                with self._engine.begin() as connection:
                    connection.execute(insert(_replies), row)
            except IntegrityError:
                # Another run of the same review asked the same at the same time.
                pass

        self._run(write)

    def take(self, delivery: str, content: str) -> bool:
        """Write a delivery down, to be carried out; False where it is known from before."""
        row = {"delivery": delivery, "content": content, "at": self.now(), "is_done": False, **_NOBODY}

        def write() -> bool:
            try:
                with self._engine.begin() as connection:
                    connection.execute(insert(_inbox), row)
            except IntegrityError:
                return False
            return True

        return self._run(write)

    def claim(self, process: str, most: int) -> list[Delivered]:
        """What a process has to carry out next, in the order of its coming.

        Nobody else gets the same, unless it is not done in some seconds: then whoever claimed it has died, or is slow.
        """
        c = _inbox.c
        free = or_(c.claimed_by == process, c.claimed_at < self.now() - _CLAIM_SECONDS)
        first = select(c.number).where(c.is_done.is_(other=False), free).order_by(c.number).limit(most)
        mine = update(_inbox).where(c.number.in_(first.with_for_update(skip_locked=True).scalar_subquery()))
        claimed = mine.values(claimed_by=process, claimed_at=self.now()).returning(c.number, c.content)

        def write() -> list[Delivered]:
            with self._engine.begin() as connection:
                return sorted(Delivered(int(number), str(content)) for number, content in connection.execute(claimed))

        return self._run(write)

    def carried_out(self, numbers: Sequence[int]) -> None:
        """Note that these are done; what they told of is not kept any longer."""
        done = update(_inbox).where(_inbox.c.number.in_(numbers)).values(is_done=True, content="")

        def write() -> None:
            with self._engine.begin() as connection:
                connection.execute(done)

        self._run(write)

    def begin_posting(self, review: str) -> None:
        """Note that a review is being posted from now on."""
        self.keep(review, _POSTING, "")

    def is_posting(self, review: str) -> bool:
        """Whether that was noted, be it in a run that was ended."""
        return self.answer(review, _POSTING) is not None

    def spend(self, kind: str, account: str, review: str, dollars: float) -> None:
        """Note what a review cost by now; the most that was ever told of it counts."""
        key = {"kind": kind, "account": account, "review": review}
        same = and_(*(_spending.c[name] == value for name, value in key.items()))

        def write() -> None:
            with self._engine.begin() as connection:
                known = connection.execute(select(_spending.c.dollars).where(same)).scalar()
                if known is None:
                    connection.execute(insert(_spending), {**key, "dollars": dollars, "at": self.now()})
                elif dollars > known:
                    connection.execute(update(_spending).where(same).values(dollars=dollars))

        self._run(write)

    def spent(self, kind: str, account: str, since: float, *, apart_from: str = "") -> float:
        """The dollars of an account's reviews since then, without those of one."""

        def read() -> float:
            c = _spending.c
            these = and_(c.kind == kind, c.account == account, c.at >= since, c.review != apart_from)
            with self._engine.connect() as connection:
                return float(connection.execute(select(func.sum(c.dollars)).where(these)).scalar() or 0.0)

        return self._run(read)

    def beat(self, process: str) -> bool:
        """Renew the lease of a process, by the clock of the database; False where it had none any more."""

        def write() -> bool:
            with self._engine.begin() as connection:
                renewed = update(_processes).where(_processes.c.process == process).values(at=_DATABASE_TIME)
                if connection.execute(renewed).rowcount:
                    return True
                connection.execute(insert(_processes).values(process=process, at=_DATABASE_TIME))
            return False

        return self._run(write)

    def expire(self, process: str) -> None:
        """Let the lease of a process run out now."""

        def write() -> None:
            with self._engine.begin() as connection:
                connection.execute(update(_processes).where(_processes.c.process == process).values(at=0.0))

        self._run(write)

    def take_over(self, lease: float, work: Callable[[str], None]) -> list[str]:
        """Do the work for each process whose lease ran out, in one process at a time; give their names.

        Who renews late waits for the end of this, and finds that the lease is gone. Whatever breaks here is done again.
        """

        def write() -> list[str]:
            with self._engine.begin() as connection:
                if not connection.execute(select(func.pg_try_advisory_xact_lock(_LOCK))).scalar():
                    return []
                late = (
                    delete(_processes).where(_processes.c.at < _DATABASE_TIME - lease).returning(_processes.c.process)
                )
                gone = [str(process) for process in connection.execute(late).scalars()]
                for process in gone:
                    work(process)
            return gone

        return self._run(write)

    def forget(self, answers_before: float, jobs_before: float) -> int:
        """Delete what was kept before these moments (seconds since 1970); give the number of answers.

        What belongs to jobs are the names of deliveries, and what reviews cost.
        """

        def remove() -> int:
            with self._engine.begin() as connection:
                connection.execute(delete(_spending).where(_spending.c.at < jobs_before))
                connection.execute(delete(_inbox).where(_inbox.c.is_done, _inbox.c.at < jobs_before))
                return connection.execute(delete(_replies).where(_replies.c.at < answers_before)).rowcount

        return self._run(remove)

    def shrink(self) -> None:
        """Give the file's free space back. PostgreSQL does so by itself."""
        if is_sqlite(self.url):
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                self._run(lambda: connection.execute(text("VACUUM")))

    @staticmethod
    def _run(work: Callable[[], _T]) -> _T:
        try:
            return work()
        except SQLAlchemyError as error:
            raise _unavailable(error) from error


async def answered(question: Coroutine[Any, Any, _T]) -> _T:
    """What the jobs' tables answer. Raises Unavailable where they do not, or not soon: GitHub waits for ten seconds.

    Source: https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks
    """
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await question
    except TimeoutError:
        raise Unavailable("The database does not answer; look at its disk and logs.") from None
    except SQLAlchemyError as error:
        raise _unavailable(error) from error


def _unavailable(error: SQLAlchemyError) -> Unavailable:
    return Unavailable(f"The database cannot be used ({type(error).__name__}); look at its disk and logs.")


def _in_wal_mode(connection: sqlite3.Connection, _record: object) -> None:
    """Readers do not wait for writers: the slowest of 20 waits took 8 s without, see https://www.sqlite.org/wal.html."""
    connection.execute("PRAGMA journal_mode=WAL")
