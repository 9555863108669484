"""The hidden marks: what we wrote is read back, and nothing else is believed."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.known import Fate, Known, Trace
from bot.core.marker import (
    MOST_CHARACTERS,
    MOST_KNOWN,
    Seal,
    State,
    Unreadable,
    answers_for,
    described,
    finding_mark,
    is_description,
    is_summary,
    read_finding,
    read_state,
    run_id,
    run_mark,
    write_state,
)
from bot.core.models import Category, Finding, Location, Severity, Side
from bot.core.overview import Diagram, Edge, Overview, Risk
from tests.core.github_markdown import words
from tests.core.strategies import paths

SEAL = Seal(b"a key that nobody knows", 42, 7)


def digest(of: object) -> bytes:
    """32 bytes that look like chance, the same for the same value."""
    return hashlib.sha256(repr(of).encode()).digest()


def code(of: object) -> str:
    """8 characters like those of a trace."""
    return base64.urlsafe_b64encode(digest(of)[:6]).decode()


def name(of: object) -> str:
    return digest(of).hex()[:10]


def finding(number: int = 1, path: str = "shop/cart.py") -> Finding:
    """A finding in words of usual length."""
    return Finding(
        Location(path, Side.RIGHT, 10 + number, 8 + number),
        list(Severity)[number % 4],
        list(Category)[number % 8],
        f"`total` {number} drops the items of page {number * 7 % 13} when the cart was changed meanwhile",
        f"The loop reads {number} pages, but the list is replaced by another thread between them.",
        f"two customers share cart {number}, one of them sees the other's total",
        "model",
        list(Category)[number % 8].value,
        quote=f"    for item in self.pages[{number}]:",
        confidence=0.8,
    )


def known(number: int = 1, path: str = "shop/cart.py", *, said: bool = True) -> Known:
    """A known finding with all of its neighbours, none of which is like another."""
    made = finding(number, path)
    above, below = (tuple(code((number, side, row))[:4] for row in range(3)) for side in ("above", "below"))
    trace = Trace(path, Side.RIGHT, code(number), above, below, made.category)
    return Known(name(number), made, trace, said=said)


def phrase(of: object, length: int, between: str = " ") -> str:
    """That many words, picked as if by chance."""
    chosen = (digest((of, at))[0] % len(VOCABULARY) for at in range(length))
    return between.join(VOCABULARY[at] for at in chosen)


TEXT = """
the a of in to when is not value order items total customer lock index query cache retry timeout token session thread
file path header encoding offset length boundary overflow negative empty missing stale duplicate deleted written read
before after while twice never always returns raises swallows leaks drops overwrites compares parses waits
"""
VOCABULARY = TEXT.split()

OVERVIEW = Overview(
    "Totals are computed once.", Risk.MEDIUM, 20, Diagram(("cart", "total ü"), (Edge(0, 1, "asks"), Edge(1, 0)))
)
STATE = State(
    "c" * 40,
    "b" * 40,
    "0a1b2c3d",
    "complete",
    hunks=tuple(sorted(digest(at)[:16] for at in range(3))),
    known=(known(1), known(2, "other.py", said=False)),
    rules="r" * 16,
    summaries=(("shop/cart.py", "Sums the items"), ("b\udcff.py", "New")),
    overview=OVERVIEW,
    dollars=1.25,
    quiet=2,
    heard="2026-01-02T03:04:05Z",
)
_texts = st.text(max_size=30)
_numbers = st.integers(0, 2**40)
_codes = st.lists(st.text("abcXYZ019-_", min_size=8, max_size=8), max_size=3).map(tuple)
_traces = st.builds(
    Trace, paths, st.sampled_from(Side), st.text("abc-_", max_size=8), _codes, _codes, st.sampled_from(Category)
)
_findings = st.builds(
    Finding,
    st.builds(Location, paths, st.sampled_from(Side), _numbers, st.none() | st.integers(1, 99)),
    st.sampled_from(Severity),
    st.sampled_from(Category),
    *[_texts] * 5,
    quote=_texts,
    confidence=st.floats(0, 1),
)
_known = st.builds(
    Known,
    st.text("0123456789abcdef", min_size=10, max_size=10),
    _findings,
    _traces,
    st.sampled_from(Fate),
    *[st.booleans()] * 2,
    _texts,
    *[st.booleans()] * 4,
)
_overviews = st.builds(
    Overview,
    _texts,
    st.sampled_from(Risk),
    _numbers,
    st.none()
    | st.builds(
        Diagram,
        st.lists(_texts, max_size=3).map(tuple),
        st.lists(st.builds(Edge, _numbers, _numbers, _texts), max_size=3).map(tuple),
    ),
)
_states = st.builds(
    State,
    *[_texts] * 4,
    hunks=st.lists(st.binary(min_size=32, max_size=32), max_size=5).map(tuple),
    known=st.lists(_known, max_size=3).map(tuple),
    rules=_texts,
    summaries=st.lists(st.tuples(paths, _texts), max_size=3).map(tuple),
    overview=st.none() | _overviews,
    dollars=st.floats(0, 1e6),
    quiet=_numbers,
    heard=_texts,
)


def stored(state: State) -> State:
    """What of a state is meant to come back: digests cut, each once; no words that stand in a comment."""

    def kept(each: Known) -> Known:
        made = each.finding
        return replace(each, finding=replace(made, body="", scenario="")) if each.said else each

    cut = tuple(sorted({each[:16] for each in state.hunks}))
    return replace(state, hunks=cut, known=tuple(map(kept, state.known)))


def packed(text: bytes, version: object = 2, behind: str = "") -> str:
    """A mark around any text."""
    return f"<!-- plumbline:{version} {base64.b64encode(zlib.compress(text)).decode()}{behind} -->"


def unpacked(mark: str) -> bytes:
    return zlib.decompress(base64.b64decode(mark.split()[2]))


def read(body: str, seal: Seal | None = None) -> State:
    state = read_state(body, seal)
    assert isinstance(state, State), state
    return state


@given(_states, st.sampled_from(["", "\n### Plumbline: nothing found", "\n<!-- x -->"]), st.sampled_from([None, SEAL]))
def test_a_state_is_read_back(state: State, body: str, seal: Seal | None) -> None:
    """Any state comes back equal from a comment, whatever stands before it; the mark is one line that nobody sees."""
    mark = write_state(state, seal)
    assert read(mark + body, seal) == read(f"\n{mark}{body}", seal) == read(mark) == stored(state)
    assert read(f"**Ready for review**\r\n\r\n{mark}\r\n{body}", seal) == stored(state), "somebody put words before it"
    assert is_summary(mark + body)
    assert is_summary(f"See above.\n{mark}{body}")
    assert "\n" not in mark
    assert "--" not in mark.removeprefix("<!--").removesuffix("-->")
    assert words(mark) == ""
    assert write_state(read(mark), seal) == mark


def test_the_same_state_has_the_same_mark() -> None:
    """Nothing of the clock or of chance is in it, so that an unchanged summary stays unchanged."""
    assert write_state(STATE, SEAL) == write_state(replace(STATE), Seal(SEAL.key, 42, 7))
    assert write_state(STATE) == write_state(replace(STATE, hunks=STATE.hunks[::-1] + STATE.hunks))


def test_a_state_of_version_1_is_read() -> None:
    """What an older version wrote still says what it was made for; it knows of no hunks and of no findings."""
    said = b'{"base":"b","commented":["0a1b2c3d4e"],"ending":"partial","head":"h","prompts":"p"}'
    assert read_state(packed(said, 1)) == State("h", "b", "p", "partial")
    assert not answers_for(read(packed(said, 1)), digest(1))


@given(st.text(st.characters(exclude_categories=()), max_size=20), st.floats(), st.integers())
def test_whatever_stands_in_a_state_is_written_readable(text: str, number: float, count: int) -> None:
    """Text that no encoding takes, numbers that are none, and figures out of range do not break the mark."""
    place = Location(text, Side.LEFT, count, count)
    made = replace(known(), finding=replace(finding(), location=place, title=text, confidence=number), note=text)
    state = replace(STATE, head=text, dollars=number, quiet=count, known=(made,), summaries=((text, text),))
    assert read(write_state(state)).known[0].trace == made.trace


# What is not to be told, and why.
WHOLE = json.loads(unpacked(write_state(STATE)).split(b"\n")[0].decode("utf-8", "surrogateescape"))
RUN = unpacked(write_state(STATE)).split(b"\n", 1)[1]

MORE = zlib.compress(unpacked(write_state(STATE))) + b"x"


def altered(at: int, value: object, run: bytes = RUN) -> str:
    """The mark with another value at a position of its list."""
    said = list(WHOLE)
    said[at] = value
    return packed(json.dumps(said).encode() + b"\n" + run)


def with_known(at: int, value: object) -> str:
    """The mark with another value in its first finding."""
    columns = [[column[0]] for column in WHOLE[10]]
    columns[at] = [value]
    return altered(10, columns)


NONE = {
    "nothing": "",
    "no mark": "### Plumbline: nothing found",
    "another tool's": "<!-- coderabbit:1 abc -->",
    "a run": run_mark("0a1b2c3d4e5f"),
    "a finding": finding_mark(known()),
    "no version": packed(b"[]", "x"),
    "behind other words": f"as they said: {write_state(STATE)}",
    "in a code span": f"`{write_state(STATE)}`",
    "in a quotation": f"They said:\n> {write_state(STATE)}",
    "in a block of code": f"They said:\n\n    {write_state(STATE)}",
}
BROKEN = {
    "version zero": packed(b"{}", 0),
    "not base64": "<!-- plumbline:2 a=b= -->",
    "other characters": "<!-- plumbline:2 a\udcffü -->",
    "not packed": f"<!-- plumbline:2 {base64.b64encode(b'[]').decode()} -->",
    "not JSON": packed(b"["),
    "not UTF-8": packed(b"\xff\xfe\xfa"),
    "an object": packed(b"{}"),
    "a string": packed(b'"head base prompts"'),
    "a field missing": packed(json.dumps(WHOLE[:-1]).encode() + b"\n" + RUN),
    "a field too much": packed(json.dumps([*WHOLE, 1]).encode() + b"\n" + RUN),
    "version 1 without a field": packed(b'{"head": "a", "base": "b"}', 1),
    "version 1 with a list for a name": packed(b'{"head": ["a"], "base": "b", "prompts": "c", "ending": ""}', 1),
    "version 1 as a list": packed(b"[]", 1),
    "version 2 as 1": packed(unpacked(write_state(STATE)), 1),
    "a number for a name": altered(0, 1),
    "a lone surrogate": altered(0, "\ud800"),
    "a lone surrogate in a path": altered(9, [["\ud800", ""]]),
    "a byte that is not UTF-8 in words": altered(9, [["a.py", "\udcff"]]),
    "not a number": altered(6, float("nan")),
    "infinite": altered(6, float("inf")),
    "infinite by its digits": packed(unpacked(write_state(STATE)).replace(b"1.25", b"1e999")),
    "a huge number": altered(7, 10**400),
    "a number too long for Python": packed(b"1" * 10_000),
    "less than nothing": altered(7, -1),
    "true for a number": altered(7, value=True),
    "a fraction of a review": altered(7, 1.5),
    "an unknown risk": altered(8, ["text", "none", 1, None]),
    "an edge of two ends": altered(8, ["text", "low", 1, [["a"], [[0, 1]]]]),
    "a finding that is none": altered(10, [[1]]),
    "half a finding": altered(10, [*WHOLE[10][:-1], []]),
    "an unknown fate": with_known(6, "lost"),
    "a list for a fate": with_known(6, []),
    "an unknown side": with_known(9, "MIDDLE"),
    "a line before the first": with_known(10, -1),
    "an unknown severity": with_known(12, "blocker"),
    "half a trace": with_known(-1, ["a.py"]),
    "digests cut off": altered(11, 16, RUN[:-1]),
    "digests without a length": altered(11, 0),
    "a length without digests": altered(11, 16, b""),
    "digests so short that chance would do": altered(11, 1),
    "lists without end": packed(b"[" * 200_000),
    "cut off": f"<!-- plumbline:2 {base64.b64encode(zlib.compress(b'[]')[:-4]).decode()} -->",
    "more behind it": f"<!-- plumbline:2 {base64.b64encode(MORE).decode()} -->",
}


@pytest.mark.parametrize("kind", NONE)
def test_what_is_no_mark_of_ours_says_nothing(kind: str) -> None:
    """Foreign and quoted marks are no summary and give no state."""
    assert read_state(NONE[kind]) is read_state(NONE[kind], SEAL) is Unreadable.NONE
    assert not is_summary(NONE[kind])


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_mark_is_told(kind: str) -> None:
    """Whatever is wrong in a mark, it is broken as a whole, and the summary is still ours to replace."""
    assert read_state(BROKEN[kind]) is Unreadable.BROKEN
    assert is_summary(BROKEN[kind])


def test_the_broken_marks_are_broken_by_one_thing() -> None:
    """The marks above are otherwise whole: unaltered, the same pieces give the state."""
    assert read(altered(6, WHOLE[6])) == stored(STATE)
    assert read(with_known(0, WHOLE[10][0][0])).known == stored(STATE).known[:1]
    assert Unreadable.NONE not in {read_state(body) for body in BROKEN.values()}


def test_a_later_version_is_told() -> None:
    """A later version's summary is ours to replace, though we cannot read its state."""
    assert read_state(packed(b"{}", 7)) is read_state(packed(b"{}", 7), SEAL) is Unreadable.NEWER
    assert is_summary(packed(b"{}", 7))
    assert is_summary("<!-- plumbline:3 any=other.alphabet -->")


