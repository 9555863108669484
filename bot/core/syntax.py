"""Where functions, types and imports stand in a file: by ast-grep where it knows the language, else by their heads.

Source: https://ast-grep.github.io/reference/languages.html; the kinds are those of the tree-sitter grammars.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from ast_grep_py import Config, SgNode, SgRoot

from bot.core.signatures import is_head

MOST_PARSED = 300_000
"""A text of more characters is read by its heads: a grammar may take long for what programs wrote."""

_LONGEST_NAME = 120
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_BEHIND_NAME = re.compile(r"[=(<]")
_CALLED = re.compile(r"([A-Za-z_~][\w:~]*)\s*(?:<[^<>]{0,80}>)?\s*\(")


@dataclass(frozen=True, slots=True)
class Language:
    """A language of ast-grep: which kinds of nodes are functions, types and values that others name, and imports."""

    name: str
    functions: tuple[str, ...]
    types: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()


_JS_FUNCTIONS = ("function_declaration", "generator_function_declaration", "method_definition")
_JS_VALUES = ("variable_declarator",)
_TS_TYPES = (
    "class_declaration",
    "abstract_class_declaration",
    "interface_declaration",
    "type_alias_declaration",
    "enum_declaration",
)
_JAVASCRIPT = Language("javascript", _JS_FUNCTIONS, ("class_declaration",), _JS_VALUES, ("import_statement",))
_TYPESCRIPT = Language("typescript", _JS_FUNCTIONS, _TS_TYPES, _JS_VALUES, ("import_statement",))
_TSX = Language("tsx", _JS_FUNCTIONS, _TS_TYPES, _JS_VALUES, ("import_statement",))
_C_TYPES = ("struct_specifier", "enum_specifier", "union_specifier", "type_definition")
_C_VALUES = ("preproc_def", "preproc_function_def")
_C = Language("c", ("function_definition",), _C_TYPES, _C_VALUES, ("preproc_include",))
_CPP = Language(
    "cpp", ("function_definition",), (*_C_TYPES, "class_specifier"), _C_VALUES, ("preproc_include", "using_declaration")
)
_BY_SUFFIX = {
    ".py": Language(
        "python",
        ("function_definition",),
        ("class_definition",),
        ("assignment",),
        ("import_statement", "import_from_statement"),
    ),
    ".js": _JAVASCRIPT,
    ".mjs": _JAVASCRIPT,
    ".cjs": _JAVASCRIPT,
    ".jsx": _JAVASCRIPT,
    ".ts": _TYPESCRIPT,
    ".mts": _TYPESCRIPT,
    ".cts": _TYPESCRIPT,
    ".tsx": _TSX,
    ".go": Language(
        "go",
        ("function_declaration", "method_declaration"),
        ("type_spec",),
        ("const_spec", "var_spec"),
        ("import_declaration",),
    ),
    ".java": Language(
        "java",
        ("method_declaration", "constructor_declaration"),
        ("class_declaration", "interface_declaration", "enum_declaration", "record_declaration"),
        ("field_declaration",),
        ("import_declaration",),
    ),
    ".kt": Language(
        "kotlin",
        ("function_declaration",),
        ("class_declaration", "object_declaration"),
        ("property_declaration",),
        ("import_header",),
    ),
    ".rs": Language(
        "rust",
        ("function_item", "function_signature_item", "macro_definition"),
        ("struct_item", "enum_item", "trait_item", "impl_item", "type_item"),
        ("const_item", "static_item"),
        ("use_declaration",),
    ),
    ".c": _C,
    ".h": _CPP,
    ".cc": _CPP,
    ".cpp": _CPP,
    ".cxx": _CPP,
    ".hh": _CPP,
    ".hpp": _CPP,
    ".cs": Language(
        "csharp",
        ("method_declaration", "constructor_declaration", "local_function_statement"),
        (
            "class_declaration",
            "interface_declaration",
            "struct_declaration",
            "enum_declaration",
            "record_declaration",
        ),
        ("property_declaration", "field_declaration"),
        ("using_directive",),
    ),
    ".php": Language(
        "php",
        ("function_definition", "method_declaration"),
        ("class_declaration", "interface_declaration", "trait_declaration", "enum_declaration"),
        ("const_declaration", "property_declaration"),
        ("namespace_use_declaration",),
    ),
    ".rb": Language("ruby", ("method", "singleton_method"), ("class", "module"), ("assignment",)),
    ".swift": Language(
        "swift",
        ("function_declaration", "init_declaration", "protocol_function_declaration"),
        ("class_declaration", "protocol_declaration"),
        ("property_declaration",),
        ("import_declaration",),
    ),
    ".scala": Language(
        "scala",
        ("function_definition", "function_declaration"),
        ("class_definition", "object_definition", "trait_definition", "enum_definition"),
        ("val_definition",),
        ("import_declaration",),
    ),
    ".sh": Language("bash", ("function_definition",), (), ("variable_assignment",)),
    ".bash": Language("bash", ("function_definition",), (), ("variable_assignment",)),
    ".lua": Language("lua", ("function_declaration",), (), ("variable_declaration",)),
}
_BY_SUFFIX[".kts"] = _BY_SUFFIX[".kt"]
_BY_SUFFIX[".pyi"] = _BY_SUFFIX[".py"]
_BY_SUFFIX[".rake"] = _BY_SUFFIX[".rb"]
_BY_SUFFIX[".sc"] = _BY_SUFFIX[".scala"]


LANGUAGES = tuple(dict.fromkeys(language.name for language in _BY_SUFFIX.values()))
"""All of them, by ast-grep's names."""


