"""The command line. Imports lazily: `--help` pays for Typer alone."""

from __future__ import annotations

import sys
from collections.abc import Coroutine, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from bot import __version__, config_commands
from bot.errors import BadReply, BotError, Misuse, Transient

if TYPE_CHECKING:
    from bot.core.models import Severity
    from bot.core.posting import Posted
    from bot.core.review import Review
    from bot.progress import Progress

_T = TypeVar("_T")

app = typer.Typer(
    name="plumbline",
    help="Reviews pull requests and changes, and accounts for every changed line.\n\n"
    "Start with: plumbline review owner/repo#12, or plumbline review --base main",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(config_commands.app)

_EXIT_CODES = (
    "Exit codes: 0 did what was asked, 1 findings at or above --fail-on, 2 usage or configuration, "
    "3 not all that was asked could be done, 130 interrupted."
)
_ASK_EXIT_CODES = (
    "Exit codes: 0 answered, 2 usage or configuration, 3 not answered, or not to the end, 130 interrupted."
)
_DOCTOR_EXIT_CODES = "Exit codes: 0 all that is set works, 2 the settings cannot be read, 3 something does not work."
_CLEAN_EXIT_CODES = (
    "Exit codes: 0 removed, or nothing was there; 2 usage or configuration, or not confirmed; "
    "3 not all could be removed, 130 interrupted."
)


class Format(StrEnum):
    """The forms in which a review can be shown."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


class FailOn(StrEnum):
    """The severities at which `--fail-on` can fail."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NEVER = "never"


class RoleOption(StrEnum):
    """What a process of the service can do."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"plumbline {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
    traceback: Annotated[
        bool, typer.Option("--traceback", help="Show where in Plumbline an error arose, for a bug report.")
    ] = False,
) -> None:
    _ = version
    context.obj = traceback


@app.command(epilog=_EXIT_CODES)
def review(
    pull_request: Annotated[
        str, typer.Argument(metavar="[PR]", help="owner/repo#12, a URL, or 12 inside a clone.", show_default=False)
    ] = "",
    post: Annotated[
        bool, typer.Option("--post", help="Post the review on the pull request; without it, it is only shown.")
    ] = False,
    base: Annotated[
        str,
        typer.Option(metavar="BRANCH", help="Review what HEAD changes since it left this branch.", show_default=False),
    ] = "",
    head: Annotated[str, typer.Option(metavar="COMMIT", help="The other end of --base.")] = "HEAD",
    staged: Annotated[bool, typer.Option("--staged", help="Review what is staged for the next commit.")] = False,
    diff: Annotated[
        str, typer.Option(metavar="FILE", help="Review a patch; - reads standard input.", show_default=False)
    ] = "",
    form: Annotated[
        Format, typer.Option("--format", help="How to show the review (github: annotations).")
    ] = Format.TEXT,
    output: Annotated[
        str, typer.Option(metavar="FILE", help="Write the review to a file instead.", show_default=False)
    ] = "",
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            help="Exit with 1 if a finding is at least this bad; without it, as the policy file says.",
            show_default=False,
        ),
    ] = None,
    include: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Read only these paths (gitignore pattern, repeatable).")
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Do not read these paths (gitignore pattern, repeatable)."),
    ] = None,
    no_model: Annotated[
        bool, typer.Option("--no-model", help="Ask no model, though a key is set: run the analyzers only.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="With --post: read everything again, also what an earlier review read.")
    ] = False,
    automatic: Annotated[
        bool, typer.Option("--automatic", help="Skip what the policy file leaves out: drafts, labels, paused, ...")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Show the review as a check (or status) on the pull request's head.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask everything anew, also what was answered before.")] = False,
    keep: Annotated[
        str,
        typer.Option(
            metavar="DIR",
            help="Keep the review and its answers in this folder, for `plumbline replay DIR`.",
            show_default=False,
        ),
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show findings and outcome only.")] = False,
) -> None:
    """Review a pull request, a branch, what is staged, or a patch.

    Reads the change whole, asks the model about it in parts (where ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN is set),
    runs the embedded analyzers on the changed lines (secrets, ruff, zizmor, and checks for merge conflicts, debuggers
    and focused tests), and says of each changed line whether it was read, or why not.

    An interrupted review goes on where it stopped when the same command is given again.
    """
    from bot import settings, wiring

    _refuse_unclear_target(pull_request, base=base, diff=diff, staged=staged, head=head)
    only_there = {"--post": post, "--check": check, "--full": full, "--automatic": automatic}
    _refuse_without_pull_request(pull_request, only_there)
    _refuse_unwritable(output)
    request = wiring.Request(
        pull_request=pull_request,
        base=base,
        head=head,
        staged=staged,
        diff=diff,
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        post=post,
        automatic=automatic,
        full=full,
        check=check,
        fail_on=fail_on.value if fail_on else None,
        no_model=no_model,
        keep=keep,
        fresh=fresh,
    )
    known = settings.load()
    watch = _watch(known.prices, quiet=quiet)
    done = _run(wiring.review(request, known, watch), watch)
    from bot.core.rendering import fate

    told = fate.told(done.review, done.posted, done.taken)
    _write(done.review, form, output, quiet=quiet, fate=told)
    if done.posted and not done.posted.whole and (output or form is not Format.TEXT):
        typer.echo(f"plumbline: {told}.", err=True)
    if done.check_problem:
        typer.echo(f"plumbline: the check shows no conclusion: {done.check_problem}", err=True)
    raise typer.Exit(_exit_code(done.review, done.review.policy.fail_on, posted=done.posted))


@app.command(epilog=_ASK_EXIT_CODES)
def ask(
    pull_request: Annotated[
        str, typer.Argument(metavar="PR", help="owner/repo#12, a URL, or 12 inside a clone.", show_default=False)
    ] = "",
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="What you want to know, in quotes.", show_default=False)
    ] = "",
    base: Annotated[
        str,
        typer.Option(
            metavar="BRANCH", help="Ask about what HEAD changes since it left this branch.", show_default=False
        ),
    ] = "",
    head: Annotated[str, typer.Option(metavar="COMMIT", help="The other end of --base.")] = "HEAD",
    staged: Annotated[bool, typer.Option("--staged", help="Ask about what is staged for the next commit.")] = False,
    diff: Annotated[
        str, typer.Option(metavar="FILE", help="Ask about a patch; - reads standard input.", show_default=False)
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show the answer only.")] = False,
) -> None:
    """Ask a question about a pull request, a branch, what is staged, or a patch.

    The answer is shown as it is written. The model sees the change, and looks up other files where there is a checkout
    or a pull request; it can do nothing but read.

    Example: plumbline ask owner/repo#12 "Who else calls what this removes?"
    """
    from bot import settings, wiring
    from bot.speech import Speech

    pull_request, question = _target_and_question(pull_request, question, other=bool(base or staged or diff))
    _refuse_unclear_target(pull_request, base=base, diff=diff, staged=staged, head=head)
    if sys.stdout is None:
        raise Misuse("There is no standard output to write the answer to; open it.")
    request = wiring.Request(pull_request=pull_request, base=base, head=head, staged=staged, diff=diff)
    known = settings.load()
    beside = None if quiet else sys.stderr
    speech = Speech(sys.stdout, beside)
    done = _run(wiring.ask(request, known, question, speech), _watch(known.prices, quiet=True))
    from bot.core.rendering import answers

    if not speech.heard:
        speech.said(done.text)
    speech.close()
    if not quiet:
        typer.echo(f"  {answers.took(done.requests, done.usage, done.dollars, done.end)}", err=True)
    problem = answers.problem(done.end)
    if problem:
        _fail(problem, 3)


def _target_and_question(first: str, second: str, *, other: bool) -> tuple[str, str]:
    """The pull request, '' where the change is named otherwise, and the question: a single argument is that."""
    if second or not other:
        if not second:
            raise Misuse(
                'Say what to ask about: plumbline ask owner/repo#12 "...", or give --base, --staged or --diff.'
            )
        return first, second
    return "", first


@app.command(epilog=_EXIT_CODES)
def replay(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A folder that `review --keep DIR` filled.")],
    form: Annotated[
        Format, typer.Option("--format", help="How to show the review (github: annotations).")
    ] = Format.TEXT,
    output: Annotated[
        str, typer.Option(metavar="FILE", help="Write the review to a file instead.", show_default=False)
    ] = "",
    fail_on: Annotated[FailOn, typer.Option(help="Exit with 1 if a finding is at least this bad.")] = FailOn.NEVER,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show findings and outcome only.")] = False,
) -> None:
    """Make a kept review again, from its inputs and the model's answers: without a model, GitHub or an analyzer."""
    from bot import wiring

    watch = _watch("provider", quiet=True)
    result = _run(wiring.replay(folder, watch), watch)
    _write(result, form, output, quiet=quiet, fate="")
    raise typer.Exit(_exit_code(result, _threshold(fail_on)))


@app.command(epilog=_CLEAN_EXIT_CODES)
def clean(
    pull_request: Annotated[str, typer.Argument(metavar="PR", help="owner/repo#12, a URL, or 12 inside a clone.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
) -> None:
    """Remove what Plumbline posted on a pull request.

    Its summary and its comments go, nothing of anybody else does.
    """
    from bot import settings, wiring
    from bot.core.rendering import fate

    known = settings.load()
    name = wiring.to_clean(pull_request, known)
    if not yes and not _confirmed(f"Remove everything that Plumbline posted on {name}?"):
        raise Misuse("Nothing was removed; give --yes to remove it without being asked.")
    done = _run(wiring.clean(pull_request, known), _watch("provider", quiet=True))
    typer.echo(fate.cleaned(done.summaries, done.comments, done.reviews, done.replies, description=done.description))


@app.command(epilog=_DOCTOR_EXIT_CODES)
def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody: show only what is set.")] = False,
) -> None:
    """Show what is set and where it came from, and whether it works.

    The model is asked one tiny request, as a review would ask it, which costs a fraction of a cent; GitHub is asked
    whose the token is, and how many requests are left. What is not set is not asked.
    """
    from bot import settings, wiring
    from bot.core.rendering import setup

    known = settings.load()
    asked = setup.NOT_ASKED if offline else _run(wiring.checkup(known), _watch("provider", quiet=True))
    typer.echo(setup.doctor(__version__, settings.shown(known), wiring.programs(), asked), nl=False)
    raise typer.Exit(0 if asked.well else 3)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen at.", min=0, max=65_535)] = 8000,
    insecure_no_secret: Annotated[
        bool, typer.Option("--insecure-no-secret", help="Take webhooks that nobody signed; on this machine only.")
    ] = False,
    role: Annotated[
        RoleOption,
        typer.Option(help="Take webhooks in (web), work on jobs (worker), or both; apart they need PostgreSQL."),
    ] = RoleOption.ALL,
    drain: Annotated[
        int,
        typer.Option(
            help="Seconds that work under way gets to end when stopped; the rest goes on later.", min=0, max=3_600
        ),
    ] = 20,
) -> None:
    """Run as a GitHub App: take webhooks in, and review what they tell of."""
    try:
        from bot.server import run
    except ImportError as error:
        raise Misuse("The service is not installed; install it with: pip install 'plumbline-bot[service]'.") from error

    run.run(run.Place(host, port, insecure_no_secret, run.Role(role.value), drain))


@app.command()
def setup(
    url: Annotated[
        str, typer.Option(help="The address at which GitHub reaches the service.", metavar="URL")
    ] = "https://plumbline.example.org",
    name: Annotated[str, typer.Option(help="The App's name.")] = "Plumbline",
    organization: Annotated[
        str, typer.Option(help="The organization that owns it; by default yourself.", metavar="ORG", show_default=False)
    ] = "",
) -> None:
    """Show how to register the GitHub App by hand.

    `plumbline serve` offers a page that does the same with two clicks.
    """
    from bot import settings
    from bot.clients.github.address import checked_url
    from bot.core.app_manifest import Wanted, checked, web_of
    from bot.core.rendering import setup_page

    web = web_of(checked_url(settings.load().github_api_url))
    typer.echo(setup_page.steps(web, checked(Wanted(url, name, organization))), nl=False)


def _confirmed(question: str) -> bool:
    """Whether somebody says yes; nobody does at the end of input. Typer makes one error of that and of Ctrl-C."""
    try:
        return typer.confirm(question)
    except typer.Abort as abort:
        typer.echo(err=True)
        if isinstance(abort.__context__, KeyboardInterrupt):
            _fail("Stopped; nothing was removed.", 130)
        return False


def _watch(prices: str, *, quiet: bool) -> Progress:
    from bot.core.cost import price_of
    from bot.progress import Progress

    terminal = sys.stderr if sys.stderr is not None and sys.stderr.isatty() and not quiet else None
    return Progress(terminal, price_of(prices))


def _run(story: Coroutine[Any, Any, _T], watch: Progress) -> _T:
    """Run a story to its end. An interruption says what was reached."""
    import asyncio

    try:
        return asyncio.run(story)
    except KeyboardInterrupt:
        watch.clear()
        _fail(watch.stopped(), 130)
    finally:
        watch.clear()


def _refuse_unclear_target(pull_request: str, *, base: str, diff: str, staged: bool, head: str) -> None:
    named = [
        name
        for name, given in (("PR", pull_request), ("--base", base), ("--staged", staged), ("--diff", diff))
        if given
    ]
    if len(named) > 1:
        raise Misuse(f"{' and '.join(named)} exclude each other; give one of them.")
    if not named:
        raise Misuse("Say what to review: a pull request, --base BRANCH, --staged, or --diff FILE.")
    if head != "HEAD" and not base:
        raise Misuse("--head needs --base: together they name the two ends of the change.")


def _refuse_without_pull_request(pull_request: str, options: Mapping[str, bool]) -> None:
    given = next((name for name, on in options.items() if on), None)
    if given and not pull_request:
        raise Misuse(f"{given} needs a pull request; name it, e.g. owner/repo#12.")


def _refuse_unwritable(output: str) -> None:
    """Before anything is paid for: a review that cannot be written would be lost."""
    import os
    from pathlib import Path

    folder = Path(output).parent
    if output and not folder.is_dir():
        raise Misuse(f"The review cannot be written to {output!r}: there is no folder {str(folder)!r}.")
    if output and (Path(output).is_dir() or not os.access(Path(output) if Path(output).exists() else folder, os.W_OK)):
        raise Misuse(f"The review cannot be written to {output!r}; name a file that you may write.")


def _write(result: Review, form: Format, output: str, *, quiet: bool, fate: str) -> None:
    if sys.stdout is None and not output:
        raise Misuse("There is no standard output to write the review to; give --output FILE.")
    if form is Format.TEXT and not output and sys.stdout.isatty():
        _print_styled(result, quiet=quiet, fate=fate)
        return
    text = _rendered(result, form, quiet=quiet, fate=fate)
    if not output:
        _to_stdout(text.encode())
        return
    try:
        with open(output, "wb") as file:  # noqa: PTH123 - pathlib is not imported for it
            file.write(text.encode())
    except OSError as error:
        raise Misuse(f"The review cannot be written to {output!r}: {error.strerror or error}.") from error


def _to_stdout(content: bytes) -> None:
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # What is left in the buffer would fail again at exit, with a traceback.
        sys.stderr.flush()
        _discard_stdout()
        raise Misuse(f"The review cannot be written: {error.strerror or error}.") from error


def _discard_stdout() -> None:
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _rendered(result: Review, form: Format, *, quiet: bool, fate: str) -> str:
    from bot.core.rendering import annotations, document, markdown, sarif, terminal

    writers = {
        Format.TEXT: lambda: terminal.as_text(terminal.terminal(result, quiet=quiet, fate=fate)),
        Format.MARKDOWN: lambda: markdown.markdown(result),
        Format.JSON: lambda: document.document(result),
        Format.SARIF: lambda: sarif.sarif(result),
        Format.GITHUB: lambda: annotations.workflow_commands(result),
    }
    return writers[form]()


def _print_styled(result: Review, *, quiet: bool, fate: str) -> None:
    from rich.console import Console
    from rich.text import Text

    from bot.core.rendering.terminal import terminal

    styles = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "mark": "bold"}
    console = Console(highlight=False, soft_wrap=True)
    for line in terminal(result, quiet=quiet, fate=fate):
        console.print(Text.assemble(*((span.text, styles.get(span.style, span.style)) for span in line)))