def test_what_is_larger_than_any_state_is_told() -> None:
    """A mark longer than we write, or one that would unpack to more than a state, is given up early."""
    packer = zlib.compressobj(9)
    bomb = b"".join([*(packer.compress(bytes(1_000_000)) for _ in range(25)), packer.flush()])
    assert len(bomb) < 27_000
    assert read_state(f"<!-- plumbline:2 {base64.b64encode(bomb).decode()} -->") is Unreadable.OVERSIZED
    assert read_state(f"<!-- plumbline:1 {base64.b64encode(bomb).decode()} -->") is Unreadable.OVERSIZED
    assert read_state(f"<!-- plumbline:2 {'A' * MOST_CHARACTERS} -->") is Unreadable.OVERSIZED


@given(st.binary(max_size=60), st.integers(0, 3))
def test_no_bytes_break_the_reading(content: bytes, version: int) -> None:
    """Whatever is packed in a mark, there is a state or a reason."""
    for body in (packed(content, version), f"<!-- plumbline:2 {base64.b64encode(content).decode()} -->"):
        assert isinstance(read_state(body), State | Unreadable)
        assert read_finding(body) is None


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()), max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=8,
)


@st.composite
def _mutated(draw: st.DrawFn, said: object) -> object:
    """The value with another somewhere in it."""
    if not isinstance(said, list) or not said or draw(st.integers(0, 5)) == 0:
        return draw(_values)
    at = draw(st.integers(0, len(said) - 1))
    return [*said[:at], draw(_mutated(said[at])), *said[at + 1 :]]