@dataclass(frozen=True, slots=True)
class Definition:
    """Something with a name, on the lines from `first` to `last`, both counted from 1 and included.

    `type_` tells that it is a type or module that holds others; `value` that it is a constant, field or variable.
    """

    name: str
    first: int
    last: int
    type_: bool = False
    value: bool = False

    def holds(self, line: int) -> bool:
        """Whether a line is one of its own."""
        return self.first <= line <= self.last


@dataclass(frozen=True, slots=True)
class Outline:
    """The definitions of a file in the order of their lines, outer ones first; the lines of its imports."""

    definitions: tuple[Definition, ...] = ()
    imports: tuple[int, ...] = ()

    def around(self, line: int) -> tuple[Definition, ...]:
        """The functions and types that hold a line, the outermost first."""
        return tuple(each for each in self.definitions if not each.value and each.holds(line))


def language_of(path: str) -> Language | None:
    """The language of a file, where ast-grep knows it."""
    return _BY_SUFFIX.get(posixpath.splitext(path)[1].lower())


def outline_of(path: str, text: str) -> Outline:
    """Where functions, types, values and imports stand in a file."""
    language = language_of(path)
    if language is None or len(text) > MOST_PARSED:
        return _by_heads(text.split("\n"))
    return _parsed(language, text)


def parses(path: str, text: str) -> bool | None:
    """Whether a text is free of syntax errors, as far as its grammar tells; None where there is no grammar."""
    language = language_of(path)
    if language is None or len(text) > MOST_PARSED:
        return None
    return _root(language, text).find({"rule": {"any": [{"kind": "ERROR"}]}}) is None


def filled_in(path: str, text: str) -> int:
    """How many tokens a parser had to make up to make sense of the text: they have no width."""
    language = language_of(path)
    return 0 if language is None else len(_root(language, text).find_all({"rule": {"regex": "^$"}}))


def matches(path: str, text: str, configs: Sequence[Mapping[str, object]]) -> Iterator[tuple[int, int, int]]:
    """What rules of ast-grep find: the position of the rule, the first and the last line (from 1) of each match."""
    language = language_of(path)
    if language is None:
        return
    root = _root(language, text)
    for index, config in enumerate(configs):
        for node in root.find_all(cast("Config", config)):
            place = node.range()
            yield index, place.start.line + 1, place.end.line + 1


