"""What a path alone tells: lockfiles, vendored trees, generated and minified files, tests, documentation.

Deliberately narrow. Configuration (yaml, json, toml, Dockerfiles) is code; a folder called `vendor` in the middle of an
application may be its sales department.
"""

from __future__ import annotations

import posixpath
import re

LOCKFILES = frozenset(
    {
        ".terraform.lock.hcl",
        "Brewfile.lock.json",
        "Cargo.lock",
        "Cartfile.resolved",
        "Chart.lock",
        "Gemfile.lock",
        "MODULE.bazel.lock",
        "Package.resolved",
        "Pipfile.lock",
        "Podfile.lock",
        "buf.lock",
        "bun.lock",
        "bun.lockb",
        "cabal.project.freeze",
        "composer.lock",
        "conan.lock",
        "conda-lock.yml",
        "deno.lock",
        "devbox.lock",
        "devenv.lock",
        "flake.lock",
        "gems.locked",
        "go.sum",
        "go.work.sum",
        "gradle.lockfile",
        "mix.lock",
        "npm-shrinkwrap.json",
        "package-lock.json",
        "packages.lock.json",
        "paket.lock",
        "pdm.lock",
        "pixi.lock",
        "pnpm-lock.yaml",
        "poetry.lock",
        "pubspec.lock",
        "pylock.toml",
        "rebar.lock",
        "renv.lock",
        "shard.lock",
        "stack.yaml.lock",
        "uv.lock",
        "yarn.lock",
    }
)

_VENDOR_ANYWHERE = frozenset(
    {"node_modules", "bower_components", "jspm_packages", "third_party", "thirdparty", "3rdparty", "third-party"}
)
_VENDOR_AT_TOP = frozenset({"vendor", "Pods", "Carthage", "Godeps", "_vendor", "vendored", "external-libs"})
_ASSET_FOLDERS = frozenset({"assets", "static", "public", "js", "css", "lib", "libs", "javascripts", "stylesheets"})
_HOST = re.compile(r"[a-z0-9-]+\.(?:com|org|net|io|in|dev)\Z")

_GENERATED_NAME = re.compile(
    r"""(?: \.pb\.(?:go|cc|h|gw\.go) | _pb2(?:_grpc)?\.pyi? | \.pb\.(?:dart|swift) | _grpc\.pb\.go
          | \.g\.(?:dart|cs) | \.freezed\.dart | \.designer\.(?:cs|vb) | \.generated\.[a-z]+ | _generated\.[a-z]+
          | \.gen\.(?:go|ts|tsx|js|py) | zz_generated\.[a-z0-9_.]+\.go | _string\.go\.gen | \.tsbuildinfo | \.snap
          )\Z""",
    re.VERBOSE | re.IGNORECASE,
)
_MINIFIED_NAME = re.compile(r"[.-]min\.(?:js|css|mjs|cjs|svg|html)\Z|\.bundle\.js\Z", re.IGNORECASE)
_SOURCE_MAP_NAME = re.compile(r"\.(?:js|mjs|cjs|css|ts)\.map\Z", re.IGNORECASE)

_TEST_FOLDERS = frozenset({"test", "tests", "spec", "specs", "__tests__", "e2e", "testdata", "testing"})
_TEST_STEM = re.compile(
    r"(?:^test_|^tests_|_tests?$|_spec$|\.(?:test|spec|e2e|cy|stories)$|(?<=[a-z0-9])(?:Tests?|Spec|IT|TestCase)$)"
)
_DOCUMENTATION = frozenset({".md", ".mdx", ".rst", ".adoc", ".asciidoc", ".txt", ".org", ".tex", ".pod", ".rdoc"})
# Text files by extension that are code all the same.
_NOT_PROSE = frozenset({"requirements.txt", "constraints.txt", "cmakelists.txt", "robots.txt"})


def is_lockfile(path: str) -> bool:
    """Whether a package manager writes the file."""
    return posixpath.basename(path) in LOCKFILES


def vendor_folder(path: str) -> str:
    """The folder that marks the path as somebody else's code, or ''."""
    folders = path.split("/")[:-1]
    for depth, folder in enumerate(folders):
        if folder in _VENDOR_ANYWHERE or (depth == 0 and folder in _VENDOR_AT_TOP):
            return "/".join(folders[: depth + 1])
        if folder == "vendor" and depth and _holds_libraries(folders, depth):
            return "/".join(folders[: depth + 1])
    return ""


def _holds_libraries(folders: list[str], depth: int) -> bool:
    """Tell a nested `vendor` that holds libraries (web assets, Go import paths) from a part of the application."""
    below = folders[depth + 1] if depth + 1 < len(folders) else ""
    return folders[depth - 1].lower() in _ASSET_FOLDERS or _HOST.fullmatch(below) is not None


def generated_name(path: str) -> bool:
    """Whether the name is one that code generators give."""
    return _GENERATED_NAME.search(posixpath.basename(path)) is not None


def minified_name(path: str) -> bool:
    """Whether the name says that the file is minified or bundled."""
    return _MINIFIED_NAME.search(posixpath.basename(path)) is not None


def source_map_name(path: str) -> bool:
    """Whether the name is that of a source map."""
    return _SOURCE_MAP_NAME.search(posixpath.basename(path)) is not None


def is_test(path: str) -> bool:
    """Whether the file holds tests."""
    stem = posixpath.splitext(posixpath.basename(path))[0]
    return _TEST_STEM.search(stem) is not None or not _TEST_FOLDERS.isdisjoint(path.lower().split("/")[:-1])


def subject(path: str) -> str:
    """The stem of the file, without what marks it as a test: a source and its test have the same subject."""
    stem = posixpath.splitext(posixpath.basename(path))[0]
    return _TEST_STEM.sub("", stem).lower()


def is_documentation(path: str) -> bool:
    """Whether the file is prose for people."""
    name = posixpath.basename(path).lower()
    extension = posixpath.splitext(name)[1]
    return extension in _DOCUMENTATION and name not in _NOT_PROSE and not name.startswith("requirements")
