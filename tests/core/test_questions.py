"""What a question's model is shown: the diff that fits, a list of the rest, and files in numbered lines."""

from __future__ import annotations

import json

import pytest

from bot.core.diff import Diff
from bot.core.model_rules import RULES
from bot.core.questions import MOST_LINES, diff_of, lines_of_file, material_of, names_in
from bot.core.visible import Shown
from bot.errors import Misuse
from tests.core.changes import added

MODEL = RULES.of("claude-opus-4-6")
LARGE = Diff(
    tuple(added(f"part_{number}.py", *(f"value_{at} = compute({at})" for at in range(1_500))) for number in range(5))
)
SHOWN = Shown(LARGE)


def test_whose_diff_does_not_fit_is_named() -> None:
    """Every file is shown whole, or named among those that are not; none is forgotten."""
    told = json.loads(material_of(SHOWN, range(5), '{"title": "x"}', MODEL))
    lines = {file["path"]: sum(len(hunk["lines"]) for hunk in file["hunks"]) for file in told["diff"]["files"]}
    whole = {path for path, count in lines.items() if count == 1_500}
    assert told["diff_not_whole"]
    assert whole.isdisjoint(told["diff_not_whole"])
    assert whole | {*told["diff_not_whole"]} == {file.path for file in LARGE.files}
    small = json.loads(material_of(SHOWN, (0,), '{"title": "x"}', MODEL))
    assert "diff_not_whole" not in small
    assert json.loads(material_of(SHOWN, (), "{}", MODEL))["diff"] == {"files": []}


def test_the_diff_of_a_file_is_whole() -> None:
    """Also of one that no chunk of a review would hold; another file is an error in a sentence."""
    (file,) = json.loads(diff_of(SHOWN, "part_3.py", MODEL))["files"]
    assert sum(len(hunk["lines"]) for hunk in file["hunks"]) == 1_500
    with pytest.raises(Misuse, match=r"has no file 'other\.py'"):
        diff_of(SHOWN, "other.py", MODEL)


@pytest.mark.parametrize(
    ("first", "last", "numbers"),
    [(1, 400, (1, 400)), (1, 9_999, (1, 400)), (990, 2_000, (990, 1_000)), (-5, 2, (1, 2)), (10, 3, (10, 409))],
)
def test_lines_are_numbered_and_bounded(first: int, last: int, numbers: tuple[int, int]) -> None:
    """Whatever is asked for, no more than so many, and none that there is not."""
    content = b"".join(b"line %d\n" % at for at in range(1, 1_001))
    told = json.loads(lines_of_file("a.txt", content, first, last))
    assert told["lines_in_all"] == 1_000
    assert told["lines"][0] == f"{numbers[0]:>5} |line {numbers[0]}"
    assert told["lines"][-1] == f"{numbers[1]:>5} |line {numbers[1]}"
    assert len(told["lines"]) <= MOST_LINES


def test_what_is_no_text_is_not_shown() -> None:
    """Bytes would tell nobody anything."""
    with pytest.raises(Misuse, match="is no text"):
        lines_of_file("a.png", b"\x89PNG\0\0", 1, 10)
    assert json.loads(lines_of_file("empty", b"", 1, 10))["lines"] == []


def test_folders_are_listed_one_level_deep() -> None:
    """Folders end in a slash; a folder that there is not is an error."""
    names = ("a.py", "lib/b.py", "lib/deep/c.py", "library.py")
    assert json.loads(names_in("", names))["names"] == ["a.py", "lib/", "library.py"]
    assert json.loads(names_in("/lib/", names))["names"] == ["b.py", "deep/"]
    many = json.loads(names_in("x", [f"x/{at:04}" for at in range(700)]))
    assert (len(many["names"]), many["not_listed"]) == (500, 200)
    with pytest.raises(Misuse, match="no folder 'li'"):
        names_in("li", names)