def _root(language: Language, text: str) -> SgNode:
    # Bytes that are no UTF-8 stand in the text as surrogates, which the parser cannot be handed.
    return SgRoot(text.encode("utf-8", "replace").decode("utf-8"), language.name).root()


def _parsed(language: Language, text: str) -> Outline:
    kinds = (*language.functions, *language.types, *language.values, *language.imports)
    definitions: list[Definition] = []
    imports: list[int] = []
    for node in _root(language, text).find_all({"rule": {"any": [{"kind": kind} for kind in kinds]}}):
        kind, place = node.kind(), node.range()
        first, last = place.start.line + 1, place.end.line + bool(place.end.column)
        if kind in language.imports:
            imports += range(first, last + 1)
            continue
        value = kind in language.values
        if value and not _is_outer(node, language):
            continue
        name = _name(node)
        if name:
            definitions.append(Definition(name, first, last, kind in language.types, value and not _is_lambda(node)))
    return Outline(tuple(sorted(set(definitions), key=_by_place)), tuple(sorted(set(imports))))


def _by_place(each: Definition) -> tuple[int, int, str]:
    return each.first, -each.last, each.name


def _is_outer(node: SgNode, language: Language) -> bool:
    """Whether a value belongs to the file or to a type: what a function keeps to itself nobody else can name."""
    return not any(parent.kind() in language.functions for parent in node.ancestors()) or _is_lambda(node)


def _is_lambda(node: SgNode) -> bool:
    """Whether the value is a function: `const save = async () => {...}`."""
    value = node.field("value")
    return value is not None and value.kind() in {"arrow_function", "function_expression", "function"}


def _name(node: SgNode) -> str:
    for field in ("name", "left", "pattern"):
        named = node.field(field)
        if named is not None:
            return _first_name(named.text())
    declarator = node.field("declarator")
    if declarator is not None:
        text = declarator.text()[:_LONGEST_NAME]
        called = _CALLED.search(text)
        return _first_name(called[1].split("::")[-1] if called else text)
    return _first_name((node.field("type") or node).text())


def _first_name(text: str) -> str:
    """The last part of a dotted name, without what follows it: `Foo::bar<T>(` is `Foo`, `self.size` is `size`."""
    names = _NAME.findall(_BEHIND_NAME.split(text[:_LONGEST_NAME], maxsplit=1)[0])
    return names[-1] if names else ""


_KEYWORD = re.compile(
    r"\b(?:def|class|func|fn|fun|function|interface|struct|enum|trait|impl|protocol|record|object|module|namespace|type"
    r"|message|service|rpc|table|view|index|procedure|trigger)\s+(?:if\s+not\s+exists\s+)?[`\"\[(]?([A-Za-z_$][\w$]*)",
    re.IGNORECASE,
)
_INDENT = re.compile(r"[ \t]*")


def _by_heads(lines: Sequence[str]) -> Outline:
    """Definitions by their heads; each reaches to the line before the next one that is indented no deeper."""
    heads = [(number, _indent(line), line) for number, line in enumerate(lines, start=1) if is_head(line)]
    return Outline(tuple(_reaching(heads, len(lines))))


def _indent(line: str) -> int:
    found = _INDENT.match(line)
    return len(found[0].expandtabs(4)) if found else 0


def _reaching(heads: Sequence[tuple[int, int, str]], last: int) -> Iterator[Definition]:
    for position, (number, indent, line) in enumerate(heads):
        end = next((other for other, depth, _ in heads[position + 1 :] if depth <= indent), last + 1) - 1
        name = _head_name(line)
        if name:
            yield Definition(name, number, end)


def _head_name(line: str) -> str:
    keyword = _KEYWORD.search(line)
    if keyword:
        return keyword[1]
    called = _CALLED.search(line)
    names = _NAME.findall(line)
    return called[1] if called else (names[-1] if names else "")


def enclosing(outline: Outline, lines: Iterable[int]) -> tuple[Definition, ...]:
    """The innermost functions or types that hold any of the lines, in their order, each once."""
    found = (outline.around(line) for line in lines)
    return tuple(dict.fromkeys(each[-1] for each in found if each))
