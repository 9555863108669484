"""The command line: what it answers, and with which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.command import plumbline
from tests.repository import CHECKOUT, SHARED, TestRepository

FIXED = "def run(command):\n    return subprocess.run(command, shell=True)\n"
BROKEN = "import subprocess\n\n\ndef run(name):\n    return subprocess.run(f'echo {name}', shell=True)\n"
CLEAN_PATCH = b"--- a/notes.md\n+++ b/notes.md\n@@ -1 +1,2 @@\n one\n+two\n"


@pytest.fixture
def repository(tmp_path: Path) -> TestRepository:
    """A branch `work` that adds one defective Python file, changes a lockfile, and leaves an old defect alone."""
    made = TestRepository(tmp_path / "repository")
    made.commit({"old.py": FIXED, "uv.lock": "one\n", "notes.md": "one\n"})
    made.branch("work")
    made.commit({"new.py": BROKEN, "uv.lock": "two\n", "notes.md": "one\ntwo\n"})
    return made


def test_a_branch_is_reviewed_against_its_merge_base(repository: TestRepository) -> None:
    """What the base branch did meanwhile is not part of the change."""
    repository.git("checkout", "--quiet", "main")
    repository.commit({"later.py": BROKEN})
    repository.git("checkout", "--quiet", "work")
    done = plumbline("review", "--base", "main", folder=repository.root)
    assert done.code == 0
    assert "new.py:5" in done.out
    assert "later.py" not in done.out
    assert done.err == ""


def test_the_text_says_that_no_model_took_part(repository: TestRepository) -> None:
    """A keyless review never reads as if a model had found the code to be fine."""
    done = plumbline("review", "--base", "main", folder=repository.root)
    assert "no model took part: 0 of 8 changed lines reviewed" in done.out
    assert "nothing found" not in done.out


def test_head_names_the_other_end(repository: TestRepository) -> None:
    """--head reviews a branch that is not checked out."""
    repository.git("checkout", "--quiet", "main")
    done = plumbline("review", "--base", "main", "--head", "work", folder=repository.root)
    assert "new.py:5" in done.out


def test_staged_changes_are_reviewed(repository: TestRepository) -> None:
    """--staged reads the index, not the work tree."""
    repository.write({"staged.py": BROKEN})
    repository.git("add", "staged.py")
    repository.write({"staged.py": "x = 1\n", "unstaged.py": BROKEN})
    done = plumbline("review", "--staged", folder=repository.root)
    assert "staged.py:5" in done.out
    assert "unstaged.py" not in done.out


def test_a_patch_is_read_from_standard_input(tmp_path: Path) -> None:
    """--diff - needs no repository."""
    done = plumbline("review", "--diff", "-", folder=tmp_path, text=CLEAN_PATCH)
    assert done.code == 0
    assert "standard input: 1 file, 1 changed line" in done.out


def test_a_patch_needs_no_git(tmp_path: Path) -> None:
    """Without git on the PATH a patch is reviewed; a branch is refused with the reason."""
    nowhere = {"PATH": str(tmp_path)}
    assert plumbline("review", "--diff", "-", folder=tmp_path, text=CLEAN_PATCH, variables=nowhere).code == 0
    done = plumbline("review", "--base", "main", folder=tmp_path, variables=nowhere)
    assert (done.code, done.err) == (2, "plumbline: git was not found; install it, or put it on the PATH.\n")


def test_a_bare_patch_of_changed_python_says_that_ruff_did_not_run(tmp_path: Path) -> None:
    """Without the whole file an analyzer that needs it says so."""
    patch = b"diff --git a/a.py b/a.py\nindex 1111111..2222222 100644\n--- a/a.py\n+++ b/a.py\n@@ -5 +5 @@\n-x\n+y\n"
    done = plumbline("review", "--diff", "-", folder=tmp_path, text=patch)
    assert "ruff on 0 of 1 file (it needs whole files)" in " ".join(done.out.split())
    assert done.code == 0


def test_a_patch_in_its_checkout_has_whole_files(repository: TestRepository) -> None:
    """With the blobs of the index lines at hand, in the object store or in the checkout, analyzers run on a patch."""
    patch = repository.git("diff", "main", "work").encode() + b"\n"
    done = plumbline("review", "--diff", "-", folder=repository.root, text=patch)
    assert "ruff: S602" in done.out


def test_a_patch_that_adds_a_file_holds_all_of_it(repository: TestRepository, tmp_path: Path) -> None:
    """A new file's text is the patch itself: no checkout is needed."""
    patch = repository.git("diff", "main", "work", "--", "new.py").encode() + b"\n"
    done = plumbline("review", "--diff", "-", folder=tmp_path, text=patch)
    assert "ruff: S602" in done.out