@given(_mutated(WHOLE), st.binary(max_size=40))
def test_no_value_in_a_mark_breaks_the_reading(said: object, run: bytes) -> None:
    """Any value anywhere in a state gives a state that can be written again, or a reason."""
    for behind in (RUN, run):
        state = read_state(packed(json.dumps(said).encode() + b"\n" + behind))
        if isinstance(state, State):
            assert read(write_state(state)) == stored(state)
        else:
            assert state is Unreadable.BROKEN


@given(_mutated(json.loads(zlib.decompress(base64.b64decode(finding_mark(known()).split()[3])))))
def test_no_value_in_the_mark_of_a_finding_breaks_the_reading(said: object) -> None:
    """Any value anywhere in the mark of a finding gives a finding that can be marked again, or none."""
    payload = base64.b64encode(zlib.compress(json.dumps(said).encode())).decode()
    made = read_finding(f"<!-- plumbline-finding:1 0a1b2c3d4e {payload} -->")
    assert made is None or finding_mark(made)


# Signatures.


def test_a_signed_state_is_believed_and_an_unsigned_one_is_not() -> None:
    """With a key only what was signed with it counts; without one a signature is no obstacle."""
    mark = write_state(STATE, SEAL)
    assert read(mark, SEAL) == read(mark) == stored(STATE)
    assert read_state(write_state(STATE), SEAL) is Unreadable.UNSIGNED
    assert read_state(packed(b'{"head": "a"}', 1), SEAL) is Unreadable.UNSIGNED


