"""What models accept and how they count, as data. Unknown names get the careful row; a setting adds rows of one's own.

Sources: https://platform.claude.com/docs/en/about-claude/models/overview, .../build-with-claude/effort, .../thinking,
.../prompt-caching, .../vision; ratios: 1M tokens are about 3.4M characters for Claude Opus 4.6 and 2.5M for 4.7 (the
provider's model table), and estimates stay below that, as code is denser than prose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from bot.core.strict_json import loads


class Sampling(StrEnum):
    """Which of temperature, top_p and top_k a model takes: any, one of the first two while it does not think, none."""

    FREE = "free"
    ONE = "one"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ModelRules:
    """What a family of models accepts, and how it counts.

    `tool_tokens` are those that a forced tool call adds, `cache_minimum` is the shortest prefix kept in a cache,
    `most_output` the most tokens of an answer. `forced_tool` tells that it may be made to call a tool, `budgets` that
    its thinking may be given a budget; `efforts` are the words of output_config.effort that it knows, the least first.
    `images` tells that it sees images, scaled down to so many pixels of the long edge and so many tokens.
    """

    prefix: str
    bytes_per_token: float
    tool_tokens: int
    cache_minimum: int
    most_output: int = 128_000
    sampling: Sampling = Sampling.NONE
    forced_tool: bool = True
    budgets: bool = False
    efforts: tuple[str, ...] = ("low", "medium", "high", "xhigh", "max")
    images: bool = True
    image_edge: int = 2_576
    image_tokens: int = 4_784


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of all models, the closest first."""

    rows: tuple[ModelRules, ...]

    def of(self, model: str) -> ModelRules:
        """The rules of a model, by the beginning of its name. Gateways put a vendor in front: `anthropic/claude-`."""
        name = model.rpartition("/")[2]
        return next((rules for rules in self.rows if name.startswith(rules.prefix)), _UNKNOWN)

    def extended(self, written: str) -> Rulebook:
        """The same with rows of one's own ahead, written as JSON: `{"qwen3-": {"images": true}}`.

        What a row does not say is as it is for models of that name otherwise. Raises ValueError with what is wrong.
        """
        own = loads(written)
        if not isinstance(own, dict):
            raise ValueError("it is no JSON object of model names")  # noqa: TRY004 - told like all that is wrong with it
        rows = [_row(self.of(prefix), prefix, said) for prefix, said in own.items()]
        # The longest name fits closest.
        return Rulebook((*sorted(rows, key=lambda row: -len(row.prefix)), *self.rows))


def _row(usual: ModelRules, prefix: str, said: object) -> ModelRules:
    if not prefix or not isinstance(said, dict):
        raise ValueError(f"{prefix!r} is not the beginning of a model's name with an object of its rules")
    known = [field.name for field in fields(ModelRules) if field.name != "prefix"]
    changed: dict[str, Any] = {}
    for name, value in said.items():
        if name not in known:
            raise ValueError(f"{name!r} is no rule; there are {', '.join(known)}")
        changed[name] = _read(name, value, getattr(usual, name))
    return replace(usual, prefix=prefix, **changed)


def _read(name: str, value: object, usual: object) -> object:
    """A value of the kind of the usual one."""
    match usual:
        case bool():
            if isinstance(value, bool):
                return value
        case Sampling():
            if isinstance(value, str) and value in {*Sampling}:
                return Sampling(value)
        case int() | float() if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return value if isinstance(usual, float) else int(value)
        case tuple() if isinstance(value, list) and value and all(isinstance(word, str) for word in value):
            return tuple(value)
    raise ValueError(f"{name!r} must be {_KINDS[type(usual)]}")


_KINDS: Mapping[type, str] = {
    bool: "true or false",
    Sampling: "one of free, one, none",
    int: "a number above 0",
    float: "a number above 0",
    tuple: "a list of words",
}

_OPUS_4_6 = ModelRules(
    "claude-opus-4-6",
    2.6,
    589,
    4_096,
    sampling=Sampling.ONE,
    budgets=True,
    efforts=("low", "medium", "high", "max"),
    image_edge=1_568,
    image_tokens=1_568,
)
_OPUS_4_7 = ModelRules("claude-opus-4-7", 2.0, 804, 2_048)
# Another vendor's, or a local one: counted as the densest, and tried with everything; what it refuses is told by it.
# Images are not tried: many would fail the whole request over them.
_UNKNOWN = ModelRules("", 2.0, 804, 4_096, sampling=Sampling.FREE, budgets=True, images=False)

RULES = Rulebook(
    (
        _OPUS_4_6,
        _OPUS_4_7,
        replace(_OPUS_4_7, prefix="claude-opus-4-8"),
        replace(_OPUS_4_6, prefix="claude-sonnet-4-", cache_minimum=2_048, most_output=64_000),
        replace(_OPUS_4_6, prefix="claude-haiku-4-", most_output=64_000),
        # Models after Claude 4 refuse to be forced: https://github.com/BerriAI/litellm/issues/42717
        replace(_OPUS_4_7, prefix="claude-", cache_minimum=4_096, forced_tool=False),
    )
)
"""What is known of models. The first row that fits counts."""
