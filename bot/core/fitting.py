"""Fits the body of a request to what its model and the version of the API accept. What is refused costs a round trip.

Source of the rules: https://platform.claude.com/docs/en/api/errors and `core.model_rules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.core.messages import Json
from bot.core.model_rules import RULES, ModelRules, Rulebook, Sampling

WITHOUT_SAMPLING = "2026-10-21"
"""The first version of the API that takes no sampling parameters at all, not even their defaults."""

_SAMPLING = ("temperature", "top_p", "top_k")
_MOST_MARKS = 4


def fitted(body: Mapping[str, object], version: str = "", book: Rulebook = RULES) -> Json:
    """The body without what its model would refuse, in the same order; equal bodies stay equal.

    Blank text blocks say nothing, and the API refuses them, as it refuses more than four marks for a cache: the last
    ones are kept. A limit of tokens above the model's own is lowered to that.
    """
    rules = book.of(str(body["model"]))
    thinking = _table(body.get("thinking"))
    fit: Json = {name: value for name, value in body.items() if name not in _refused(body, rules, version)}
    limit = fit.get("max_tokens")
    if isinstance(limit, int):
        fit["max_tokens"] = min(limit, rules.most_output)
    if "thinking" in fit and not rules.budgets and thinking.get("type") in {"enabled", "disabled"}:
        # Such a model thinks as much as it finds right, or not at all where nothing is said of it.
        if thinking["type"] == "enabled":
            fit["thinking"] = {"type": "adaptive"}
        else:
            del fit["thinking"]
    if "output_config" in fit:
        fit["output_config"] = _output(_table(fit["output_config"]), rules)
    if "system" in fit:
        fit["system"] = _content(fit["system"])
    if isinstance(fit.get("messages"), list):
        fit["messages"] = [_message(message) for message in _tables(fit["messages"])]
    return _marked(fit)


def _refused(body: Mapping[str, object], rules: ModelRules, version: str) -> set[str]:
    """The sampling parameters that must not be sent."""
    thinks = _table(body.get("thinking")).get("type") in {"enabled", "adaptive"}
    if version >= WITHOUT_SAMPLING or rules.sampling is Sampling.NONE or (rules.sampling is Sampling.ONE and thinks):
        return set(_SAMPLING)
    both = {"temperature", "top_p"} <= body.keys()
    return {"top_p"} if both and rules.sampling is Sampling.ONE else set()


def _output(config: Json, rules: ModelRules) -> Json:
    """An effort that the model does not know is the next one that it does."""
    effort = config.get("effort")
    if effort == "xhigh" and "xhigh" not in rules.efforts:
        return {**config, "effort": "high"}
    return config


def _message(message: Json) -> Json:
    return {**message, "content": _content(message["content"])}


def _content(content: object) -> object:
    if not isinstance(content, list):
        return content
    return [block for block in _tables(content) if block.get("type") != "text" or str(block.get("text")).strip()]


def _marked(body: Json) -> Json:
    """The body with its last four marks only."""
    marked = [block for block in _markable(body) if "cache_control" in block]
    for block in marked[:-_MOST_MARKS]:
        del block["cache_control"]
    return body


def _markable(body: Json) -> Iterable[Json]:
    """Everything that may carry a mark, in the order in which the API reads it. All of it is our own copy."""
    yield from _tables_in(body, "tools")
    yield from _tables_in(body, "system")
    for message in _tables_in(body, "messages"):
        yield from _tables_in(message, "content")


def _tables_in(table: Json, name: str) -> list[Json]:
    """The blocks under a name, copied in place so that they can be changed."""
    value = table.get(name)
    if not isinstance(value, list):
        return []
    copied = _tables(value)
    table[name] = copied
    return copied


def _tables(value: object) -> list[Json]:
    return [dict(each) for each in value if isinstance(each, Mapping)] if isinstance(value, Iterable) else []


def _table(value: object) -> Json:
    return dict(value) if isinstance(value, Mapping) else {}
