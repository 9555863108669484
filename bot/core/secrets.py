"""Finds secrets in text and hides them, so that no credential reaches a model, a log or a comment.

Three kinds of evidence, the strongest first: the shape of a provider's token (`secret_shapes`), the frame of a private
key, and a value that looks random assigned to a name that says secret. Every step is linear in the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bot.core.secret_shapes import SHAPES, Shape, entropy, is_common, is_sequence, is_stand_in, is_uuid, looks_random


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret at offsets `start` to `end` (half open) of the text: its own characters, not its name or quotes.

    `rule` is a stable id; `title` fits into "A secret was added: AWS access key id".
    """

    rule: str
    title: str
    start: int
    end: int


def find_secrets(text: str) -> tuple[Secret, ...]:
    """Return the secrets in the order of the text, none overlapping another.

    Where two overlap, the one with the stronger evidence stays.
    """
    lowered = _lower(text)
    kept: list[Secret] = []
    for precedence in (_private_keys(text), *_shaped(text, lowered), _assigned(text, lowered)):
        kept = _merge(kept, sorted(precedence, key=lambda secret: secret.start))
    return tuple(kept)


def mask(text: str) -> str:
    """Return the text with every character of a secret replaced by `*`; length and line breaks stay as they are.

    Nothing is found in the result, so masking it again changes nothing.
    """
    passes = 0
    while secrets := find_secrets(text):
        passes += 1
        spans = ((secret.start, secret.end) for secret in secrets)
        # A hidden neighbour can turn what follows it into a secret. Text built as a long chain of those would take a
        # pass for each link; whole lines end that.
        text = _hide(text, spans if passes < _MOST_PASSES else _lines(text, spans))
    return text


_MOST_PASSES = 4
# All that str.splitlines breaks at, not only \n and \r.
_VISIBLE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")


def _hide(text: str, spans: Iterable[tuple[int, int]]) -> str:
    pieces: list[str] = []
    done = 0
    for start, end in spans:
        pieces += text[done:start], _VISIBLE.sub(lambda run: "*" * len(run[0]), text[start:end])
        done = end
    return "".join(pieces) + text[done:]


