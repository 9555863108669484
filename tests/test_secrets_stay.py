"""Secrets never leave: every kind, in every place where a review reads other people's text, over real HTTP.

All kinds stand in one review, each with characters of its own for each place; so a leak names the kind and the place.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bot import settings, wiring
from bot.core.cost import PRICES
from bot.core.rendering.annotations import workflow_commands
from bot.core.rendering.document import document
from bot.core.rendering.markdown import markdown
from bot.core.rendering.sarif import sarif
from bot.core.rendering.terminal import as_text, terminal
from bot.errors import BotError
from bot.progress import Progress
from tests.chronicle import is_write
from tests.fakes import chat
from tests.fakes.chat import FakeChat
from tests.fakes.messages import Answer, http_error, tool
from tests.scripted_reviewer import asks_overview, part_of, rows_of
from tests.secret_kinds import DASHES, TOKENS, expand
from tests.stage import Stage

Json = dict[str, Any]
PULL = "acme/shop#7"
# One template of each kind, and a key of several lines.
KINDS = dict(reversed(TOKENS))
_WINDOW = 12


@dataclass
class Seeds:
    """Secrets as they were strewn: by place and kind, the characters that must not be seen again."""

    hidden: dict[tuple[str, str], str] = field(default_factory=dict)

    def lines(self, place: str) -> list[str]:
        """A line of text for each kind."""
        return [self.line(place, kind) for kind in KINDS]

    def line(self, place: str, kind: str) -> str:
        """A line with a secret of this kind, which nothing else in the review has."""
        text, start, end = expand(KINDS[kind], _seed(place))
        self.hidden[place, kind] = text[start:end]
        return text

    def private_key(self, place: str) -> list[str]:
        """The lines of a private key."""
        body = [expand(f"[b64]{number}", _seed(place))[0][:64] for number in range(8)]
        self.hidden[place, "private-key"] = "".join(body)
        return [f"{DASHES}BEGIN PRIVATE KEY{DASHES}", *body, f"{DASHES}END PRIVATE KEY{DASHES}"]

    def leaks(self, texts: Mapping[str, str]) -> list[str]:
        """Where any twelve characters in a row of a secret stand, as they are or encoded: place, kind, and where."""
        everything = "\0".join(texts.values())
        return [
            f"{kind} of {place} in {name}"
            for (place, kind), secret in self.hidden.items()
            if any(form in everything for form in _forms(secret))
            for name, text in texts.items()
            if any(form in text for form in _forms(secret))
        ]


def _seed(place: str) -> int:
    return sum(place.encode()) * 7 + len(place)


def _forms(secret: str) -> Iterator[str]:
    """Its pieces, and the whole as a program might carry it on."""
    ends = {min(at + _WINDOW, len(secret)) for at in range(0, len(secret), _WINDOW // 2)}
    yield from (secret[max(end - _WINDOW, 0) : end] for end in ends)
    yield base64.b64encode(secret.encode()).decode().rstrip("=")
    yield quote(secret, safe="")


@contextlib.contextmanager
def variables(known: Mapping[str, str]) -> Iterator[None]:
    """These settings and no others."""
    before = dict(os.environ)
    kept = {name: value for name, value in before.items() if name in {"PATH", "HOME"}}
    os.environ.clear()
    os.environ.update(kept | dict(known))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def review(**options: Any) -> wiring.Done:  # noqa: ANN401 - fields of a request
    watch = Progress(None, PRICES["provider"])
    request = wiring.Request(pull_request=PULL, fresh=True, **options)
    return asyncio.run(wiring.review(request, settings.load(), watch, sleep=lambda _: None))


def patch_of(seeds: Seeds) -> bytes:
    """A change whose context, removed and added lines hold every kind; some in files of other kinds."""
    context, removed, added = (seeds.lines(f"{place} lines") for place in ("context", "removed", "added"))
    rows = [f" {line}" for line in context] + [f"-{line}" for line in removed] + [f"+{line}" for line in added]
    key = [f"+{line}" for line in seeds.private_key("added lines")]
    sizes = len(context) + len(removed), len(context) + len(added)
    section = seeds.line("section", "github-token")
    return "\n".join(
        [
            *("diff --git a/app.txt b/app.txt", "--- a/app.txt", "+++ b/app.txt"),
            f"@@ -1,{sizes[0]} +1,{sizes[1]} @@ {section}",
            *rows,
            *("diff --git a/key.py b/key.py", "new file mode 100644", "--- /dev/null", "+++ b/key.py"),
            f"@@ -0,0 +1,{len(key)} @@",
            *key,
            "",
        ]
    ).encode()


def policy_of(seeds: Seeds) -> bytes:
    """Instructions of the base branch that hold every kind."""
    told = "\n".join(seeds.lines("instructions"))[:3_900]
    return json.dumps({"path_instructions": [{"path": "**", "instructions": told}]}).encode()


class Indiscreet:
    """A model that says every kind in everything that it says, and repeats what it was shown."""

    def __init__(self, seeds: Seeds) -> None:
        self.seeds = seeds

    def said(self, what: str) -> str:
        """Words with every kind of secret, a few at a time for what is to be short."""
        return " ; ".join(self.seeds.lines(f"the model's {what}"))

    def report(self, body: Json) -> Json:
        """The report of a part: a finding on each tenth line, with its words full of secrets."""
        part = part_of(body)
        findings = []
        for file in part["files"]:
            for number, row in enumerate(rows_of(file)):
                if row.mark == "+" and number % 10 == 0:
                    findings.append(self._finding(file["path"], row.new or 1, row.text, number))
        return {
            "files": [{"path": file["path"], "summary": self.said("summary")} for file in part["files"]],
            "standing": [
                {"id": each["id"], "state": "still", "quote": self.said("verdict")} for each in part.get("standing", ())
            ],
            "findings": findings,
            "overview": {"text": self.said("overview"), "diagram": None, "risk": "low", "minutes": 5},
        }

    def _finding(self, path: str, line: int, quoted: str, number: int) -> Json:
        kinds = [*KINDS]
        said = {
            what: self.seeds.line(f"the model's {what} {number}", kinds[number % len(kinds)])
            for what in ("scenario", "body", "title", "suggestion")
        }
        if quoted.startswith(f"{DASHES}BEGIN"):
            said |= {"body": self.said("body"), "suggestion": self.said("suggestion")}
        return {
            "path": path,
            "side": "RIGHT",
            "start_line": line,
            "line": line,
            "quote": quoted,
            "severity": "high",
            "category": "correctness",
            "confidence": 0.9,
            **said,
        }

    def __call__(self, body: Json) -> Answer:
        """Answer a request."""
        if asks_overview(body):
            return tool("report_overview", {"overview": self.report(body | {})["overview"]})
        return tool("report_review", self.report(body))


def files_below(folder: Path) -> dict[str, str]:
    """The text of every file."""
    return {path.name: path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()}


def forms_of(done: wiring.Done) -> dict[str, str]:
    """The review in each of its forms."""
    shown = done.review
    return {
        "the terminal": as_text(terminal(shown)),
        "Markdown": markdown(shown),
        "JSON": document(shown),
        "SARIF": sarif(shown),
        "annotations": workflow_commands(shown),
    }


def sent_by(bodies: Sequence[bytes], name: str) -> dict[str, str]:
    """What requests sent: as bytes, and as the text that JSON stands for."""
    raws = {f"{name} {number}": body.decode("utf-8", "replace") for number, body in enumerate(bodies)}
    return raws | {f"{key}, read": "\n".join(_strings(json.loads(body))) for key, body in raws.items()}


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from (name, *_strings(each))
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


def test_there_are_enough_kinds() -> None:
    """The product's word is more than forty providers."""
    assert len(KINDS) > 80