def test_json_follows_its_published_schema(repository: TestRepository) -> None:
    """The JSON form validates, and its ledger adds up three times over."""
    done = plumbline("review", "--base", "main", "--format", "json", folder=repository.root)
    review = json.loads(done.out)
    schema = json.loads((CHECKOUT / "docs/schema/review-1.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(review)
    ledger = review["ledger"]
    entries = [entry["lines"] for file in ledger["files"] for entry in file["entries"]]
    assert (
        sum(ledger["states"].values())
        == sum(ledger["reasons"].values())
        == sum(entries)
        == ledger["changed_lines"]
        == 8
    )


def test_sarif_follows_the_standard(repository: TestRepository) -> None:
    """The SARIF form validates against the standard's schema and names the line."""
    done = plumbline("review", "--base", "main", "--format", "sarif", folder=repository.root)
    log = json.loads(done.out)
    schema = json.loads((CHECKOUT / "tests/samples/sarif-schema-2.1.0.json").read_text())
    jsonschema.Draft4Validator(schema).validate(log)
    (result,) = log["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("new.py", 5)


def test_github_annotations_name_file_and_line(repository: TestRepository) -> None:
    """The github form is workflow commands, the last of which says how the review ended."""
    done = plumbline("review", "--base", "main", "--format", "github", folder=repository.root)
    first, last = done.out.splitlines()
    assert first.startswith("::error file=new.py,line=5,endLine=5,title=high%3A ")
    assert last.startswith("::notice title=Plumbline::1 finding by the analyzers")


def test_output_goes_to_a_file(repository: TestRepository) -> None:
    """--output writes the review there and nothing to the terminal."""
    done = plumbline(
        "review", "--base", "main", "--output", "review.md", "--format", "markdown", folder=repository.root
    )
    assert (done.code, done.out) == (0, "")
    assert (repository.root / "review.md").read_text().startswith("### Plumbline: 1 finding by the analyzers")


@pytest.mark.parametrize(("threshold", "code"), [("critical", 0), ("high", 1), ("medium", 1), ("low", 1), ("never", 0)])
def test_fail_on_decides_the_exit_code(repository: TestRepository, threshold: str, code: int) -> None:
    """The exit code is 1 exactly where a finding (here: high) is at or above the threshold."""
    assert plumbline("review", "--base", "main", "--fail-on", threshold, folder=repository.root).code == code


def test_filters_are_named_in_the_ledger(repository: TestRepository) -> None:
    """What --exclude takes away is excluded by name, and its findings with it."""
    done = plumbline("review", "--base", "main", "--exclude", "*.py", folder=repository.root)
    assert "path filter (*.py)" in done.out
    assert "5 lines left out by path filters" in done.out
    assert "S602" not in done.out
    only = plumbline("review", "--base", "main", "--include", "*.md", folder=repository.root)
    assert "path filter (not in *.md)" in only.out


def test_quiet_shows_findings_and_outcome_only(repository: TestRepository) -> None:
    """--quiet leaves out the ledger and keeps the last line."""
    done = plumbline("review", "--base", "main", "--quiet", folder=repository.root)
    assert "What was read" not in done.out
    assert done.out.rstrip().splitlines()[-1].startswith("  partial: 1 high")


def test_an_empty_change_is_skipped(repository: TestRepository) -> None:
    """Nothing to review is said as such, and is no failure."""
    done = plumbline("review", "--base", "work", folder=repository.root)
    assert (done.code, done.out.splitlines()[-1]) == (0, "  skipped: not reviewed: no changes")


def test_a_change_of_excluded_files_only_is_skipped(repository: TestRepository) -> None:
    """Where every line is excluded there is nothing to read, and no claim about the code."""
    done = plumbline("review", "--base", "main", "--include", "uv.lock", folder=repository.root)
    assert "skipped: not reviewed: nothing to read" in done.out


def test_a_secret_is_never_shown(repository: TestRepository) -> None:
    """The value of a secret is in no form of the review."""
    password = "vT7q" + "mK2xLw9" + "RbZe4"
    line = f"url: postgres://papers:{password}@db.papers-prod.net:5432/papers\n"
    repository.commit({"config.yaml": line})
    for form in ("text", "markdown", "json", "sarif", "github"):
        done = plumbline("review", "--base", "main", "--format", form, folder=repository.root)
        assert "A secret was added" in done.out
        assert password not in done.out + done.err


UNREADABLE = "it cannot be read as a gitignore pattern; write one such as 'docs/' or '*.md'"
USAGE = [
    ((), "Say what to review: a pull request, --base BRANCH, --staged, or --diff FILE."),
    (("--base", "main", "--staged"), "--base and --staged exclude each other; give one of them."),
    (("--head", "work"), "Say what to review: a pull request, --base BRANCH, --staged, or --diff FILE."),
    (("--head", "work", "--staged"), "--head needs --base: together they name the two ends of the change."),
    (
        ("--base", "nowhere"),
        "There is no commit 'nowhere' in this repository; name a branch, tag or commit that git knows.",
    ),
    (
        ("--base=--output=x",),
        "There is no commit '--output=x' in this repository; name a branch, tag or commit that git knows.",
    ),
    (("--diff", "nowhere.patch"), "The patch 'nowhere.patch' cannot be read: No such file or directory."),
    (("--diff", "notes.md"), "line 1 of the patch: no file header was found; is this a diff?"),
    (
        ("--base", "main", "--output", "no/where"),
        "The review cannot be written to 'no/where': there is no folder 'no'.",
    ),
    (
        ("--base", "main", "--exclude", ""),
        "The path pattern '' cannot be used: it is no path pattern; write one such as 'docs/' or '*.md'.",
    ),
    (
        ("--base", "main", "--include", "[z-a]"),
        f"The path pattern '[z-a]' cannot be used: {UNREADABLE}.",
    ),
    (("nonsense",), "'nonsense' is no pull request; write owner/repo#12, its URL, or 12 inside a clone."),
]


@pytest.mark.parametrize(("arguments", "sentence"), USAGE)
def test_wrong_usage_is_one_sentence(repository: TestRepository, arguments: tuple[str, ...], sentence: str) -> None:
    """An error is one sentence on stderr, without traceback, and exit code 2."""
    done = plumbline("review", *arguments, folder=repository.root)
    assert (done.code, done.out, done.err) == (2, "", f"plumbline: {sentence}\n")


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    """What cannot be written to standard output is said."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    command = (sys.executable, "-m", "bot", "review", "--diff", "-")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command, cwd=tmp_path, input=CLEAN_PATCH, stdout=full, stderr=subprocess.PIPE, env=environment, check=False
        )
    assert (done.returncode, done.stderr) == (2, b"plumbline: The review cannot be written: No space left on device.\n")


def test_an_unfinished_merge_is_named(repository: TestRepository) -> None:
    """--staged has no version of a file in conflict."""
    repository.git("checkout", "--quiet", "main")
    repository.commit({"notes.md": "other\n"})
    with pytest.raises(subprocess.CalledProcessError):
        repository.git("merge", "work")
    done = plumbline("review", "--staged", folder=repository.root)
    assert (
        done.err == "plumbline: 'notes.md' is in conflict; finish the merge and stage it, then review what is staged.\n"
    )


def test_a_change_cannot_hide_itself_behind_attributes(repository: TestRepository) -> None:
    """Text that the change's own .gitattributes calls binary is read as text, staged or committed."""
    hidden = {".gitattributes": "* -diff\n", "hidden.py": BROKEN}
    repository.write(hidden)
    repository.git("add", "--all")
    assert "hidden.py:5" in plumbline("review", "--staged", folder=repository.root).out
    repository.commit({})
    assert "hidden.py:5" in plumbline("review", "--base", "main", folder=repository.root).out


def test_a_name_with_a_line_break_stays_on_its_line(repository: TestRepository) -> None:
    """No file name starts a line: a log would read a workflow command in it."""
    repository.commit({"x\n::error title=y::z.py": BROKEN})
    done = plumbline("review", "--base", "main", folder=repository.root)
    assert not any(line.startswith("::") for line in done.out.splitlines())


def test_outside_a_repository_a_base_is_refused(tmp_path: Path) -> None:
    """--base needs a repository, and the sentence names the way out."""
    done = plumbline("review", "--base", "main", folder=tmp_path)
    assert done.code == 2
    assert (
        done.err
        == "plumbline: This folder is in no git repository; change into one, or give a patch with --diff FILE.\n"
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PLUMBLINE_MAX_COST_USD", "much", "PLUMBLINE_MAX_COST_USD cannot be used: input should be a valid number"),
        ("PLUMBLINE_MAX_COST_USD", "-1", "PLUMBLINE_MAX_COST_USD cannot be used"),
        ("PLUMBLINE_CHUNK_TOKENS", "10", "PLUMBLINE_CHUNK_TOKENS cannot be used"),
        (
            "PLUMBLINE_PRICES",
            "free",
            "PLUMBLINE_PRICES cannot be used: it is neither provider nor gateway, nor dollars",
        ),
    ],
)
def test_a_bad_setting_is_one_sentence(tmp_path: Path, name: str, value: str, words: str) -> None:
    """A setting that cannot be used is named, with what is wrong with it."""
    done = plumbline("review", "--diff", "-", folder=tmp_path, text=CLEAN_PATCH, variables={name: value})
    assert done.code == 2
    assert done.err.startswith(f"plumbline: {words}")
    assert done.err.count("\n") == 1


def test_doctor_shows_settings_without_secrets(tmp_path: Path) -> None:
    """Each setting has its origin; of a secret only its length is told."""
    (tmp_path / ".env").write_text("PLUMBLINE_CHUNK_TOKENS=9000\n")
    variables = {"ANTHROPIC_API_KEY": "made-up-key-of-30-characters-x", "HTTPS_PROXY": "http://me:hidden@proxy:3128"}
    done = plumbline("doctor", "--offline", folder=tmp_path, variables=variables)
    rows = [line.split() for line in done.out.splitlines()]
    assert ["PLUMBLINE_CHUNK_TOKENS", "9000", ".env"] in rows
    assert ["PLUMBLINE_MODEL", "claude-opus-4-6", "default"] in rows
    assert ["ANTHROPIC_API_KEY", "set,", "30", "characters", "environment"] in rows
    assert "made-up-key" not in done.out
    assert "hidden" not in done.out


def test_a_key_is_never_sent_to_an_address_out_of_a_checked_out_file(tmp_path: Path) -> None:
    """A base URL from .env with a key from the environment is refused."""
    (tmp_path / ".env").write_text("ANTHROPIC_BASE_URL=https://elsewhere.invalid\n")
    done = plumbline("doctor", "--offline", folder=tmp_path, variables={"ANTHROPIC_API_KEY": "made-up"})
    assert done.code == 2
    assert done.err.startswith(
        "plumbline: ANTHROPIC_BASE_URL comes from .env but ANTHROPIC_API_KEY from the environment"
    )


def test_version_and_help(tmp_path: Path) -> None:
    """--version names the version; the help of review names every exit code."""
    assert plumbline("--version", folder=tmp_path).out.startswith("plumbline 0.")
    words = " ".join(plumbline("review", "--help", folder=tmp_path).out.split())
    assert "0 did what was asked, 1 findings at or above --fail-on, 2 usage or configuration, 3 not all" in words
    assert "130 interrupted" in words
    assert "Exit codes: 0 removed" in " ".join(plumbline("clean", "--help", folder=tmp_path).out.split())


PATCHES = sorted([*SHARED.glob("data/stress/*.patch"), *SHARED.glob("data/prs/*/diff.patch")])


@pytest.mark.skipif(not PATCHES, reason="the shared patches are not beside this checkout")
@pytest.mark.parametrize("patch", PATCHES, ids=lambda path: f"{path.parent.name[:20]}-{path.stem}")
def test_every_shared_patch_is_accounted_for(patch: Path, tmp_path: Path) -> None:
    """Real pull requests and hard patches: exit code 0 and a ledger that adds up."""
    done = plumbline("review", "--diff", str(patch), "--format", "json", folder=tmp_path)
    assert (done.code, done.err) == (0, "")
    ledger = json.loads(done.out)["ledger"]
    changed = sum(file["added"] + file["removed"] for file in ledger["files"])
    assert sum(ledger["states"].values()) == ledger["changed_lines"] == changed