@pytest.mark.parametrize("other", [Seal(SEAL.key, 43, 7), Seal(SEAL.key, 42, 8), Seal(b"another key", 42, 7)])
def test_a_state_counts_for_its_own_pull_request_only(other: Seal) -> None:
    """A mark of another repository, of another pull request, or signed with another key, is not signed."""
    assert read_state(write_state(STATE, other), SEAL) is Unreadable.UNSIGNED


def test_a_signature_holds_for_its_version_only() -> None:
    """What is signed as one version cannot be passed off as another."""
    payload = write_state(STATE).split()[2]
    assert SEAL.signature(1, payload) != SEAL.signature(2, payload)
    assert read_state(f"<!-- plumbline:1 {payload} {SEAL.signature(1, payload)} -->", SEAL) is Unreadable.UNSIGNED


@given(st.data())
def test_a_changed_character_breaks_the_seal(data: st.DataObject) -> None:
    """A signed mark that is changed in one character of its state or its signature is not signed."""
    mark = write_state(STATE, SEAL)
    _, _, payload, signature, _ = mark.split(" ")
    at = data.draw(st.integers(mark.index(payload), mark.index(signature) + len(signature) - 1))
    character = data.draw(st.characters(codec="ascii", categories=("Lu", "Ll", "Nd")))
    if mark[at] not in {" ", character}:
        assert read_state(mark[:at] + character + mark[at + 1 :], SEAL) is Unreadable.UNSIGNED


