"""The service's log: a line of JSON for each thing that happened. It names things; it never holds code or a secret.

What belongs to one job carries its delivery, installation, repository, pull request and job:
https://www.structlog.org/en/stable/contextvars.html
"""

from __future__ import annotations

import logging
import sys
from contextlib import AbstractContextManager

import structlog

from bot.core.orders import Order

_OURS: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


# A review that a newer order ends is cancelled; DBOS tells of it as a warning, and at the end as an error.
_EXPECTED = ("Asyncio task cancelled", "was cancelled during execution", "no longer owned by this execution")


def configure() -> None:
    """Write to standard error, what libraries log as well."""
    tail: list[structlog.typing.Processor] = [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[*_OURS, _without_frames, *tail],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_OURS, _without_frames],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tail],
        )
    )
    handler.addFilter(_is_news)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def adopt(*names: str) -> None:
    """Have libraries that came with a log of their own write to this one."""
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True


def about(order: Order) -> AbstractContextManager[None]:
    """All that is logged within belongs to this job."""
    return structlog.contextvars.bound_contextvars(
        delivery=order.delivery,
        installation=order.pull.installation,
        repository=order.pull.repository,
        pull=order.pull.number,
        job=order.name,
    )


def _is_news(record: logging.LogRecord) -> bool:
    """Whether what a library logs is worth a line."""
    error = record.exc_info[0] if record.exc_info else None
    is_cancelled = error is not None and error.__name__.endswith("CancelledError")
    return not is_cancelled and not any(words in record.getMessage() for words in _EXPECTED)


def _without_frames(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Of an exception, where it came up: its message could quote what a repository or a model wrote."""
    raised = event.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()
    error = raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        event["exception"] = type(error).__name__
        event["frames"] = [f"{frame}:{line}" for frame, line in _frames(error)]
    return event


def _frames(error: BaseException) -> list[tuple[str, int]]:
    places, trace = [], error.__traceback__
    while trace is not None:
        places.append((trace.tb_frame.f_globals.get("__name__", "?"), trace.tb_lineno))
        trace = trace.tb_next
    return places[-12:]
