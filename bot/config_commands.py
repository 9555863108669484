# ruff: noqa: PLC0415 - imports inside commands for start-up time, as in bot/cli.py
"""`plumbline config`: check the policy file, and show what holds and where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.errors import Misuse

if TYPE_CHECKING:
    from bot.clients.source import Repository
    from bot.core.references import PullRequestReference
    from bot.core.settle import Settled
    from bot.settings import Settings

app = typer.Typer(
    name="config",
    help="Check the policy file, .github/plumbline.yml, and show what holds.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command(epilog="Exit codes: 0 the file is fine, 1 it has problems, 2 usage or configuration.")
def check(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="By default that of this repository.", show_default=False)
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Show the result as JSON.")] = False,
) -> None:
    """Check a policy file.

    Prints each problem with its line, and exits with 1 if there are any.
    """
    from bot.core.policy_file import POLICY_PATH, read
    from bot.core.rendering import policy

    name = file or POLICY_PATH
    content = _text_of(Path(file) if file else _root() / POLICY_PATH)
    if content is None:
        raise Misuse(f"There is no file {name}{_misspelt(file)}; name the policy file to check.")
    found = read(content, name)
    typer.echo(policy.checked_document(name, found) if as_json else policy.checked(name, found), nl=False)
    raise typer.Exit(1 if found.problems else 0)


@app.command()
def show(
    pull_request: Annotated[
        str, typer.Argument(metavar="PR", help="owner/repo#12, a URL, or 12 inside a clone.", show_default=False)
    ] = "",
    base: Annotated[
        str, typer.Option(metavar="BRANCH", help="Read the file as it stands in this branch.", show_default=False)
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Show the values as JSON.")] = False,
) -> None:
    """Show every value that holds, and its source.

    Without an argument by the file in the work tree, with --base by that of a branch, with PR by those that count for a
    pull request: that of its base branch and the organisation's.
    """
    from bot import settings
    from bot.core.rendering import policy

    if pull_request and base:
        raise Misuse("PR and --base exclude each other; give one of them.")
    known = settings.load()
    settled, basis = _of_pull_request(pull_request, known) if pull_request else _of_folder(base, known)
    typer.echo(policy.table_document(settled, basis) if as_json else policy.table(settled, basis), nl=False)


def _of_folder(base: str, known: Settings) -> tuple[Settled, str]:
    from bot import wiring
    from bot.core.policy import PolicyTexts
    from bot.core.policy_keys import POLICY_PATH
    from bot.core.rendering import policy

    text = _in_branch(base) if base else _text_of(_root() / POLICY_PATH)
    misspelt = _misspelt("") if text is None and not base else ""
    basis = policy.basis_of_folder(base, found=text is not None, misspelt=misspelt)
    return wiring.settled(PolicyTexts(base=text), base, known), basis


def _of_pull_request(name: str, known: Settings) -> tuple[Settled, str]:
    from bot import wiring
    from bot.clients.github.connection import Access, GitHub
    from bot.clients.github.snapshot import PullRequestSource
    from bot.core.rendering import policy
    from bot.settings import ca_bundle

    reference = _reference(name, known)
    with GitHub(Access(known.github_api_url, known.github_token, ca_bundle())) as github:
        source = PullRequestSource(github, reference.owner, reference.repo, reference.number)
        change = source.change()
        texts = source.policy_texts(change)
    branch = change.pull_request.base.ref if change.pull_request else ""
    return wiring.settled(texts, branch, known), policy.basis_of_pull_request(name, branch, texts)


def _reference(name: str, known: Settings) -> PullRequestReference:
    from bot.core.references import of_remote, parse_reference, refuse_other_host

    reference = parse_reference(name)
    if not reference.owner:
        repository = _repository()
        if repository is None:
            raise Misuse(f"This folder is in no clone; write owner/repo#{reference.number}.")
        reference = of_remote(reference.number, repository.remote())
    refuse_other_host(reference, known.github_api_url)
    return reference


def _in_branch(base: str) -> str | None:
    """The file at the tip of a branch, None where it has none."""
    from bot.core.policy_keys import POLICY_PATH

    repository = _repository()
    if repository is None:
        raise Misuse(
            "This folder is in no git repository, so there is no branch; change into one, or leave --base out."
        )
    content = repository.file(repository.commit(base), POLICY_PATH)
    return None if content is None else _decoded(content, f"{POLICY_PATH} of {base}")


def _repository() -> Repository | None:
    from bot.clients.source import Repository

    return Repository.find(Path.cwd())


def _root() -> Path:
    """The top of the repository around, or this folder: a file can be checked without git."""
    try:
        repository = _repository()
    except Misuse:
        repository = None
    return repository.root if repository else Path.cwd()


def _text_of(path: Path) -> str | None:
    """The text of a file, None where there is none. Raises Misuse where it cannot be read."""
    from bot.core.plain_yaml import LARGEST

    try:
        with path.open("rb") as file:
            return _decoded(file.read(LARGEST + 1), str(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Misuse(f"The file {str(path)!r} cannot be read: {error.strerror or error}.") from error


def _decoded(content: bytes, name: str) -> str:
    from bot.core.plain_yaml import LARGEST

    try:
        # Of a file that is too large the last character may be cut; what is wrong with it is its size.
        return content.decode("utf-8", "replace" if len(content) > LARGEST else "strict")
    except UnicodeDecodeError:
        raise Misuse(f"The file {name!r} is not UTF-8 text; save it as UTF-8.") from None


def _misspelt(file: str) -> str:
    """A hint where the file has the other usual ending, under which it is not read."""
    from bot.core.policy_keys import POLICY_PATH

    other = Path(POLICY_PATH).with_suffix(".yaml")
    return f", only {other}, which is not read: rename it" if not file and (_root() / other).is_file() else ""