def test_a_seal_has_a_key() -> None:
    """An empty key would seal nothing: it is refused."""
    with pytest.raises(ValueError, match="needs a key"):
        Seal(b"", 1, 2)


# Hunks.


@pytest.mark.parametrize(("count", "length"), [(1, 16), (700, 16), (701, 7), (2000, 7)])
def test_digests_are_cut_by_their_number(count: int, length: int) -> None:
    """Up to 700 hunks 16 bytes each, above 7: and each hunk of the state is known by its whole digest, no other is."""
    state = read(write_state(replace(STATE, hunks=tuple(digest(at) for at in range(count)))))
    assert {len(each) for each in state.hunks} == {length}
    assert all(answers_for(state, digest(at)) for at in range(count))
    assert not any(answers_for(state, digest(-1 - at)) for at in range(2000))


def test_a_state_in_memory_answers_by_whole_digests() -> None:
    """Digests of any length are compared as far as they go, but none that chance would match."""
    state = replace(STATE, hunks=(digest(1), digest(2)[:16], digest(3)[:7], digest(4)[:6], b""))
    assert [answers_for(state, digest(at)) for at in range(1, 6)] == [True, True, True, False, False]
    assert answers_for(read(write_state(state)), digest(1))
    assert not answers_for(read(write_state(state)), digest(4))


# Sizes.


def test_2000_hunks_and_20_findings_stay_under_20000_characters() -> None:
    """A large pull request leaves two thirds of a comment for words, signed and all, however unlike its findings."""
    many = replace(
        STATE,
        hunks=tuple(digest(at) for at in range(2000)),
        known=tuple(
            replace(each, finding=replace(each.finding, title=phrase(at, 9), quote=f"    {phrase(-at, 5)}"))
            for at in range(1, 21)
            for each in [known(at, f"shop/{phrase(at, 2, '_')}.py")]
        ),
        summaries=(),
        overview=None,
    )
    mark = write_state(many, SEAL)
    assert len(mark) < 20_000
    assert len(read(mark, SEAL).hunks) == 2000
    assert read(mark, SEAL).known == stored(many).known


