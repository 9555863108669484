"""The database: one pool for the process, rows as dictionaries."""

from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from papers.settings import settings

pool = ConnectionPool(settings.database_url, kwargs={"row_factory": dict_row}, open=False)


def rows(sql, params=()):
    with pool.connection() as connection:
        return connection.execute(sql, params).fetchall()


def row(sql, params=()):
    with pool.connection() as connection:
        return connection.execute(sql, params).fetchone()


def run(sql, params=()):
    with pool.connection() as connection:
        connection.execute(sql, params)