def _exit_code(result: Review, fail_on: Severity | None, posted: Posted | None = None) -> int:
    from bot.core.analysis import Run
    from bot.core.outcome import Ending, exit_code
    from bot.core.verdict import counted

    # A review that did not take place judges nothing, as its check run does not either.
    judged = () if result.outcome.ending is Ending.SKIPPED else counted(result)
    reached = fail_on is not None and any(finding.severity.reaches(fail_on) for finding in judged)
    return exit_code(
        result.outcome,
        asked=result.asked,
        reached=reached,
        analyzers_failed=any(note.run is Run.FAILED for note in result.analyzers),
        not_posted=posted is not None and not posted.whole,
    )


def _threshold(fail_on: FailOn) -> Severity | None:
    from bot.core.models import Severity

    return None if fail_on is FailOn.NEVER else Severity(fail_on.value)


def main() -> None:
    """Run the command line; every error ends here as one sentence and an exit code."""
    try:
        app()
    except (Transient, BadReply) as error:
        _fail(str(error), 3)
    except BotError as error:
        _fail(str(error), 2)
    except BrokenPipeError:
        # The reader went away (`| head`): nothing more to say, and no complaint at exit.
        _discard_stdout()
        raise SystemExit(0) from None
    except KeyboardInterrupt:
        _fail("Stopped.", 130)
    except Exception as error:
        if "--traceback" in sys.argv:
            raise
        words = f"{type(error).__name__}: {error}"
        _fail(
            f"Plumbline has a defect ({words[:200]}); please report it with the output of plumbline --traceback ...", 3
        )


def _fail(sentence: str, code: int) -> NoReturn:
    typer.echo(f"plumbline: {sentence}", err=True)
    raise SystemExit(code)
