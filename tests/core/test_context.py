"""What is chosen from the repository for a change: the other code that it cannot be understood without."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.along import Along, with_part
from bot.core.chunking import Budget, Chunk, pack
from bot.core.context import NOTHING_AROUND, Excerpt, Surroundings, size_of, surroundings_of
from bot.core.diff import Diff, FileDiff
from bot.core.model_rules import RULES
from bot.core.tree import planted
from tests.core.changes import added, edited, hunk

RULES_ = RULES.of("claude-opus-4-6")
_PLENTY = 20_000

LINKS = """\
import time
from store import table


class Links:
    ttl_seconds = 3600

    def resolve_link(self, token):
        row = table.find(token)
        return row.document if row.expires_at > time.time() else None

    def revoke_link(self, token):
        table.delete(token)
"""
OTHER = "\n".join(f"def unrelated_{number}(argument):\n    return argument + {number}\n" for number in range(12))


def whole_repository(**files: str) -> dict[str, str]:
    """The repository with these files (`a__py` is `a.py`, `a___b__py` is `a/b.py`) among others that say nothing."""
    named = {name.replace("___", "/").replace("__", "."): text for name, text in files.items()}
    return {"links.py": LINKS, "other.py": OTHER, "README.md": "# Papers\n"} | named


def around(files: Mapping[str, str], *changed: FileDiff, most: int = _PLENTY) -> tuple[Excerpt, ...]:
    """What goes along with the one part of a change."""
    diff, chunk = Diff(changed), part(*changed)
    tree = planted({path: text.encode() for path, text in files.items()})
    hunks = {(piece.file, piece.hunk) for piece in chunk.pieces}
    return surroundings_of(diff, hunks, tree, lambda path: path.startswith("private/")).of(chunk, diff, most, RULES_)


def part(*changed: FileDiff) -> Chunk:
    """The one part of a small change."""
    (chunk,) = pack(Diff(changed), range(len(changed)), Budget(RULES_)).chunks
    return chunk


def shown(excerpts: tuple[Excerpt, ...], path: str) -> str:
    """The lines that are shown of a file."""
    return "\n".join(text for each in excerpts if each.path == path for text in each.texts)


# A parameter that is new, in a function that others call.
SIGNATURE = edited(
    "links.py",
    hunk(
        8,
        8,
        "-    def resolve_link(self, token):",
        "+    def resolve_link(self, token, visitor):",
        "         row = table.find(token)",
    ),
)


def test_callers_of_a_changed_signature_are_shown() -> None:
    """With the function around the call, and why."""
    files = whole_repository(
        web___views__py="def open_page(request):\n    return Links().resolve_link(request.token)\n"
    )
    found = around(files, SIGNATURE)
    assert "Links().resolve_link(request.token)" in shown(found, "web/views.py")
    (caller,) = (each for each in found if each.path == "web/views.py")
    assert caller.numbers == (1, 2)
    assert "resolve_link" in caller.why
    assert not shown(found, "other.py")


def test_the_code_around_the_change_is_shown_and_the_change_is_not_repeated() -> None:
    """The class and the function that hold it, the imports; no line that the part shows anyway."""
    found = around(whole_repository(), SIGNATURE)
    own = [number for each in found if each.path == "links.py" for number in each.numbers]
    assert {1, 2, 5, 10} <= set(own)
    assert not {8, 9} & set(own)


def test_definitions_of_what_is_used_are_shown() -> None:
    """However far away they are."""
    files = whole_repository(
        deep___down___clock__py="# Times.\n\ndef remaining_millis(moment):\n    return (moment - now()) * 1000\n"
    )
    change = edited(
        "links.py", hunk(9, 9, "         row = table.find(token)", "+        left = remaining_millis(row.at)")
    )
    assert "return (moment - now()) * 1000" in shown(around(files, change), "deep/down/clock.py")


@pytest.mark.parametrize(
    ("path", "reader"),
    [
        ("templates/page.html", "<p>{{ link.expires_at }}</p>"),
        ("client/links.ts", "export const left = (link: Link) => link.expiresAt - Date.now();"),
        ("Client/Link.java", "class Link { long left() { return row.getExpiresAt(); } }"),
        ("sql/report.sql", "select token, expires_at from links where expires_at < now();"),
    ],
)
def test_whoever_still_reads_what_was_renamed_is_shown(path: str, reader: str) -> None:
    """In any language, in any spelling."""
    change = edited(
        "links.py",
        hunk(
            10,
            10,
            "-        return row.document if row.expires_at > time.time() else None",
            "+        return row.document if row.valid_until > time.time() else None",
        ),
    )
    files = whole_repository() | {path: f"{reader}\n"}
    assert reader in shown(around(files, change), path)


def test_lists_that_ought_to_know_are_shown() -> None:
    """A guard that names the routes beside the new one does not call anything of the change."""
    routes = 'route("/documents/mine", mine)\nroute("/documents/shared", shared)\nroute("/documents/trash", trash)\n'
    guard = "PROTECTED = [\n    '/documents/mine',\n    '/documents/shared',\n    '/documents/trash',\n]\n"
    files = whole_repository(web___routes__py=routes + 'route("/documents/export", export)\n', web___guard__py=guard)
    change = edited(
        "web/routes.py",
        hunk(3, 3, ' route("/documents/trash", trash)', '+route("/documents/export", export)'),
    )
    assert "'/documents/shared'" in shown(around(files, change), "web/guard.py")


def test_a_key_that_is_built_elsewhere_is_shown() -> None:
    """Two places that spell the same key share nothing else."""
    files = whole_repository(jobs___cleanup__py='def purge(token):\n    cache.drop(f"share-link:{token}")\n')
    change = edited(
        "links.py", hunk(13, 13, "         table.delete(token)", '+        cache.put(f"share-link:{token}")')
    )
    assert "cache.drop" in shown(around(files, change), "jobs/cleanup.py")


def test_what_is_hidden_or_secret_is_not_shown() -> None:
    """Paths that the policy excludes do not leave the machine, nor does a secret beside what is shown."""
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2
    files = whole_repository(
        private___views__py="Links().resolve_link(1)\n",
        web___views__py=f"def page():\n    token = '{secret[:40]}'\n    return Links().resolve_link(token)\n",
    )
    found = around(files, SIGNATURE)
    assert not shown(found, "private/views.py")
    assert "resolve_link" in shown(found, "web/views.py")
    assert secret[:40] not in shown(found, "web/views.py")


def test_a_secret_is_no_name() -> None:
    """Why a piece is shown is told in names of the change; a secret that stands in both is masked in both."""
    secret = "ghp_" + ("a1B2c3D4e5F6g7H8i9J0" * 2)[:36]
    files = whole_repository(web___views__py=f'def page():\n    share_token = "{secret}"\n    return share_token\n')
    change = edited("links.py", hunk(13, 13, "         table.delete(token)", f'+        share_token = "{secret}"'))
    found = around(files, change)
    assert "share_token" in shown(found, "web/views.py")
    assert secret not in repr(found)


def test_the_budget_holds_and_the_best_come_first() -> None:
    """Less room shows fewer pieces, the first ones, never more tokens than there is room for."""
    callers = {f"web/view_{n}.py": f"def page_{n}():\n    return Links().resolve_link({n})\n" for n in range(30)}
    files = whole_repository() | callers
    rich, poor = around(files, SIGNATURE), around(files, SIGNATURE, most=400)
    assert sum(size_of(each, RULES_) for each in poor) <= 400
    assert 0 < len(poor) < len(rich)
    assert around(files, SIGNATURE, most=0) == ()


def test_equal_changes_have_equal_surroundings() -> None:
    """In whatever order the files come."""
    files = whole_repository(web___views__py="Links().resolve_link(1)\n", api___views__py="Links().resolve_link(2)\n")
    assert around(files, SIGNATURE) == around(dict(reversed(files.items())), SIGNATURE)


def test_it_stands_in_the_part_with_its_numbers() -> None:
    """As rows of text, beside the files, under a name of its own."""
    piece = Excerpt("web/views.py", (1, 7), ("def page():", "    return links"), "uses resolve_link")
    told = json.loads(json.dumps(with_part(Along(around=(piece,)), {"files": []})))
    assert told["around"] == [
        {"path": "web/views.py", "why": "uses resolve_link", "lines": ["    1|def page():", "    7|    return links"]}
    ]


def test_without_a_tree_nothing_goes_along() -> None:
    """A bare patch is reviewed by itself."""
    diff = Diff((SIGNATURE,))
    assert surroundings_of(diff, {(0, 0)}, planted({}), lambda _: False) == NOTHING_AROUND
    assert Surroundings().of(part(SIGNATURE), diff, _PLENTY, RULES_) == ()


@given(
    st.dictionaries(st.sampled_from(["a.py", "b.ts", "c.sql", "d.md"]), st.text(max_size=300), max_size=4), st.text()
)
def test_any_repository_is_looked_through(files: dict[str, str], line: str) -> None:
    """Whatever its files hold: nothing is raised, and what is shown are lines that are there."""
    change = added("new.py", *line.replace("\r", "").split("\n"))
    texts = {path: text.encode("utf-8", "surrogatepass").decode("utf-8", "replace") for path, text in files.items()}
    for each in around(texts, change):
        last = texts[each.path].replace("\r\n", "\n").count("\n") + 1
        assert all(1 <= number <= last for number in each.numbers)
        assert len(each.numbers) == len(each.texts)
