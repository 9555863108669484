"""What models accept and how they count, as data. Unknown names get the careful row.

Sources: https://platform.claude.com/docs/en/about-claude/models/overview, .../build-with-claude/effort, .../thinking,
.../prompt-caching; ratios: 1M tokens are about 3.4M characters for Claude Opus 4.6 and 2.5M for 4.7 (the provider's
model table), and estimates stay below that, as code is denser than prose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cache


class Sampling(Enum):
    """Which of temperature, top_p and top_k a model takes: any, one of the first two while it does not think, none."""

    FREE = auto()
    ONE = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True)
class ModelRules:
    """What a family of models accepts, and how it counts.

    `tool_tokens` are those that a forced tool call adds, `cache_minimum` is the shortest prefix kept in a cache,
    `most_output` the most tokens of an answer. `forced_tool` tells that it may be made to call a tool, `budgets` that
    its thinking may be given a budget; `efforts` are the words of output_config.effort that it knows, the least first.
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


_OPUS_4_6 = ModelRules(
    "claude-opus-4-6",
    2.6,
    589,
    4_096,
    sampling=Sampling.ONE,
    budgets=True,
    efforts=("low", "medium", "high", "max"),
)
_OPUS_4_7 = ModelRules("claude-opus-4-7", 2.0, 804, 2_048)
# The first that fits counts. Models after Claude 4 refuse to be forced: https://github.com/BerriAI/litellm/issues/42717
_RULES = (
    _OPUS_4_6,
    _OPUS_4_7,
    replace(_OPUS_4_7, prefix="claude-opus-4-8"),
    replace(_OPUS_4_6, prefix="claude-sonnet-4-", cache_minimum=2_048, most_output=64_000),
    replace(_OPUS_4_6, prefix="claude-haiku-4-", most_output=64_000),
    replace(_OPUS_4_7, prefix="claude-", cache_minimum=4_096, forced_tool=False),
)
# Another vendor's, or a local one: counted as the densest, and tried with everything; what it refuses is told by it.
_UNKNOWN = ModelRules("", 2.0, 804, 4_096, sampling=Sampling.FREE, budgets=True)


@cache
def rules_of(model: str) -> ModelRules:
    """The rules of a model, by the beginning of its name. Gateways put a vendor in front: `anthropic/claude-`."""
    name = model.rpartition("/")[2]
    return next((rules for rules in _RULES if name.startswith(rules.prefix)), _UNKNOWN)
