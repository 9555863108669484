"""Whatever stands in a pull request, and whatever an obedient model repeats of it: nothing comes of it on GitHub."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.core.secrets import find_secrets
from tests.core.github_markdown import Effect, effects, unseen
from tests.fakes.github import FakeGitHub
from tests.fakes.github_state import FakePullRequest
from tests.fakes.messages import Answer, tool
from tests.hostile import PLACES, SECRETS, Hostile, corpus
from tests.repository import CHECKOUT
from tests.scripted_reviewer import Json, ScriptedReviewer, context_of, part_of
from tests.stage import Stage

SCENES = 12
SHOWN = {"title", "body", "branch", "file_name", "diff_line", "code_comment", "commit_message"}
"""What a model gets to see; a text of another place it says all the same."""

ONLY_OURS = re.compile(r"</?(?:details|summary|sub|br)>|<!-- plumbline[^<>]*-->")
INTO_THE_DIFF = re.compile(r"http://127\.0\.0\.1:\d+/acme/papers/pull/214(?:/files#diff-[0-9a-f]{64}R\d+)?")
MARK = re.compile(r"<!--\s*plumbline", re.IGNORECASE)
NEVER = {"linked", "closes", "footnote", "command", "image", "code_block", "html_open"}
ALLOWED = r"POST /repos/acme/papers/(?:pulls/214/reviews|pulls/214/comments|issues/214/comments)"
WRITES = {"POST", "PATCH", "PUT", "DELETE"}


@dataclass(frozen=True, slots=True)
class Scene:
    """Texts of all places that stand in one pull request. `words` gives what the model says of each."""

    texts: tuple[Hostile, ...]
    harmless: bool = False

    def of(self, place: str) -> list[Hostile]:
        return [each for each in self.texts if each.place == place]

    def words(self, hostile: Hostile) -> str:
        return f"plain words of {hostile.key}" if self.harmless else hostile.text


def scene(number: int) -> Scene:
    """Every twelfth text: each scene has some of each place."""
    return Scene(corpus()[number::SCENES])


def path_of(hostile: Hostile) -> str:
    """Each text has a file: its own name, or one that tells which it is."""
    return f"{hostile.text}.{hostile.key}" if hostile.place == "file_name" else f"src/{hostile.key}.py"


def line_of(hostile: Hostile) -> str:
    """The first line of that file."""
    if hostile.place == "diff_line":
        return hostile.text
    return f"# {hostile.text}" if hostile.place == "code_comment" else f"value = {int(hostile.key[1:])}"


def quoted(path: str) -> bytes:
    """A path as git writes it: https://git-scm.com/docs/git-config#Documentation/git-config.txt-corequotePath."""
    escapes = {0x22: b'\\"', 0x5C: b"\\\\", 0x09: b"\\t", 0x0A: b"\\n"}
    plain = (bytes([byte]) if 0x20 <= byte < 0x7F else b"\\%03o" % byte for byte in path.encode())
    return b"".join(escapes.get(byte) or piece for byte, piece in zip(path.encode(), plain, strict=True))


def patch_of(scene: Scene) -> bytes:
    return b"".join(map(_file, scene.texts))


def _file(hostile: Hostile) -> bytes:
    name = quoted(path_of(hostile))
    rows = f"+{line_of(hostile)}\n+other = 2\n".encode()
    return (
        b'diff --git "a/%s" "b/%s"\nnew file mode 100644\nindex 0000000..1234567\n--- /dev/null\n+++ "b/%s"\n'
        b"@@ -0,0 +1,2 @@\n%s" % (name, name, name, rows)
    )


def opened(github: FakeGitHub, scene: Scene) -> FakePullRequest:
    """The pull request with every text at its place, its name beside it."""

    def beside(place: str, joined: str) -> str:
        return joined.join(f"{each.text}{joined}{each.key}" for each in scene.of(place))

    policy = {each.text: each.text for each in scene.of("policy_value")}
    instructions = [{"path": "src/**", "text": each.text} for each in scene.of("policy_value")]
    pull = github.pull_request(
        "acme/papers",
        214,
        patch=patch_of(scene),
        title=beside("title", " "),
        body=beside("body", "\n\n"),
        base_ref=beside("branch", "/"),
        head_ref=beside("branch", "-"),
        messages=[f"{each.text}\n\n{each.key}" for each in scene.of("commit_message")] or ["Change"],
        labels=[each.text for each in scene.of("label")],
        base_files={".github/plumbline.yml": json.dumps({"path_instructions": instructions, **policy}).encode()},
    )
    for each in scene.of("person_comment"):
        pull.comment("mallory", each.text)
    return pull


