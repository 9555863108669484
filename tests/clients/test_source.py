"""Reading a repository: real git, real checkouts."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.clients.source import LocalRange, PatchText, Repository, touches
from bot.core.change import Contents
from bot.core.patch import parse
from bot.core.policy import PolicyTexts
from bot.errors import Misuse
from tests.repository import TestRepository


@pytest.fixture
def made(tmp_path: Path) -> TestRepository:
    """Three files on main, two of them changed on `work`."""
    repository = TestRepository(tmp_path / "made")
    repository.commit({"a.py": "one\n", "b.py": "two\n", "sub/.gitattributes": "*.x linguist-generated\n"})
    repository.branch("work")
    repository.commit(
        {"a.py": "one\nmore\n", "c.py": "new\n", "b.py": None, "sub/.gitattributes": "* linguist-generated\n"}
    )
    return repository


def opened(made: TestRepository) -> Repository:
    found = Repository.find(made.root / "sub")
    assert found is not None
    return found


def test_the_checkout_is_found_from_a_folder_inside(made: TestRepository) -> None:
    """Any folder of a checkout leads to its root."""
    assert opened(made).root.resolve() == made.root.resolve()


def test_no_checkout_is_no_error(tmp_path: Path) -> None:
    """Outside a repository there is none."""
    assert Repository.find(tmp_path) is None


def test_both_versions_come_from_the_object_store(made: TestRepository) -> None:
    """What the work tree holds meanwhile does not matter."""
    made.write({"a.py": "dirty\n"})
    source = LocalRange(opened(made), "main")
    diff = parse(source.change().patch)
    known = {diff.files[index].path: contents for index, contents in source.contents(diff).items()}
    assert known["a.py"] == Contents(b"one\n", b"one\nmore\n")
    assert known["b.py"] == Contents(b"two\n", None)
    assert known["c.py"] == Contents(None, b"new\n")


def test_attributes_are_those_of_the_base(made: TestRepository) -> None:
    """What the change writes into .gitattributes does not count for it."""
    source = LocalRange(opened(made), "main")
    assert source.attributes(source.change()) == {"sub/.gitattributes": "*.x linguist-generated\n"}


def test_the_users_diff_settings_do_not_matter(made: TestRepository) -> None:
    """External drivers, prefixes, colours and context of the configuration leave the patch as it is."""
    plain = LocalRange(opened(made), "main").change().patch
    for name, value in (
        ("diff.external", "false"),
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("color.diff", "always"),
        ("diff.context", "9"),
        ("diff.renames", "false"),
        ("diff.submodule", "log"),
        ("core.quotePath", "false"),
    ):
        made.git("config", name, value)
    assert LocalRange(opened(made), "main").change().patch == plain


def test_unrelated_histories_are_a_sentence(made: TestRepository) -> None:
    """Without a common ancestor there is nothing to compare with."""
    made.git("checkout", "--quiet", "--orphan", "alone")
    made.commit({"z": "z\n"})
    with pytest.raises(Misuse, match="no common ancestor"):
        LocalRange(opened(made), "main").change()


def test_a_patch_finds_its_files_by_their_ids(made: TestRepository, tmp_path: Path) -> None:
    """In the checkout that the patch speaks of whole files are known; elsewhere only new ones are."""
    patch = made.git("diff", "main", "work").encode() + b"\n"
    diff = parse(patch)
    here = PatchText(patch, "p", opened(made)).contents(diff)
    away = PatchText(patch, "p", None).contents(diff)
    named = [file.path for file in diff.files]
    assert here[named.index("a.py")] == Contents(b"one\n", b"one\nmore\n")
    assert away[named.index("a.py")] == Contents()
    assert away[named.index("c.py")] == Contents(None, b"new\n")
    assert tmp_path.exists()


def test_a_checkout_at_the_base_gives_the_head_by_applying(made: TestRepository, tmp_path: Path) -> None:
    """Where only the version before the change is there, the patch itself makes the one after it."""
    patch = made.git("diff", "main", "work", "--", "a.py").encode() + b"\n"
    other = TestRepository(tmp_path / "other")
    other.commit({"a.py": "one\n"})
    known = PatchText(patch, "p", Repository(other.root)).contents(parse(patch))
    assert known[0] == Contents(b"one\n", b"one\nmore\n")


def test_a_checkout_of_another_version_does_not_count(made: TestRepository, tmp_path: Path) -> None:
    """A file of the same name with other content is not what the patch speaks of."""
    patch = made.git("diff", "main", "work", "--", "a.py").encode() + b"\n"
    other = TestRepository(tmp_path / "other")
    other.commit({"a.py": "else\n"})
    assert PatchText(patch, "p", Repository(other.root)).contents(parse(patch))[0] == Contents()


def test_a_path_that_climbs_out_of_the_checkout_is_not_read(tmp_path: Path) -> None:
    """A patch cannot make Plumbline read files outside."""
    repository = TestRepository(tmp_path / "inner")
    (tmp_path / "outside.py").write_text("one\n")
    blob = repository.git("hash-object", "../outside.py")
    patch = f"diff --git a/../outside.py b/../outside.py\nindex {'1' * 7}..{blob} 100644\n--- a/../outside.py\n"
    patch += "+++ b/../outside.py\n@@ -1 +1 @@\n-x\n+one\n"
    known = PatchText(patch.encode(), "p", Repository(repository.root)).contents(parse(patch.encode()))
    assert known[0] == Contents()


def test_what_is_staged_before_the_first_commit_is_all_new(tmp_path: Path) -> None:
    """A repository without commits compares with nothing."""
    repository = TestRepository(tmp_path)
    repository.write({"a.py": "one\n"})
    repository.git("add", "a.py")
    source = LocalRange(Repository(repository.root), "", staged=True)
    (file,) = parse(source.change().patch).files
    assert (file.status, file.added, source.attributes(source.change())) == ("added", 1, {})


POLICY = ".github/plumbline.yml"


def test_the_policy_is_that_of_the_base_branch_now(made: TestRepository) -> None:
    """The branch's tip holds, not where the work began; what the change brings in is proposed."""
    made.commit({POLICY: "drafts: false\n"})
    made.git("checkout", "--quiet", "main")
    made.commit({POLICY: "drafts: true\n"})
    source = LocalRange(opened(made), "main", "work")
    assert source.policy_texts(source.change()) == PolicyTexts(base="drafts: true\n", proposed="drafts: false\n")