def test_300_files_keep_their_summaries() -> None:
    """What is said of 300 files fits, beside 20 findings told in full."""
    summaries = tuple((f"src/{name(at)}/{name(-at)}.py", f"Asks {name(at)} for {at} pages more") for at in range(300))
    many = replace(STATE, summaries=summaries, known=tuple(known(at, said=False) for at in range(20)))
    assert read(write_state(many)) == stored(many)


def endless(at: int) -> str:
    """Some 4,000 characters that do not pack."""
    return "".join(digest((at, part)).hex() for part in range(63))


def test_words_go_before_hunks_and_hunks_before_findings() -> None:
    """A state that is too long loses words, then summaries, then hunks from the end; never a finding's trace."""
    findings = tuple(known(at, said=False) for at in range(40))
    wordy = tuple(replace(each, finding=replace(each.finding, body=endless(at))) for at, each in enumerate(findings))
    hunks = tuple(digest(at) for at in range(600))
    texts = tuple((f"{at}.py", endless(at)[:200]) for at in range(150))

    state = read(write_state(replace(STATE, known=wordy, hunks=hunks, summaries=texts[:9])))
    assert {each.finding.body for each in state.known} == {""}
    assert (len(state.hunks), len(state.summaries), state.overview) == (600, 9, OVERVIEW)

    state = read(write_state(replace(STATE, known=wordy, hunks=hunks, summaries=texts)))
    assert (len(state.hunks), state.summaries, state.overview) == (600, (), None)

    hunks = tuple(digest(at) for at in range(5000))
    state = read(write_state(replace(STATE, known=wordy, hunks=hunks, summaries=texts)))
    assert 3000 < len(state.hunks) < 5000
    assert all(answers_for(state, each) for each in hunks[: len(state.hunks)])
    assert [each.trace for each in state.known] == [each.trace for each in wordy]


def test_of_too_many_findings_the_worst_stay() -> None:
    """400 findings are remembered with their traces: those settled for good go first, then the mildest."""
    many = tuple(
        replace(known(at, said=False), fate=Fate.FIXED if at % 3 == 0 else Fate.DISMISSED if at % 3 == 1 else Fate.OPEN)
        for at in range(1200)
    )
    state = read(write_state(replace(STATE, known=many, hunks=())))
    assert len(state.known) == MOST_KNOWN
    assert {each.fate for each in state.known} == {Fate.OPEN, Fate.DISMISSED}
    assert {each.finding.severity for each in state.known} == {Severity.CRITICAL, Severity.HIGH}
    traces = [each.trace for each in many]
    assert [traces.index(each.trace) for each in state.known] == sorted(
        traces.index(each.trace) for each in state.known
    )


@pytest.mark.parametrize("hunks", [0, 690, 20_000])
def test_no_state_is_too_long(hunks: int) -> None:
    """Whatever is in it, a mark is at most 40,000 characters, and can be read again."""
    huge = tuple(
        replace(known(at, endless(at), said=False), note=endless(at), id=name(at)) for at in range(MOST_KNOWN + 50)
    )
    state = State(
        head=endless(1) * 20,
        base=endless(2) * 20,
        prompts=endless(3) * 20,
        ending=endless(4) * 20,
        hunks=tuple(map(digest, range(hunks))),
        known=huge,
        rules=endless(5) * 20,
        summaries=tuple((endless(at), endless(at)) for at in range(300)),
        overview=Overview(endless(1) * 20, Risk.LOW, 1),
        heard=endless(6) * 20,
    )
    for each in (state, replace(state, known=huge[:5]), replace(state, known=())):
        mark = write_state(each, SEAL)
        assert len(mark) <= MOST_CHARACTERS
        assert read(mark, SEAL).head == each.head[:200]
    assert read(write_state(replace(state, known=huge[:5]))).known


