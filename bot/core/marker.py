"""The hidden marks in what is posted: by them our own comments are found again, and say what they were made for.

    <!-- plumbline:2 eJyr... [signature] -->             at the head of the summary: a versioned state
    <!-- plumbline-finding:1 0a1b2c3d4e eJyr... -->      at the end of a comment: the finding that it is about
    <!-- plumbline-run:0a1b2c3d4e5f -->                  in a review: the run that posted it

They count wherever they begin a line of our own words: whoever may write can put words before them or behind them. What
we quote begins no line with one, see `core.sanitize`.

A state is one line of JSON, then the digests of hunks as one run of bytes, packed by zlib, in base64. Version 1, a JSON
object alone, is still read. Comments of HTML are not shown: https://github.github.com/gfm/#html-comment
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from bot.core.known import Fate, Known, Trace
from bot.core.models import Category, Finding, Location, Severity, Side
from bot.core.overview import Diagram, Edge, Overview, Risk

MOST_CHARACTERS = 40_000
"""The longest mark of a state. GitHub takes 65,536 characters for a comment; the rest is for words."""

MOST_KNOWN = 400
"""How many findings a state remembers."""

_VERSION = 2
_STATE = re.compile(r"^ {0,3}<!-- plumbline:(\d{1,3}) ([^\s>]+)(?: ([^\s>]+))? -->", re.MULTILINE)
_FINDING = re.compile(r"<!-- plumbline-finding:1 ([0-9a-f]{10}) ([A-Za-z0-9+/=]{1,20000}) -->")
_LARGEST = 1_000_000
_LONGEST_NAME = 200
_LONGEST_TITLE = 120
_LONGEST_FINDING = 600
_SHORT_TITLE = 40
_LARGEST_NUMBER = 2**40
_LONGEST_SIGNATURE = 50
_FIRST_BYTES = 900

# Whoever controls the hunks of a pull request may look for two of one digest: a harmless one to be read, and a harmful
# one that then would not be. 16 bytes put that out of reach (2**64 tries). 7 bytes, where there are too many for those,
# withstand chance but not such a search (2**28); with a key the digests are keyed, and there is nothing to search with.
_LONG, _SHORT = 16, 7
_MOST_LONG = 700
_MOST_HUNKS = 6_000


class Unreadable(StrEnum):
    """Why there is no state to build upon; each value completes "everything was read again: "."""

    NONE = "no mark of an earlier review stands here"
    BROKEN = "the mark of the review before is broken"
    UNSIGNED = "the mark of the review before is not signed with the key of this installation"
    OVERSIZED = "the mark of the review before is larger than any mark may be"
    NEWER = "the mark of the review before was written by a later version of Plumbline"


@dataclass(frozen=True, slots=True)
class Seal:
    """What a state is signed with: a secret key (never empty), and the pull request that it holds for."""

    key: bytes
    repository_id: int
    number: int

    def __post_init__(self) -> None:
        if not self.key:
            raise ValueError("a seal needs a key: without one, read and write states without a seal")

    def signature(self, version: int, payload: str) -> str:
        """HMAC-SHA-256 over the pull request, the version and the packed state, in base64: 44 characters."""
        said = f"{self.repository_id}#{self.number} {version} {payload}".encode("utf-8", "surrogatepass")
        return base64.b64encode(hmac.digest(self.key, said, "sha256")).decode()


@dataclass(frozen=True)
class State:
    """What a summary was made for, and what the next review may build upon; see `core.known.Life` for the fields.

    `head` and `base` are the commits that were compared, `prompts` names those that were used, `ending` how it ended.
    `hunks` are digests of `core.digests`, whole or cut to one length: the state that is read back has them cut, each
    once, in their own order.
    """

    head: str
    base: str
    prompts: str
    ending: str = ""
    hunks: tuple[bytes, ...] = ()
    known: tuple[Known, ...] = ()
    rules: str = ""
    summaries: tuple[tuple[str, str], ...] = ()
    overview: Overview | None = None
    dollars: float = 0.0
    quiet: int = 0
    heard: str = ""

    @cached_property
    def answered(self) -> dict[int, frozenset[bytes]]:
        """The digests by their length; none so short that chance would do."""
        lengths = {len(each) for each in self.hunks if len(each) >= _SHORT}
        return {length: frozenset(each for each in self.hunks if len(each) == length) for length in lengths}


def answers_for(state: State, digest: bytes) -> bool:
    """Whether a model answered for the hunk of this whole digest, as far as the state remembers digests."""
    return any(digest[:length] in digests for length, digests in state.answered.items())


def write_state(state: State, seal: Seal | None = None) -> str:
    """The state as a hidden mark of one line, signed where there is a seal.

    What makes it longer than MOST_CHARACTERS is left out, see `_smaller`. Suggestions are never stored, nor what is
    said in a comment of its own.
    """
    mark = ""
    for smaller in _smaller(state):
        pieces = _pieces(smaller)
        mark = _mark(pieces, seal) if sum(map(len, pieces)) < _LARGEST else ""
        if mark and len(mark) <= MOST_CHARACTERS:
            break
    return mark


def _mark(pieces: Iterable[bytes], seal: Seal | None) -> str:
    payload = _in_base64(pieces)
    signature = f" {seal.signature(_VERSION, payload)}" if seal else ""
    return f"<!-- plumbline:{_VERSION} {payload}{signature} -->"


def _smaller(state: State) -> Iterator[State]:
    """The state, and then ever less of it: first what is only told again, then what would only be read again.

    Left out are the words of findings, summaries, hunks from the end. By what findings are known again goes last, and
    only where it must: long names of files would fill a mark alone.
    """
    state = _bounded(state)
    yield state
    yield (state := replace(state, known=tuple(map(_without_words, state.known))))
    yield (state := replace(state, summaries=(), overview=None))
    yield (state := replace(state, hunks=state.hunks[: _room_for_hunks(state)]))
    yield (state := replace(state, hunks=(), known=tuple(map(_with_short_title, state.known))))
    while state.known:
        yield (state := replace(state, known=_worst(state.known, len(state.known) * 3 // 4)))


def _room_for_hunks(state: State) -> int:
    """How many digests fit beside the rest. All but the first byte of each take their full length, see `_pieces`."""
    pieces = _pieces(replace(state, hunks=()))
    if not state.hunks or sum(map(len, pieces)) >= _LARGEST:
        return 0
    rest = len(_mark(pieces, None)) + _LONGEST_SIGNATURE
    octets = (MOST_CHARACTERS - rest) * 3 // 4 - _FIRST_BYTES
    return max(0, octets // (len(state.hunks[0]) - 1))


def _bounded(state: State) -> State:
    """The state without what is never stored, names cut, hunks cut to one length: shorter ones say too little."""
    length = _LONG if len(state.hunks) <= _MOST_LONG and all(len(each) >= _LONG for each in state.hunks) else _SHORT
    names = (state.head, state.base, state.prompts, state.ending, state.rules, state.heard)
    head, base, prompts, ending, rules, heard = (name[:_LONGEST_NAME] for name in names)
    return State(
        head=head,
        base=base,
        prompts=prompts,
        ending=ending,
        hunks=tuple(each[:length] for each in state.hunks[:_MOST_HUNKS] if len(each) >= length),
        known=tuple(map(_stored, _worst(state.known, MOST_KNOWN))),
        rules=rules,
        summaries=state.summaries,
        overview=state.overview,
        dollars=state.dollars,
        quiet=state.quiet,
        heard=heard,
    )


def _worst(known: tuple[Known, ...], most: int) -> tuple[Known, ...]:
    """That many of the findings, in their order: those that are settled for good go first, then the mildest."""
    if len(known) <= most:
        return known
    gone = {Fate.FIXED, Fate.OUTDATED}
    order = sorted(range(len(known)), key=lambda at: (known[at].fate in gone, known[at].finding.severity.rank))
    return tuple(known[at] for at in sorted(order[:most]))


def _stored(known: Known) -> Known:
    """What is kept of a finding: nothing to apply, and no words that stand in its own comment."""
    finding = replace(known.finding, suggestion=None, applies=False)
    return replace(known, finding=replace(finding, body="", scenario="") if known.said else finding)


def _without_words(known: Known) -> Known:
    return replace(known, finding=replace(known.finding, body="", scenario="", quote=""))


def _with_short_title(known: Known) -> Known:
    finding = known.finding
    return replace(
        known,
        finding=replace(finding, title=finding.title[:_SHORT_TITLE], rule=finding.rule[:_SHORT_TITLE]),
        note=known.note[:_SHORT_TITLE],
    )


def read_state(body: str, seal: Seal | None = None) -> State | Unreadable:
    """The first state in our own comment, or why there is none to build upon. With a seal only a signed one counts."""
    match = _STATE.search(body)
    if match is None:
        return Unreadable.NONE
    version, payload, signature = int(match[1]), match[2], match[3] or ""
    if version > _VERSION:
        return Unreadable.NEWER
    if seal and not _is_signed(seal, version, payload, signature):
        return Unreadable.UNSIGNED
    packed = _out_of_base64(payload) if len(match[0].lstrip()) <= MOST_CHARACTERS else Unreadable.OVERSIZED
    return packed if isinstance(packed, Unreadable) else _state(version, packed)


def _state(version: int, packed: bytes) -> State | Unreadable:
    try:
        return _READERS[version](packed)
    except _FAULTS:
        return Unreadable.BROKEN


def _is_signed(seal: Seal, version: int, payload: str, signature: str) -> bool:
    """Whether we signed it. Version 1 knew no signatures: what stands behind it is not ours."""
    expected, stands = seal.signature(version, payload), signature.encode("utf-8", "surrogatepass")
    return version == _VERSION and hmac.compare_digest(expected.encode(), stands)


def is_summary(body: str) -> bool:
    """Whether a comment of our own is a summary, of whatever version."""
    return _STATE.search(body) is not None


def finding_mark(known: Known) -> str:
    """A finding as a hidden mark in its own comment: by it the finding is known again, should the summary be gone.

    Some 600 characters at most, unless the name of the file alone takes more.
    """
    mark = ""
    for longest in (_LONGEST_TITLE, _SHORT_TITLE, 0):
        finding = replace(known.finding, title=known.finding.title[:longest])
        said = _identity(replace(known, finding=finding))
        mark = f"<!-- plumbline-finding:1 {known.id} {_in_base64([_json(said)])} -->"
        if len(mark) <= _LONGEST_FINDING:
            break
    return mark


def read_finding(body: str) -> Known | None:
    """The finding that our own comment is about: by the last line that is a mark."""
    marks = (_FINDING.fullmatch(line.strip()) for line in reversed(body.split("\n")))
    match = next(filter(None, marks), None)
    packed = _out_of_base64(match[2]) if match else Unreadable.NONE
    if match is None or isinstance(packed, Unreadable):
        return None
    try:
        return Known(match[1], *_read_identity(_list(_parsed(packed))), said=True)
    except _FAULTS:
        return None


def described(text: str) -> str:
    """A description of ours, marked by what it says: so it is known whether somebody made it theirs since."""
    return f"{text}\n\n<!-- plumbline-description:1 {_digest_of(text)} -->"


def is_description(body: str) -> bool:
    """Whether a description is ours, word for word."""
    text, _, mark = body.replace("\r\n", "\n").rstrip().rpartition("\n\n")
    return mark == f"<!-- plumbline-description:1 {_digest_of(text)} -->"


def _digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def run_id(repository_id: int, number: int, head: str) -> str:
    """The name of the one review of a head: the same whoever posts it, so that nobody posts it twice."""
    return hashlib.sha256(f"{repository_id}#{number}@{head}".encode()).hexdigest()[:12]


def run_mark(run: str) -> str:
    """The run as a hidden mark."""
    return f"<!-- plumbline-run:{run} -->"


def _in_base64(pieces: Iterable[bytes]) -> str:
    """The pieces packed one by one: text and digests under one code would both be the longer for it."""
    packing = zlib.compressobj(9)
    packed = b"".join(packing.compress(piece) + packing.flush(zlib.Z_SYNC_FLUSH) for piece in pieces)
    return base64.b64encode(packed + packing.flush()).decode()


def _out_of_base64(payload: str) -> bytes | Unreadable:
    """What was packed, up to _LARGEST: some kilobytes can unpack to gigabytes."""
    unpacking = zlib.decompressobj()
    try:
        said = unpacking.decompress(base64.b64decode(payload, validate=True), _LARGEST)
    except (ValueError, zlib.error):
        return Unreadable.BROKEN
    if unpacking.eof and not unpacking.unused_data:
        return said
    return Unreadable.OVERSIZED if len(said) >= _LARGEST else Unreadable.BROKEN


def _pieces(state: State) -> tuple[bytes, ...]:
    """One line of JSON, then the digests, sorted. Findings and digests stand column by column: so they pack best."""
    hunks = sorted(set(state.hunks))
    length = len(hunks[0]) if hunks else 0
    said = [
        *map(_words, (state.head, state.base, state.prompts, state.ending, state.rules, state.heard)),
        _share(state.dollars),
        _whole(state.quiet),
        _told(state.overview) if state.overview else None,
        [[_path(path), _words(summary)] for path, summary in state.summaries],
        list(zip(*map(_remembered, state.known), strict=True)),
        length,
    ]
    columns = [bytes(each[at] for each in hunks) for at in range(length)]
    return _json(said) + b"\n", *columns[:1], b"".join(columns[1:])


def _read_second(packed: bytes) -> State:
    line, _, run = packed.partition(b"\n")
    *names, dollars, quiet, overview, summaries, known, length = _list(_parsed(line))
    head, base, prompts, ending, rules, heard = map(_is_words, names)
    return State(
        head=head,
        base=base,
        prompts=prompts,
        ending=ending,
        hunks=tuple(_read_hunks(run, _is_whole(length))),
        known=tuple(map(_read_known, zip(*map(_list, _list(known)), strict=True))),
        rules=rules,
        summaries=tuple((_is_path(path), _is_words(summary)) for path, summary in map(_list, _list(summaries))),
        overview=None if overview is None else _read_overview(_list(overview)),
        dollars=_is_share(dollars),
        quiet=_is_whole(quiet),
        heard=heard,
    )


def _read_hunks(run: bytes, length: int) -> Iterator[bytes]:
    """The digests again. A length that we do not write would make any hunk pass for one that was read."""
    if length not in {_LONG, _SHORT} if run else length:
        raise ValueError("digests of another length")
    count, beyond = divmod(len(run), length or 1)
    if beyond:
        raise ValueError("a digest is cut off")
    return (run[at::count] for at in range(count))


def _read_first(packed: bytes) -> State:
    said = _parsed(packed)
    if not isinstance(said, dict):
        raise TypeError("version 1 is an object")
    head, base, prompts, ending = map(_is_words, (said["head"], said["base"], said["prompts"], said["ending"]))
    return State(head, base, prompts, ending)


_READERS: dict[int, Callable[[bytes], State]] = {1: _read_first, _VERSION: _read_second}
_FAULTS = (ValueError, TypeError, KeyError, RecursionError)


def _told(overview: Overview) -> list[object]:
    drawn, diagram = overview.diagram, None
    if drawn:
        edges = [[_whole(edge.start), _whole(edge.end), _words(edge.label)] for edge in drawn.edges]
        diagram = [list(map(_words, drawn.nodes)), edges]
    return [_words(overview.text), overview.risk, _whole(overview.minutes), diagram]


def _read_overview(said: list[object]) -> Overview:
    text, risk, minutes, drawn = said
    diagram = None
    if drawn is not None:
        nodes, edges = map(_list, _list(drawn))
        arrows = (Edge(_is_whole(start), _is_whole(end), _is_words(label)) for start, end, label in map(_list, edges))
        diagram = Diagram(tuple(map(_is_words, nodes)), tuple(arrows))
    return Overview(_is_words(text), Risk(_is_words(risk)), _is_whole(minutes), diagram)


def _remembered(known: Known) -> list[object]:
    words = (known.id, known.finding.body, known.finding.scenario, known.finding.quote, known.note)
    flags = [known.placed, known.said, known.binding, known.news, known.closed, known.closes]
    return [
        *map(_words, words),
        _share(known.finding.confidence),
        known.fate,
        sum(flag << at for at, flag in enumerate(flags)),
        *_identity(known),
    ]


def _read_known(said: Iterable[object]) -> Known:
    name, body, scenario, quote, note, confidence, fate, flags, *identity = said
    finding, trace = _read_identity(identity)
    placed, is_said, binding, news, closed, closes = (bool(_is_whole(flags) >> at & 1) for at in range(6))
    return Known(
        id=_is_words(name),
        finding=replace(
            finding,
            body=_is_words(body),
            scenario=_is_words(scenario),
            quote=_is_words(quote),
            confidence=_is_share(confidence),
        ),
        trace=trace,
        fate=Fate(_is_words(fate)),
        placed=placed,
        said=is_said,
        note=_is_words(note),
        binding=binding,
        news=news,
        closed=closed,
        closes=closes,
    )


def _identity(known: Known) -> list[object]:
    """What a finding is, and by what it is known again. A trace is mostly of the finding's own path, side, category."""
    finding, place, trace = known.finding, known.finding.location, known.trace
    own = (place.path, place.side, finding.category) == (trace.path, trace.side, trace.category)
    return [
        _path(place.path),
        place.side,
        _whole(place.line),
        _whole(place.start_line or 0),
        finding.severity,
        finding.category,
        *map(_words, (finding.title, finding.source, finding.rule, trace.code)),
        *(_words(" ".join(lines)) for lines in (trace.above, trace.below, trace.also)),
        [] if own else [_path(trace.path), trace.side, trace.category],
    ]