def test_a_policy_that_the_change_leaves_alone_is_not_proposed(made: TestRepository) -> None:
    """The head has it, too; but nobody proposes it."""
    made.git("checkout", "--quiet", "main")
    made.commit({POLICY: "drafts: true\n"})
    made.branch("later")
    made.commit({"a.py": "later\n"})
    source = LocalRange(opened(made), "main", "later")
    assert source.policy_texts(source.change()) == PolicyTexts(base="drafts: true\n")


def test_what_lies_about_in_the_work_tree_is_no_policy(made: TestRepository) -> None:
    """Only what is committed holds, and with --staged only what is staged is proposed."""
    made.commit({POLICY: "drafts: true\n"})
    made.write({POLICY: "drafts: false\n"})
    staged = LocalRange(opened(made), "", staged=True)
    made.git("add", POLICY)
    made.write({POLICY: "enabled: false\n"})
    assert staged.policy_texts(staged.change()) == PolicyTexts(base="drafts: true\n", proposed="drafts: false\n")


def test_a_policy_that_is_staged_to_go_is_not_proposed(made: TestRepository) -> None:
    """Deleting it brings none in."""
    made.commit({POLICY: "drafts: true\n"})
    made.git("rm", "--quiet", POLICY)
    staged = LocalRange(opened(made), "", staged=True)
    assert staged.policy_texts(staged.change()) == PolicyTexts(base="drafts: true\n")


def test_before_the_first_commit_no_policy_holds(tmp_path: Path) -> None:
    """There is no base to have one."""
    repository = TestRepository(tmp_path)
    repository.write({POLICY: "drafts: true\n"})
    repository.git("add", POLICY)
    source = LocalRange(Repository(repository.root), "", staged=True)
    assert source.policy_texts(source.change()) == PolicyTexts(proposed="drafts: true\n")


def test_a_bare_patch_has_no_policy(made: TestRepository) -> None:
    """Not even one that changes a policy, in a checkout that has one."""
    made.commit({POLICY: "drafts: true\n"})
    patch = made.git("diff", "main", "work").encode() + b"\n"
    source = PatchText(patch, "p", opened(made))
    assert source.policy_texts(source.change()) == PolicyTexts()


def test_a_long_policy_stays_too_long(made: TestRepository) -> None:
    """It is cut to one character more than its reader takes, in letters of any size."""
    made.git("checkout", "--quiet", "main")
    made.commit({POLICY: "é" * 100_000})
    source = LocalRange(opened(made), "main", "work")
    assert source.policy_texts(source.change()).base == "é" * 65_537


RENAMED = "diff --git a/{old} b/{new}\nsimilarity index 100%\nrename from {old}\nrename to {new}\n"
MODE = "diff --git a/{path} b/{path}\nold mode 100644\nnew mode 100755\n"


@pytest.mark.parametrize(
    ("patch", "touched"),
    [
        (RENAMED.format(old="x", new=POLICY), True),
        (RENAMED.format(old=POLICY, new="x"), True),
        (MODE.format(path=POLICY), True),
        (MODE.format(path=f"docs/{POLICY}"), False),
        (f"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+{POLICY}\n", False),
    ],
    ids=["renamed to", "renamed from", "its mode", "another folder's", "named in a line"],
)
def test_a_patch_touches_what_its_headers_name(patch: str, touched: bool) -> None:
    """Words in a line are no change of a file, and neither is a file of the same name elsewhere."""
    assert touches(patch.encode(), POLICY) is touched