def _lines(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Widen the spans to whole lines, each line once."""
    done = 0
    for start, end in spans:
        if end > done:
            line_end = text.find("\n", end)
            begin, done = max(done, text.rfind("\n", 0, start) + 1), len(text) if line_end < 0 else line_end
            yield begin, done


def _lower(text: str) -> str:
    """Lower the case without moving an offset: U+0130 alone becomes two characters."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text.replace("\u0130", "I").lower()


def _merge(kept: list[Secret], weaker: Iterable[Secret]) -> list[Secret]:
    """Add the secrets of weaker evidence, given in order, that overlap nothing."""
    starts = [secret.start for secret in kept]
    added: list[Secret] = []
    for secret in weaker:
        after = bisect_right(starts, secret.start)
        clear = (after == 0 or kept[after - 1].end <= secret.start) and (
            after == len(kept) or secret.end <= kept[after].start
        )
        if clear and (not added or added[-1].end <= secret.start):
            added.append(secret)
    return sorted(kept + added, key=lambda secret: secret.start)


# --- Shapes ---------------------------------------------------------------------------------------------------------

# The shortest token has 20 characters: in a text's longer runs of its alphabet the keywords are looked for faster.
_RUN = re.compile(r"[A-Za-z0-9_.~-]{20,}")


def _shaped(text: str, lowered: str) -> tuple[list[Secret], ...]:
    """Return what the table's shapes find, a list for each precedence."""
    runs = "\n".join(_RUN.findall(text))
    found: tuple[list[Secret], ...] = ([], [], [])
    for shape in SHAPES:
        for keyword in shape.keywords:
            if keyword in (lowered if shape.beside else runs):
                found[shape.precedence].extend(_matches(shape, keyword, text, lowered if shape.beside else text))
    return found


def _matches(shape: Shape, keyword: str, text: str, searched: str) -> Iterator[Secret]:
    at = searched.find(keyword)
    while at >= 0:
        match = shape.pattern.match(text, at - shape.before) if at >= shape.before else None
        if match and shape.judge(match):
            yield Secret(shape.rule, shape.title, *match.span("secret"))
        # What a refused match covered is not looked at again: that keeps the search linear.
        at = searched.find(keyword, match.end() if match else at + 1)


# --- Private keys ---------------------------------------------------------------------------------------------------

# RFC 7468, RFC 4880 (PGP), RFC 4716 (SSH2, four dashes), and PuTTY's own frame.
_KEY_BEGIN = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----|---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----"
    r"|Private-Lines: \d{1,3}"
)
_KEY_END = re.compile(r"-----END (?:[A-Z0-9]{1,12} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_KEY_EDGE = re.compile(r"----[- ](?:BEGIN|END)|Private-(?:MAC|Lines):")
_KEY_MATERIAL = re.compile(r"[A-Za-z0-9+/]{32,}")
_KEY_LINE = re.compile(r"[\s+\-\"']*[A-Za-z0-9+/]{8,}={0,2}[\s\"',\\n+]*")
_KEY_HEADERS = 500  # characters that the lines before the base64 may take
_KEY_HEADER = re.compile(r"[A-Z][A-Za-z-]{2,20}: [^\n]*")  # Proc-Type, DEK-Info, Version, Comment
_KEY_LEAD = " \t\r\n\"'`+,;()#*|\\"  # quotes, escapes and the marks of a diff or comment
_LEAST_BITS_KEY = 3.5
_PRIVATE_KEY = ("private-key", "Private key")
_BLANK = " \t\r\n\"'`"


def _private_keys(text: str) -> list[Secret]:
    """Return the bodies of private keys: to the END, or to the end of the text where that is missing."""
    if "PRIVATE KEY" not in text and "Private-Lines" not in text:
        return []
    found = []
    for begin in _KEY_BEGIN.finditer(text):
        edge = _KEY_EDGE.search(text, begin.end())
        start, end = _trim(text, begin.end(), edge.start() if edge else len(text))
        lead = text[start : min(end, start + _KEY_HEADERS)].replace("\\n", "\n")
        material = _KEY_MATERIAL.match(_KEY_HEADER.sub("", lead).lstrip(_KEY_LEAD))
        if material and _is_key_material(material[0]):
            google = "service_account" in text[max(0, begin.start() - _KEY_HEADERS) : begin.start()]
            kind = ("google-service-account-key", "Google service account key") if google else _PRIVATE_KEY
            found.append(Secret(*kind, start, end))
    return found + [secret for end in _KEY_END.finditer(text) for secret in _cut_off(text, end.start())]


def _cut_off(text: str, end: int) -> Iterator[Secret]:
    """Yield the lines of base64 right before an END whose BEGIN lies outside of the text, as it does in a hunk."""
    first = stop = text.rfind("\n", 0, end) + 1
    while first > 0:
        line = text.rfind("\n", 0, first - 1) + 1
        if not _KEY_LINE.fullmatch(text, line, first):
            break
        first = line
    start, stop = _trim(text, first, stop)
    material = _KEY_MATERIAL.search(text, start, stop)
    if first > 0 and material and _is_key_material(material[0]):
        yield Secret(*_PRIVATE_KEY, start, stop)


def _is_key_material(base64: str) -> bool:
    mixed = base64.lower() != base64 != base64.upper()
    return mixed and entropy(base64) >= _LEAST_BITS_KEY and not is_sequence(base64)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    body = text[start:end]
    return end - len(body.lstrip(_BLANK)), start + len(body.rstrip(_BLANK))


# --- Assignments to telling names -----------------------------------------------------------------------------------

# Alternatives that start with a letter each, in front: so the search skips by first letters, eight times faster.
_NAMED = re.compile(
    r"""(?P<name>pass(?:w(?:or)?d|phrase|code)?|pwd|secret|token|credentials?|auth(?:orization)?|key)"""
    r"""(?P<more>(?:[_-]?(?:access|key|token|secret|value|string|prod(?:uction)?|live|staging|b(?:ase)?64|base|v?\d{1,2})){0,3})"""
    r"""(?P<close>\\{0,2}["'`]?)\]?[ \t]{0,8}"""
    r"""(?P<link>"""
    r""":[ \t]{0,4}[a-z&*][\w.<>\[\]|&*?, ']{0,40}?=(?=[ \t]{0,4}[brfu@$]{0,2}\\{0,2}["'`])"""  # password: str = "..."
    r"""|={2,3}|=>?|:=|!={1,2}|:|,|\|\||\?\?|>|(?=[ \t]\\{0,2}["'`])"""
    r"""|[ \t]value[ \t]?=)"""  # <add key="Password" value="..."/>
    r"""[ \t]{0,8}""",
    re.ASCII,
)
# Most keys open nothing: sort keys, cache keys, keys of a map.
_KEY_OF = re.compile(
    r"(?:api|app|access|private|encryption|signing|master|auth|account|admin|service|session|client|hmac|shared|webhook"
    r"|consumer|storage|license|subscription|root|deploy)[_\- ]?\Z"
)
_QUOTED = re.compile(
    r"""(?P<call>[\w.:\[\]&]{1,30}\([ \t]{0,4})?[bBrRfFuU@$L]{0,2}"""
    r"""(?P<quote>\\{0,2}["'`])(?P<value>(?:(?!(?P=quote))[^\r\n]){8,400})(?P=quote)""",
    re.ASCII,
)
_BARE = re.compile(r"""(?P<value>[^\s"'`<>(){}\[\],;&|\\]{8,400})(?=[\s,;&"'`<|\\)}\]]|\Z)""")
# An item of a list, or a word in prose: what follows has to look generated.
_WEAK_LINKS = frozenset({",", ""})
_NOT_PASS = ("com", "by", "sur", "tres")
# What stands before the telling word and says that the value is no secret, or not one to hide.
_HARMLESS = re.compile(
    r"public|hash|digest|checksum|fingerprint|integrity|csrf|xsrf|next|page|cursor|continuation|sync|cache|partition"
    r"|sort|primary|foreign|idempot|fake|mock|dummy|example|sample|encrypted|sealed|expected|invalid|placeholder|label"
    r"|error|message|title|regex|pattern|selector|i18n|site",
    re.IGNORECASE,
)
_NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789_-.$"
_LONGEST_NAME = 60
_LEAST_BITS_PASSWORD = 2.75
_LONGEST_PASSWORD = 64
_PATH = re.compile(r"(?:\.{0,2}|~)/|[\w.-]+@[\w-]+\.\w+|\w+://|[A-Za-z]:\\")
_EXPRESSION = re.compile(r"[\w.$:/+*-]+", re.ASCII)
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+", re.ASCII)


def _assigned(text: str, lowered: str) -> Iterator[Secret]:
    for named in _NAMED.finditer(lowered):
        generated = named["link"] in _WEAK_LINKS
        quoted = _QUOTED.match(text, named.end())
        value = quoted if quoted or generated else _BARE.match(text, named.end())
        if not value or not _is_telling(text, lowered, named):
            continue
        if quoted:
            chosen = _is_chosen_password if not generated and not quoted["call"] else _never
        else:
            chosen = _is_chosen_bare if named[0].endswith("=") else _never
        if _is_secret(value["value"], named["name"], chosen):
            yield Secret("assigned-secret", "Password, token or key in plain text", *value.span("value"))


def _is_telling(text: str, lowered: str, named: re.Match[str]) -> bool:
    start = named.start()
    if named["link"] == "," and not named["close"]:
        return False
    ahead = lowered[max(0, start - _LONGEST_NAME) : start]
    prefix = ahead[len(ahead.rstrip(_NAME_CHARACTERS)) :]
    if named["name"] == "key" and not (_KEY_OF.search(ahead) or (prefix[-1:] == "_" and text[start].isupper())):
        return False  # yet OPENAI_KEY, as in the environment
    if named["name"] == "pass" and prefix.endswith(_NOT_PASS):
        return False
    return not _HARMLESS.search(prefix)


def _is_secret(value: str, name: str, chosen: Callable[[str], bool]) -> bool:
    """Tell whether the value under a telling name is the secret itself.

    It has to look generated, or, as a password where `chosen` allows it, like one that a person made up.
    """
    if _PATH.match(value) or is_stand_in(value) or any(c.isspace() or not c.isprintable() for c in value):
        return False
    if is_uuid(value):
        return name not in {"token", "auth", "authorization"}
    if looks_random(value):
        return not _IDENTIFIER.fullmatch(value)
    return name.startswith(("pass", "pwd")) and not is_common(value) and chosen(value)


def _never(_value: str) -> bool:
    return False


def _is_chosen_password(value: str) -> bool:
    kinds = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    lower, upper, digit, symbol = (any(map(kind, value)) for kind in kinds)
    varied = digit and (lower or upper) and (symbol or (lower and upper))
    return varied and len(value) <= _LONGEST_PASSWORD and entropy(value) >= _LEAST_BITS_PASSWORD


def _is_chosen_bare(value: str) -> bool:
    """Without quotes only a character that no expression has tells a password from a variable's name."""
    return _is_chosen_password(value) and not _EXPRESSION.fullmatch(value)