def _read_identity(said: list[object]) -> tuple[Finding, Trace]:
    path, side, line, start, severity, category, title, source, rule, code, above, below, also, other = said
    finding = Finding(
        location=Location(_is_path(path), Side(_is_words(side)), _is_whole(line), _is_whole(start) or None),
        severity=Severity(_is_words(severity)),
        category=Category(_is_words(category)),
        title=_is_words(title),
        body="",
        scenario="",
        source=_is_words(source),
        rule=_is_words(rule),
    )
    path, side, category = _list(other) or (path, side, category)
    before, after, beside = (tuple(_is_words(lines).split()) for lines in (above, below, also))
    kind = Category(_is_words(category))
    return finding, Trace(_is_path(path), Side(_is_words(side)), _is_words(code), before, after, kind, beside)


def _json(said: Iterable[object]) -> bytes:
    text = json.dumps(said, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogateescape")


def _parsed(said: bytes) -> object:
    return json.loads(said.decode("utf-8", "surrogateescape"))


def _words(text: str) -> str:
    """Words as they are written: text that no encoding takes is no text."""
    return text.encode("utf-8", "replace").decode()


def _path(path: str) -> str:
    """A name as it is written: bytes that are not UTF-8 stay what they are, see `core.diff`."""
    return re.sub("[\ud800-\udc7f\udd00-\udfff]", "?", path)


def _whole(number: int) -> int:
    return max(0, min(number, _LARGEST_NUMBER))


def _share(number: float) -> float:
    return max(0.0, min(number, _LARGEST_NUMBER)) if math.isfinite(number) else 0.0


def _list(said: object) -> list[object]:
    if not isinstance(said, list):
        raise TypeError("not a list")
    return said


def _is_words(said: object) -> str:
    if not isinstance(said, str):
        raise TypeError("not a text")
    said.encode()
    return said


def _is_path(said: object) -> str:
    if not isinstance(said, str):
        raise TypeError("not a name")
    said.encode("utf-8", "surrogateescape")
    return said


def _is_whole(said: object) -> int:
    if isinstance(said, bool) or not isinstance(said, int) or not 0 <= said <= _LARGEST_NUMBER:
        raise ValueError("not a number of ours")
    return said


def _is_share(said: object) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said <= _LARGEST_NUMBER:
        raise ValueError("not an amount")
    return float(said)
