"""`plumbline config`: the file is checked, and what holds is shown with its source."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import plumbline
from tests.fakes.github import FakeGitHub
from tests.repository import CHECKOUT, TestRepository

POLICY = ".github/plumbline.yml"
MISTAKES = "drafts: yes\nsevrity: low\nmax_comments: 4\n"
PATCH = (
    b"diff --git a/notes.md b/notes.md\nindex 5626abf..814f4a4 100644\n--- a/notes.md\n+++ b/notes.md\n"
    b"@@ -1 +1,2 @@\n one\n+two\n"
)


@pytest.fixture
def repository(tmp_path: Path) -> TestRepository:
    """A repository whose main branch has a policy, and whose work tree has another."""
    made = TestRepository(tmp_path / "repository")
    made.commit({POLICY: "severity: high\n", "src/a.py": "x = 1\n"})
    made.write({POLICY: MISTAKES})
    return made


def test_check_prints_each_problem_with_its_place(repository: TestRepository) -> None:
    """From any folder of the repository its file is checked, and problems are exit code 1."""
    done = plumbline("config", "check", folder=repository.root / "src")
    assert (done.code, done.err) == (1, "")
    assert done.out == f"{POLICY}:2: `sevrity` is no key of the policy file; did you mean `severity`?\n"


def test_check_takes_any_file(tmp_path: Path) -> None:
    """A file is checked without a repository, by its name in the folder."""
    (tmp_path / "mine.yml").write_text("drafts: yes\nforks: no\n")
    done = plumbline("config", "check", "mine.yml", folder=tmp_path)
    assert (done.code, done.out, done.err) == (0, "mine.yml is fine: 2 settings\n", "")


def test_check_writes_json(repository: TestRepository) -> None:
    """--json holds the same, with the same exit code."""
    done = plumbline("config", "check", "--json", folder=repository.root)
    assert done.code == 1
    written = json.loads(done.out)
    assert (written["file"], written["settings"]) == (POLICY, 2)
    assert [problem["line"] for problem in written["problems"]] == [2]


def test_check_needs_no_git(tmp_path: Path) -> None:
    """Without git on the PATH the file of the folder is checked."""
    (tmp_path / ".github").mkdir()
    (tmp_path / POLICY).write_text("forks: no\n")
    done = plumbline("config", "check", folder=tmp_path, variables={"PATH": str(tmp_path)})
    assert (done.code, done.out) == (0, f"{POLICY} is fine: 1 setting\n")


@pytest.mark.parametrize(
    ("content", "arguments", "sentence"),
    [
        (None, (), f"There is no file {POLICY}; name the policy file to check."),
        (None, ("x.yml",), "There is no file x.yml; name the policy file to check."),
        (None, (".",), "The file '.' cannot be read: Is a directory."),
        (b"drafts: \xff\n", ("given.yml",), "The file 'given.yml' is not UTF-8 text; save it as UTF-8."),
    ],
)
def test_what_cannot_be_read_is_one_sentence(
    tmp_path: Path, content: bytes | None, arguments: tuple[str, ...], sentence: str
) -> None:
    """A file that is not there, or is no text, is misuse: exit code 2."""
    if content is not None:
        (tmp_path / "given.yml").write_bytes(content)
    done = plumbline("config", "check", *arguments, folder=tmp_path)
    assert (done.code, done.out, done.err) == (2, "", f"plumbline: {sentence}\n")


def test_a_file_with_the_other_ending_is_pointed_at(tmp_path: Path) -> None:
    """.github/plumbline.yaml is not read, and whoever wrote it is told."""
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "plumbline.yaml").write_text("drafts: yes\n")
    done = plumbline("config", "check", folder=tmp_path)
    assert done.code == 2
    hint = "only .github/plumbline.yaml, which is not read: rename it"
    assert hint in done.err
    assert hint in plumbline("config", "show", folder=tmp_path).out


def test_a_huge_file_is_a_problem_of_the_file(tmp_path: Path) -> None:
    """Its size is what is wrong, also where reading stopped inside a character."""
    (tmp_path / "huge.yml").write_text("#" + "é" * 40_000)
    done = plumbline("config", "check", "huge.yml", folder=tmp_path)
    assert done.code == 1
    assert "larger than 64 kB" in done.out


def shown(written: str) -> dict[str, list[str]]:
    """The rows of the table: key -> value and source."""
    rows = (re.split("  +", line) for line in written.split("\n\n")[1].splitlines())
    return {row[0]: row[1:] for row in rows}


def test_show_goes_by_the_work_tree(repository: TestRepository) -> None:
    """Without an argument the file as it lies there counts, and that is said; settings of the operator win."""
    variables = {"PLUMBLINE_MAX_COMMENTS": "7", "PLUMBLINE_MODEL": "mine"}
    done = plumbline("config", "show", folder=repository.root, variables=variables)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Read: {POLICY} of the work tree, which is not what a review on GitHub goes by;")
    rows = shown(done.out)
    assert rows["drafts"] == ["true", POLICY]
    assert rows["max_comments"] == ["7", f"PLUMBLINE_MAX_COMMENTS (not that of {POLICY})"]
    assert rows["model"] == ["mine", "PLUMBLINE_MODEL"]
    assert rows["severity"] == ["low", "default"]
    assert f"{POLICY}:2: `sevrity` is no key" in done.out


def test_show_goes_by_a_branch(repository: TestRepository) -> None:
    """--base reads the file of that branch, not the one that lies there."""
    rows = shown(plumbline("config", "show", "--base", "main", folder=repository.root).out)
    assert rows["severity"] == ["high", f"{POLICY} of main"]
    assert rows["drafts"] == ["false", "default"]


def test_show_without_a_file(tmp_path: Path) -> None:
    """Where there is none the defaults are shown, and that there is none is said."""
    done = plumbline("config", "show", folder=tmp_path)
    assert done.code == 0
    assert done.out.startswith(f"There is no {POLICY} in the work tree")
    assert {row[-1] for row in shown(done.out).values()} == {"default"}


def test_show_refuses_what_is_unclear(repository: TestRepository, tmp_path: Path) -> None:
    """Two places, a branch without a repository and an unknown branch are misuse, in one sentence each."""
    both = plumbline("config", "show", "12", "--base", "main", folder=repository.root)
    assert (both.code, both.err) == (2, "plumbline: PR and --base exclude each other; give one of them.\n")
    unknown = plumbline("config", "show", "--base", "nope", folder=repository.root)
    assert (unknown.code, unknown.err.count("\n")) == (2, 1)
    nowhere = plumbline("config", "show", "--base", "main", folder=tmp_path)
    assert (nowhere.code, nowhere.err.count("\n")) == (2, 1)


def test_show_asks_github_for_a_pull_request(tmp_path: Path) -> None:
    """For a pull request the files of base branch and organisation count, and nothing is written anywhere."""
    with FakeGitHub() as github:
        github.pull_request(
            "acme/papers",
            214,
            patch=PATCH,
            base_files={POLICY: b"drafts: on\nbudget: {review: 9}\n", "notes.md": b"one\n"},
        )
        github.repository("acme/.github").files = {POLICY: b"budget: {review: 2}\nfoo: 1\n"}
        variables = {"GITHUB_API_URL": github.api_url, "GITHUB_TOKEN": github.token}
        done = plumbline("config", "show", "acme/papers#214", "--json", folder=tmp_path, variables=variables)
        assert (done.code, done.err) == (0, "")
        assert all(request.method == "GET" or request.path == "/graphql" for request in github.requests)
    assert github.problems == []
    written = json.loads(done.out)
    rows = {row["key"]: row for row in written["settings"]}
    assert (rows["drafts"]["value"], rows["drafts"]["source"]) == (True, f"{POLICY} of main")
    assert (rows["budget.review"]["value"], rows["budget.review"]["source"]) == (2, f"the organisation's {POLICY}")
    assert [problem["where"] for problem in written["problems"]] == [f"the organisation's {POLICY}"]
    assert written["read"] == f"acme/papers#214: read {POLICY} of main and of the organisation."


def test_help_loads_neither_pydantic_nor_yaml() -> None:
    """Help pays for Typer alone, though the commands of `config` are in it."""
    script = (
        "import sys; from bot.cli import app; app(['--help'], standalone_mode=False); "
        "print(sorted({'pydantic', 'yaml', 'pathspec', 'httpx'} & {*sys.modules}))"
    )
    done = subprocess.run((sys.executable, "-c", script), cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "  config " in done.stdout
