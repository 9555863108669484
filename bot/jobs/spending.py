"""What reviews of an installation cost, in the database: by review, so that what is done twice counts once."""

from __future__ import annotations

from bot.core.orders import Order
from bot.jobs.database import Database

_DAY = 86_400.0
_SPENT, _UNTOLD = "spent", "untold"


class StoredSpending:
    """The spending that the budgets of one review are held against. Days are those of UTC."""

    def __init__(self, database: Database, order: Order) -> None:
        self._database = database
        self._order = order

    def today(self) -> float:
        """The dollars of this day, for all repositories of the installation but without this very review."""
        installation, since = str(self._order.pull.installation), self._database.now() // _DAY * _DAY
        return self._database.spent(_SPENT, installation, since, apart_from=self._order.review)

    def add(self, dollars: float) -> None:
        """Tell what the review cost by now."""
        self._database.spend(_SPENT, str(self._order.pull.installation), self._order.review, dollars)

    def untold(self) -> float:
        """The dollars of this pull request's reviews of which no summary tells."""
        return self._database.spent(_UNTOLD, self._order.series, 0.0)

    def add_untold(self, dollars: float) -> None:
        """Tell what a review cost of which no summary tells."""
        self._database.spend(_UNTOLD, self._order.series, self._order.review, dollars)