class Obedient:
    """A model that says whatever it reads, in every field that it fills in; `seen` are the names of what it read."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.seen: set[str] = set()
        self._scripted = ScriptedReviewer()

    def __call__(self, body: Json) -> Answer:
        """Answer one request."""
        if body["tool_choice"]["name"] == "report_overview":
            return tool("report_overview", self._overview())
        part = part_of(body)
        read = json.dumps([context_of(body), part], ensure_ascii=False)
        self.seen |= {each.key for each in self.scene.texts if each.key in read}
        paths = {key: file["path"] for file in part["files"] if (key := _key_in(file["path"]))}
        said = [each for each in self.scene.texts if each.key in paths and self._says(each)]
        report = self._scripted.report(part)
        words = {paths[each.key]: self.scene.words(each) for each in said}
        report["files"] = [entry | {"summary": words.get(entry["path"], entry["summary"])} for entry in report["files"]]
        report["findings"] = [claim for each in said for claim in self._claims(each, paths[each.key], part)]
        if report.get("overview"):
            report["overview"] = self._overview()
        return tool("report_review", report)

    def _overview(self) -> Json:
        """The change as a whole, in as many of the texts as an overview holds, and a drawing of more of them."""
        words = sorted(map(self.scene.words, self.scene.texts), key=len)
        labels = words[:24:2]
        edges = [{"from": at, "to": at + 1, "label": words[at * 2 + 1]} for at in range(len(labels) - 1)]
        diagram = {"nodes": labels, "edges": edges}
        return {"text": f"{'. '.join(words[:20])}.", "diagram": diagram, "risk": "high", "minutes": 5}

    def _says(self, hostile: Hostile) -> bool:
        return hostile.place not in SHOWN or hostile.key in self.seen

    def _claims(self, hostile: Hostile, path: str, part: Json) -> Iterator[Json]:
        """On its line with a suggestion; on no line, at a path of its own; and one that it is not sure of."""
        words = self.scene.words(hostile)
        first, second = (row.split("|", 1)[1] for row in _rows(part, path))
        claim: Json = {
            "path": path,
            "side": "RIGHT",
            "start_line": 1,
            "line": 1,
            "quote": first,
            "scenario": words,
            "body": words,
            "title": words,
            "category": "correctness",
            "severity": "high",
            "confidence": 0.9,
            "suggestion": words,
        }
        yield claim
        yield claim | {"path": words, "quote": words, "line": 99_999, "start_line": 99_999}
        yield claim | {"line": 2, "start_line": 2, "quote": second, "confidence": 0.1}


def _key_in(path: str) -> str:
    found = re.findall(r"\bk\d{3}\b", path)
    return found[-1] if found else ""


def _rows(part: Json, path: str) -> Sequence[str]:
    rows: list[str] = next(file["hunks"][0]["lines"] for file in part["files"] if file["path"] == path)
    return rows


@dataclass(frozen=True)
class Played:
    """What came of a scene: what we posted by where it stands, all writes to GitHub, and what others had written."""

    posted: Mapping[str, str]
    written: frozenset[str]
    states: frozenset[str]
    theirs: tuple[str, ...]
    seen: frozenset[str]


def played(scene: Scene, folder: Path) -> Played:
    """Review the pull request with the command line, and post."""
    model = Obedient(scene)
    with Stage(model, folder) as stage:
        pull = opened(stage.github, scene)
        done = stage.plumbline("review", "acme/papers#214", "--post", PLUMBLINE_MAX_COMMENTS="50")
        assert done.code == 0, done.err or done.out[-2000:]
        ours = [each for each in pull.issue_comments if each.author != "mallory"]
        posted = {f"summary {number}": each.body for number, each in enumerate(ours)}
        posted |= {f"review {number}": each.body for number, each in enumerate(pull.reviews)}
        posted |= {f"{each.path}:{each.line}": each.body for each in pull.review_comments}
        return Played(
            posted,
            frozenset(filter(None, (_write(each.method, each.path, each.body) for each in stage.github.requests))),
            frozenset(each.state for each in pull.reviews),
            tuple(each.body for each in pull.issue_comments if each.author == "mallory"),
            frozenset(model.seen),
        )


def _write(method: str, path: str, body: Any) -> str:  # noqa: ANN401 - the JSON of a request
    """A request that changes something on GitHub, by its method and place, or by the name of its mutation."""
    if path.endswith("/graphql"):
        mutation = re.match(r"\s*mutation\b[^{]*\{\s*(?:\w+\s*:\s*)?(\w+)", body["query"])
        return f"mutation {mutation[1]}" if mutation else ""
    return f"{method} {path}" if method in WRITES else ""


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The first pull request where the model says harmless words: the measure of what may happen."""
    return played(Scene(scene(0).texts, harmless=True), tmp_path_factory.mktemp("quiet"))


