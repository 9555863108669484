import unittest

from papers.permissions import Denied, at_least, require

DOCUMENT = {"id": 7, "workspace_id": 1, "locked": False}


class Require(unittest.TestCase):
    def test_roles_include_the_lower_ones(self):
        self.assertTrue(at_least("owner", "editor"))
        self.assertFalse(at_least("viewer", "editor"))

    def test_another_workspace_is_denied(self):
        with self.assertRaises(Denied):
            require({"id": 1, "workspace_id": 2, "role": "owner"}, DOCUMENT, "viewer")


if __name__ == "__main__":
    unittest.main()
