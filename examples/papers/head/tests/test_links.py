import unittest
from datetime import UTC, datetime, timedelta
from unittest import mock

from papers import links

OPEN = {
    "id": 3,
    "token": "tok",
    "passcode_hash": None,
    "expires_at": datetime.now(UTC) + timedelta(days=1),
}


class Resolve(unittest.TestCase):
    def resolve(self, row):
        with mock.patch("papers.cache.get", return_value=None), mock.patch("papers.db.row", return_value=row):
            return links.resolve("tok")

    def test_an_open_link_is_found(self):
        self.assertEqual(self.resolve(OPEN), OPEN)

    def test_an_expired_link_is_not(self):
        self.assertIsNone(self.resolve(OPEN | {"expires_at": datetime.now(UTC) - timedelta(seconds=1)}))


class Pass(unittest.TestCase):
    def test_a_link_without_passcode_needs_none(self):
        self.assertTrue(links.has_pass(OPEN, ""))

    def test_a_link_with_passcode_needs_its_pass(self):
        link = OPEN | {"passcode_hash": "set"}
        self.assertFalse(links.has_pass(link, "x"))
        self.assertTrue(links.has_pass(link, links.pass_for(link)))