def test_nothing_secret_leaves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not in a request to the model, a transcript, a comment, a review, a check, a log, or any form of the review."""
    caplog.set_level(logging.DEBUG)
    seeds = Seeds()
    with Stage(Indiscreet(seeds), tmp_path) as stage:
        pull = stage.github.pull_request(
            "acme/shop",
            7,
            patch=patch_of(seeds),
            title=" ".join(seeds.line("title", kind) for kind in ("github-token", "aws-access-key-id")),
            body="\n".join([*seeds.lines("description"), *seeds.private_key("description")]),
            messages=["\n".join(seeds.lines("commit message")), "Change a few things"],
            base_files={".github/plumbline.yml": policy_of(seeds)},
            labels=[],
        )
        kept = stage.variables | {"PLUMBLINE_TRANSCRIPT_DIR": str(tmp_path / "transcripts")}
        with variables(kept):
            first = review(post=True, check=True)
            assert first.posted
            assert first.posted.obstacle is None
            assert pull.review_comments
            for comment in list(pull.review_comments):
                pull.reply(comment, "wendy", "\n".join(seeds.lines("a reply")))
            pull.comment("wendy", "\n".join(seeds.lines("a comment")))
            pull.push("f" * 40, patch_of(seeds))
            second = review(post=True, check=True, full=True)
        models = sent_by([each.raw for each in stage.model.requests], "request to the model")
        writes = [json.dumps(each.body).encode() for each in stage.github.requests if is_write(each) and each.body]
        texts = {
            **models,
            **sent_by(writes, "write to GitHub"),
            **files_below(tmp_path / "transcripts"),
            **forms_of(first),
            **{f"{name}, second": text for name, text in forms_of(second).items()},
            "the log": caplog.text,
            "the terminal's output": "".join(capsys.readouterr()),
        }
    assert len(models) >= 4
    assert len(writes) >= 4
    assert {each.name for each in (tmp_path / "transcripts").iterdir()}
    assert seeds.leaks(texts) == []


def test_what_is_sought_would_be_found(tmp_path: Path) -> None:
    """The search itself: whole, in part, and encoded."""
    seeds = Seeds()
    seeds.line("title", "github-token")
    secret = seeds.hidden["title", "github-token"]
    encoded = base64.b64encode(secret.encode()).decode()
    for text in (f"x {secret} y", f"x {secret[6:18]} y", f"x{secret[-12:]}", encoded):
        assert seeds.leaks({"it": text}) == ["github-token of title in it"]
    assert seeds.leaks({"it": "*" * 40, "other": str(tmp_path)}) == []


def test_no_title_leaks_where_it_is_cut(tmp_path: Path) -> None:
    """Titles are short: one kind each, at places where a cut may fall into it."""
    seeds = Seeds()
    with Stage(Indiscreet(Seeds()), tmp_path) as stage, variables(stage.variables):
        patch = b"diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
        pull = stage.github.pull_request("acme/shop", 7, patch=patch)
        for number, kind in enumerate([*KINDS][::2]):
            pull.title = f"{'Change ' * (number % 30)}{seeds.line(f'title {number}', kind)}"
            review()
        sent = sent_by([each.raw for each in stage.model.requests], "request")
    assert len(sent) >= len(KINDS)
    assert seeds.leaks(sent) == []


def test_no_error_repeats_a_secret(tmp_path: Path) -> None:
    """What GitHub and the model's endpoint say of a failure is quoted, without what is secret in it."""
    seeds = Seeds()
    told: dict[str, str] = {}
    kinds = [*KINDS][1::2]
    answers = [
        http_error(400, "invalid_request_error", f"odd: {seeds.line('an error of the model', kind)}") for kind in kinds
    ]
    rest = iter([*answers])
    with Stage(lambda _: next(rest), tmp_path) as stage, variables(stage.variables):
        patch = b"diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"
        stage.github.pull_request("acme/shop", 7, patch=patch)
        for kind in kinds:
            done = review()
            told[f"a failed review, {kind}"] = "\n".join([*done.review.failures, *forms_of(done).values()])
        for kind in kinds:
            said = seeds.line("an error of GitHub", kind)
            stage.github.fail_next("GET", r"/pulls/7$", status=422, body={"message": f"Odd: {said}"})
            with pytest.raises(BotError) as caught:
                review(no_model=True)
            told[f"an error, {kind}"] = str(caught.value) + repr(caught.value)
    assert all("odd" in text.lower() for text in told.values())
    assert seeds.leaks(told) == []


def test_the_same_through_chat_completions(tmp_path: Path) -> None:
    """The other API carries the same material."""
    seeds = Seeds()

    def script(_: Json) -> chat.Answer:
        return chat.words(json.dumps({"files": [], "standing": [], "findings": [], "overview": None}))

    with FakeChat(script) as model, Stage(Indiscreet(Seeds()), tmp_path) as stage:
        stage.github.pull_request(
            "acme/shop", 7, patch=patch_of(seeds), body="\n".join(seeds.lines("description")), messages=["Change"]
        )
        known = {"PLUMBLINE_API": "chat", "OPENAI_BASE_URL": model.url, "PLUMBLINE_MODEL": "some-model"}
        with variables(stage.variables | known):
            review()
        sent = sent_by([each.raw for each in model.requests], "request")
    assert sent
    assert seeds.leaks(sent) == []