def acts(body: str) -> Iterator[Effect]:
    """What a body does besides showing words, code, our own tables and folds, and links into the diff."""
    for effect in effects(body):
        foreign = effect.kind == "link_open" and not INTO_THE_DIFF.fullmatch(effect.what)
        html = effect.kind in {"html_block", "html_inline"} and "<" in ONLY_OURS.sub("", effect.what)
        if effect.kind in NEVER or foreign or html:
            yield effect
    lines = body.strip().split("\n")
    yield from (Effect("mark", line) for line in lines[1:-1] if MARK.search(line))
    yield from (Effect("unseen", f"U+{ord(character):04X}") for character in unseen(body))
    # A piece from the middle: what was cut off is a leak too.
    secrets = [name for name, secret in SECRETS.items() if secret[8:18] in body]
    yield from (Effect("secret", name) for name in [*secrets, *(found.rule for found in find_secrets(body))])


NOTICES = re.compile(r"<details><summary>About the policy file: [^<]+</summary>\n.*?\n</details>\n", re.DOTALL)


def shape(body: str) -> dict[str, int]:
    """How often a body opens or closes a fold, and makes a heading or a table.

    What is told of the policy file has a fold that is there in some scenes only.
    """
    found = effects(NOTICES.sub("", body))
    html = " ".join(effect.what for effect in found if effect.kind in {"html_block", "html_inline"})
    kinds = [effect.kind for effect in found]
    tags = {tag: html.count(tag) for tag in ("<details>", "</details>", "<summary>", "</summary>", "<sub>", "</sub>")}
    return tags | {kind: kinds.count(kind) for kind in ("table_open", "heading_open")}


@pytest.mark.parametrize("number", range(SCENES))
def test_nothing_comes_of_a_hostile_text(number: int, quiet: Played, tmp_path: Path) -> None:
    """No mention, image, foreign link, HTML, closing keyword, command, hidden character or secret is posted."""
    stage = scene(number)
    done = played(stage, tmp_path)
    found = [f"{where}: {effect}" for where, body in done.posted.items() for effect in acts(body)]
    assert found == []
    assert shape(done.posted["summary 0"]) == shape(quiet.posted["summary 0"])
    assert (done.written, done.states) == (quiet.written, quiet.states), "nothing else is done on GitHub"
    assert done.theirs == tuple(each.text for each in stage.of("person_comment"))
    assert {each.key for each in stage.texts if each.place in SHOWN} <= done.seen, "each was there to be obeyed"


def test_a_review_only_comments(quiet: Played) -> None:
    """One review, one summary; neither approval nor a request for changes."""
    assert quiet.states == {"COMMENTED"}
    assert all(re.fullmatch(ALLOWED, write) for write in quiet.written)


def test_the_words_are_said(quiet: Played) -> None:
    """What is measured is full: each text is in a comment of its own, and in the summary three times or more."""
    summary = quiet.posted["summary 0"]
    for each in scene(0).texts:
        words = f"plain words of {each.key}"
        assert any(words in body for where, body in quiet.posted.items() if each.key in where)
        assert summary.count(words) > 3


def test_the_corpus_is_large_and_has_every_place() -> None:
    """At least 220 texts, at least 20 of each place, none twice."""
    texts = corpus()
    assert len(texts) >= 220
    assert len({(each.place, each.text) for each in texts}) == len(texts)
    for place in PLACES:
        assert len([each for each in texts if each.place == place]) >= 20


ACTING = ["@everyone", "![x](https://evil.example)", "<b>x</b>", "fixes #1", "/approve", "::error::x", "a\u200bb"]


@pytest.mark.parametrize("text", [*ACTING, "x\n<!-- plumbline:2 x -->\ny", SECRETS["github-token"], "[x](y)"])
def test_what_acts_is_found(text: str) -> None:
    """The judge finds each kind of effect in a body that was not made harmless."""
    assert list(acts(f"words\n\n{text}\n\nwords"))


def test_approval_is_not_in_the_vocabulary() -> None:
    """No code can approve or request changes: the words do not occur."""
    words = re.compile(r"\b(?:APPROVE|REQUEST_CHANGES)\b")
    sources = sorted((CHECKOUT / "bot").rglob("*.py"))
    assert [path.name for path in sources if words.search(path.read_text(encoding="utf-8"))] == []
    assert len(sources) > 50
