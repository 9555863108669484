"""Texts that want something else than to be read, by the place where they stand: a list in JSON for each place.

No file holds a whole secret: `{github-token}` and the like are put in when the lists are read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

PLACES = (
    "title",
    "body",
    "branch",
    "file_name",
    "diff_line",
    "code_comment",
    "commit_message",
    "label",
    "policy_value",
    "person_comment",
    "model_answer",
)

_KEY_LINE = "MIIEpAIBAAKCAQEA" + "u3Fy81Sx6Ld4Oz7Bi2Pm9Tk5Qc0Wv8Ea1Rn4Gj"
SECRETS = {
    "github-token": "ghp_" + "x7Kd92LmQ4vT81ZpRs65WnBj3HcYf0GaUe4D",
    "aws-key": "AKIA" + "Q7ZK3MXN5TWVB2YH",
    "slack-token": "xoxb-" + "284719305628-5917283640175-Gt6Vb1Nz8Mq4Wd7Xs2Kc9Rj5",
    "anthropic-key": "sk-ant-" + "api03-" + "Pz3Wq8Rm5Tk1Yv6Nb0Xc4Jd7Lf2Hs9Ga" * 2 + "q8-Vn2RkX5tYw1Ab9AA",
    "password": "r5!Hq30" + "VwC8nJ27Xe",
    "key-body": "\n".join(_KEY_LINE[at:] + _KEY_LINE[:at] for at in range(0, 40, 5)),
}
_PIECES = SECRETS | {"split": "\u200b", "github-token-rest": SECRETS["github-token"][2:]}


@dataclass(frozen=True, slots=True)
class Hostile:
    """A text, the place where it stands, and a short name that stands beside it there."""

    place: str
    text: str
    key: str


def corpus() -> tuple[Hostile, ...]:
    """All of them, in the order of the places."""
    texts = ((place, text) for place in PLACES for text in _read(place))
    return tuple(Hostile(place, _whole(text), f"k{number:03}") for number, (place, text) in enumerate(texts))


def _read(place: str) -> list[str]:
    texts: list[str] = json.loads((Path(__file__).parent / f"{place}.json").read_text(encoding="utf-8"))
    return texts


def _whole(text: str) -> str:
    for name, piece in _PIECES.items():
        text = text.replace(f"{{{name}}}", piece)
    return text