def test_what_packs_to_little_can_be_unpacked_again() -> None:
    """Words that pack well are left out where they would unpack to more than is read."""
    dull = tuple(
        replace(known(at, said=False), finding=replace(finding(at), body="a" * 4000)) for at in range(MOST_KNOWN)
    )
    assert len(read(write_state(replace(STATE, known=dull))).known) == MOST_KNOWN


def test_suggestions_are_not_stored() -> None:
    """What could be applied stands in the comment; no later review offers it for other lines."""
    made = replace(known(), finding=replace(finding(), suggestion="x = 1", applies=True))
    back = read(write_state(replace(STATE, known=(made,)))).known[0].finding
    assert (back.suggestion, back.applies) == (None, False)


# Findings in their own comments.


@given(_known)
def test_a_finding_is_read_back_from_its_comment(made: Known) -> None:
    """What a finding is and by what it is known again stands in its comment, in the last line that is a mark."""
    mark = finding_mark(made)
    expected = Known(
        made.id,
        Finding(
            made.finding.location,
            made.finding.severity,
            made.finding.category,
            made.finding.title,
            "",
            "",
            made.finding.source,
            made.finding.rule,
        ),
        made.trace,
        said=True,
    )
    other = finding_mark(replace(known(), id="f" * 10))
    bodies = (
        mark,
        f"**high · title**\n\ntext\n{mark}\n",
        f"{mark}\nFixed in abc1234.",
        f"text\r\n{mark}\r\n",
        f"text\n{mark}\n\nEdit: see #12",
        f"{other}\ntext\n{mark}\n> {other}",
    )
    for body in bodies:
        assert read_finding(body) == expected
    assert re.fullmatch(r"<!-- plumbline-finding:1 [0-9a-f]{10} [A-Za-z0-9+/=]+ -->", mark)
    assert words(mark) == ""


@given(st.text("abcdefghijklmnopqrstuvwxyz/_-.0123456789", min_size=1, max_size=200), st.text(max_size=500))
def test_the_mark_of_a_finding_is_short(path: str, title: str) -> None:
    """Some 600 characters at most: titles are cut for it, traces are not."""
    made = known(1, path)
    mark = finding_mark(replace(made, finding=replace(made.finding, title=title)))
    back = read_finding(mark)
    assert back is not None
    assert len(mark) <= 600
    assert title.startswith(back.finding.title)
    assert len(back.finding.title) <= 120
    assert back.trace == made.trace


@pytest.mark.parametrize(
    "body",
    [
        "",
        "text",
        f"quoted:\n> {finding_mark(known())}\nno more",
        f"`{finding_mark(known())}`",
        finding_mark(known()).replace("plumbline-finding:1", "plumbline-finding:2"),
        finding_mark(replace(known(), id="../../etc/")),
        "<!-- plumbline-finding:1 0a1b2c3d4e a=b= -->",
        f"<!-- plumbline-finding:1 0a1b2c3d4e {base64.b64encode(zlib.compress(b'[1]')).decode()} -->",
        write_state(STATE),
    ],
)
def test_what_is_no_mark_of_a_finding_is_none(body: str) -> None:
    """A mark in the midst of a line is a quotation, and a broken one says nothing."""
    assert read_finding(body) is None


def test_a_run_is_named_for_its_head() -> None:
    """The same repository, pull request and head give the same name whoever asks; any other gives another."""
    run = run_id(1, 2, "c" * 40)
    assert run == run_id(1, 2, "c" * 40)
    others = {run_id(2, 2, "c" * 40), run_id(1, 3, "c" * 40), run_id(1, 2, "d" * 40), run_id(12, 2, "c" * 40)}
    assert len({run, *others}) == 5
    assert run_mark(run) == f"<!-- plumbline-run:{run} -->"
    assert len(run) == 12


@given(st.text(), st.text(min_size=1))
def test_a_description_is_ours_until_somebody_touches_it(text: str, more: str) -> None:
    """Word for word, whatever line ends GitHub gives it; a word more, and it is theirs."""
    body = described(text.replace("\r", ""))
    assert is_description(body)
    assert is_description(body.replace("\n", "\r\n"))
    assert not is_description(more.replace("\r", "") + body)
