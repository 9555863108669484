"""The only place that builds: settings become clients, clients go into stories."""

from __future__ import annotations

import hashlib
import re
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot import __version__
from bot.core.references import PullRequestReference, of_remote, parse_reference, refuse_other_host
from bot.errors import Misuse
from bot.settings import OPENAI, Settings, ca_bundle, cache_folder, image_hosts, transcript_folder
from bot.threads import Patience, aside

if TYPE_CHECKING:
    from bot import assistant, reviewer
    from bot.checkup import Overheard
    from bot.clients.analyzers import EmbeddedAnalyzers
    from bot.clients.asking import Asker, Wire
    from bot.clients.gauge import Gauged
    from bot.clients.github.cleaning import Cleaned
    from bot.clients.github.connection import GitHub
    from bot.clients.github.publish import PullRequestPage
    from bot.clients.github.trees import HeadTree
    from bot.clients.pictures import Pictures
    from bot.clients.record import Record
    from bot.clients.source import Repository
    from bot.clients.structured import Structured
    from bot.clients.transcript import Transcribed
    from bot.core.checkup import Finding
    from bot.core.messages import Reply
    from bot.core.messages import Request as ModelRequest
    from bot.core.model_rules import Rulebook
    from bot.core.policy import Policy, PolicyTexts
    from bot.core.posting import Posted
    from bot.core.rendering.setup import Asked, Program
    from bot.core.review import Review
    from bot.core.settle import Settled

_DAYS_KEPT = 14
_CONFIG = "the input config"
_CHECK_SECONDS = 60
# The fields of a policy that a setting fills.
_SETTINGS = {
    "model": "model",
    "chunk_tokens": "chunk_tokens",
    "max_tokens": "max_tokens",
    "max_comments": "max_comments",
    "max_cost": "max_cost_usd",
    "max_cost_pull_request": "max_cost_pull_request_usd",
    "max_cost_day": "max_cost_day_usd",
}
# Those of them that the policy file can set as well.
_IN_FILE = frozenset({"model", "max_comments", "max_cost", "max_cost_pull_request", "max_cost_day"})


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked to be reviewed. Exactly one of `pull_request`, `base`, `staged`, `diff` is given.

    `commit` is the one that the pull request has to have, '' for any; `once` tells that one complete review of it is
    enough. `overrides` are fields of the policy that hold whatever the policy file says.
    """

    pull_request: str = ""
    base: str = ""
    head: str = "HEAD"
    staged: bool = False
    diff: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    post: bool = False
    automatic: bool = False
    full: bool = False
    check: bool = False
    fail_on: str | None = None
    no_model: bool = False
    keep: str = ""
    fresh: bool = False
    serves_commands: bool = False
    commit: str = ""
    once: bool = False
    overrides: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """A review, what became of it on GitHub if it was to be posted, and how many answers were taken from before.

    `check_problem` tells why its check run does not show how it ended, '' where it does or there is none.
    """

    review: Review
    posted: Posted | None = None
    taken: int = 0
    check_problem: str = ""


async def review(
    request: Request, settings: Settings, watch: reviewer.Watch, *, sleep: Callable[[float], None] = time.sleep
) -> Done:
    """Build what a review needs, run it, and post it where that was asked for. `sleep` waits for GitHub, in seconds."""
    async with AsyncExitStack() as stack:
        reference = _reference(request, settings) if request.pull_request else None
        patience = Patience(sleep)
        github = stack.enter_context(_github(settings, request, patience)) if reference else None
        _refuse_two_keys(settings)
        source = _source(request, github, reference)
        trees = _trees(source, github)
        # GitHub is being asked from here on; what follows takes as long to load as it takes to answer.
        from bot import reviewer, rounds
        from bot.clients.github.checks import Checks
        from bot.clients.record import Remembered
        from bot.clients.spending import Spending
        from bot.progress import WithCheck

        gauged = None if request.no_model else await messages(settings, stack)
        record = _record(request, reference)
        model = Remembered(gauged, record, worth=is_worth_taking, fresh=request.fresh) if gauged else None
        kept = record if gauged or request.keep else None
        if kept is not None:
            kept.prepare()
        page = page_of(settings, github, reference) if request.post and github and reference else None
        images = pictures(settings, stack, github, reference) if gauged else None
        check = Checks(github, reference.owner, reference.repo) if request.check and github and reference else None
        spending = Spending(cache_folder(), pull=_name(reference)) if gauged else None
        shown = WithCheck(watch, check) if check else watch
        ports = reviewer.Ports(source, analyzers(), model, shown, kept, page, spending, check, images, gauged, trees)
        done = await rounds.play(ports, wish(request, settings), page, check, patience)
        return Done(done.review, done.posted, model.taken if model else 0, done.check_problem)


def to_clean(pull_request: str, settings: Settings) -> str:
    """The pull request whose posts would be removed, by its full name. Raises Misuse where that could not be done."""
    reference = _reference(Request(pull_request=pull_request), settings)
    if settings.github_token is None:
        raise Misuse("Removing needs the token that posted; set GITHUB_TOKEN to it.")
    return f"{reference.owner}/{reference.repo}#{reference.number}"


async def clean(pull_request: str, settings: Settings) -> Cleaned:
    """Remove what was posted on a pull request."""
    to_clean(pull_request, settings)
    request = Request(pull_request=pull_request)
    reference = _reference(request, settings)
    with _github(settings, request) as github:
        from bot.core.rendering.comments import WITHDRAWN

        page = page_of(settings, github, reference)
        return await aside(page.clean, WITHDRAWN)


async def ask(request: Request, settings: Settings, question: str, voice: assistant.Voice) -> assistant.Answered:
    """Answer a question about a change, said as it comes. Raises Misuse without a model."""
    async with AsyncExitStack() as stack:
        reference = _reference(request, settings) if request.pull_request else None
        _refuse_two_keys(settings)
        github = stack.enter_context(_github(settings, request)) if reference else None
        source = _source(request, github, reference)
        from bot import assistant, prompts
        from bot.clients.spending import Spending

        model = await messages(settings, stack)
        if model is None:
            raise Misuse("A question needs a model; set ANTHROPIC_API_KEY, or ANTHROPIC_AUTH_TOKEN for a bearer token.")
        ports = assistant.Ports(source, model, voice, _files(request, github))
        done = await assistant.answer(ports, question, policy(request, settings), prompts.assistant_words())
        if done.dollars:
            await aside(Spending(cache_folder(), pull=_name(reference)).add, done.dollars)
        return done


def _files(request: Request, github: GitHub | None) -> assistant.Files | None:
    """The repository around a change; a bare patch does not say which commit it leads to."""
    from bot.clients.github.files import HeadFiles
    from bot.clients.source import CommitFiles

    if github is not None:
        return HeadFiles(github)
    repository = None if request.diff else _helpful_repository()
    return CommitFiles(repository) if repository else None


async def replay(folder: str, watch: reviewer.Watch) -> Review:
    """Make a kept review again from its inputs and answers: no model, no network, no analyzer."""
    from bot import prompts, reviewer
    from bot.clients.pictures import RecordedPictures
    from bot.clients.record import Record, RecordedAnalyzers, RecordedChange, Replayed
    from bot.planning import GivenRatio

    record = Record(Path(folder), version=__version__, prompts=prompts.digest())
    inputs = record.inputs()
    model = Replayed(record) if inputs.asked else None
    pictures = RecordedPictures(inputs.pictures)
    gauge = GivenRatio(inputs.ratio)
    ports = reviewer.Ports(
        RecordedChange(inputs), RecordedAnalyzers(inputs), model, watch, pictures=pictures, gauge=gauge
    )
    return await reviewer.replay(ports, inputs)


def pictures(
    settings: Settings,
    stack: AsyncExitStack,
    github: GitHub | None,
    reference: PullRequestReference | None,
) -> Pictures | None:
    """Where the images of a change come from. A patch alone has none, and nobody is asked where they are off."""
    if settings.images == "off":
        return None
    from contextlib import closing

    from bot.clients.pictures import ChangedFiles, Links, Pictures
    from bot.core.image_links import Hosts

    repository = _helpful_repository()
    if github is None or reference is None:
        return Pictures(ChangedFiles(repository))
    web = urlsplit(settings.github_api_url).hostname or ""
    hosts = Hosts(f"{reference.owner}/{reference.repo}", web.removeprefix("api."), image_hosts())
    links = stack.enter_context(closing(Links(hosts, ca_bundle=ca_bundle())))
    return Pictures(ChangedFiles(repository, github), links)


def page_of(settings: Settings, github: GitHub, reference: PullRequestReference) -> PullRequestPage:
    """What stands on a pull request, and where it is written."""
    from bot.clients.github.publish import PullRequestPage

    return PullRequestPage(github, reference.owner, reference.repo, reference.number, trusted=settings.trusted)


def _state_key(settings: Settings) -> bytes:
    return settings.state_key.get_secret_value().encode() if settings.state_key else b""


def wish(request: Request, settings: Settings) -> reviewer.Wish:
    """What is asked for, and which of it somebody set: that is stronger than the repository's policy file."""
    from bot import reviewer
    from bot.core.policy_keys import with_field

    explicit = {field: settings.source_of(setting) for field, setting in _SETTINGS.items()}
    if request.include or request.exclude:
        explicit["filters"] = "--include and --exclude"
    if request.fail_on is not None:
        explicit["fail_on"] = "--fail-on"
    asked = policy(request, settings)
    for name, value in request.overrides.items():
        asked = with_field(asked, name, value)
        explicit[name] = _CONFIG
    return reviewer.Wish(
        asked,
        {field: where for field, where in explicit.items() if where},
        _state_key(settings),
        head=request.commit,
        once=request.once,
    )


def settled(texts: PolicyTexts, branch: str, settings: Settings) -> Settled:
    """The policy that holds where these files were read, without any option; each value with its source."""
    from bot.core.settle import settle

    sources = {field: settings.source_of(setting) for field, setting in _SETTINGS.items() if field in _IN_FILE}
    asked = policy(Request(), settings)
    return settle(asked, {field: where for field, where in sources.items() if where}, texts, branch=branch)


def policy(request: Request, settings: Settings) -> Policy:
    """The policy of settings and options, defaults included."""
    from bot.core.cost import price_of
    from bot.core.models import Severity
    from bot.core.policy import Policy
    from bot.core.selection import Filters

    threshold = request.fail_on if request.fail_on != "never" else None
    return Policy(
        model=settings.model,
        filters=Filters(request.include, request.exclude),
        chunk_tokens=settings.chunk_tokens,
        # As many as the lines may have, unless a policy file says otherwise.
        context_tokens=settings.chunk_tokens,
        max_cost=settings.max_cost_usd,
        price=price_of(settings.prices),
        max_tokens=settings.max_tokens,
        max_comments=settings.max_comments,
        thinking=settings.thinking == "adaptive",
        verify=settings.verify == "on",
        post=request.post,
        automatic=request.automatic,
        full=request.full,
        serves_commands=request.serves_commands,
        fail_on=Severity(threshold) if threshold else None,
        max_cost_pull_request=settings.max_cost_pull_request_usd,
        max_cost_day=settings.max_cost_day_usd,
        book=book(settings),
        cache_pause=settings.cache_pause,
    )


def book(settings: Settings) -> Rulebook:
    """What is known of models, the rows of one's own included."""
    from bot.core.model_rules import RULES

    return RULES.extended(settings.model_rules) if settings.model_rules else RULES


def _reference(request: Request, settings: Settings) -> PullRequestReference:
    """The pull request that was named; by its number alone, the one of the clone around."""
    from bot.clients.source import Repository

    reference = parse_reference(request.pull_request)
    if not reference.owner:
        repository = Repository.find(Path.cwd())
        if repository is None:
            raise Misuse(
                f"This folder is in no clone, so the repository is not known; write owner/repo#{reference.number}."
            )
        reference = of_remote(reference.number, repository.remote())
    refuse_other_host(reference, settings.github_api_url)
    return reference


def _name(reference: PullRequestReference | None) -> str:
    """The same however the pull request was named: GitHub does not tell capital letters from small ones."""
    return f"{reference.owner}/{reference.repo}#{reference.number}".lower() if reference else ""


def _github(settings: Settings, request: Request, sleep: Callable[[float], None] = time.sleep) -> GitHub:
    from bot.clients.github.connection import Access, GitHub

    if request.post and settings.github_token is None:
        raise Misuse("Posting needs a token; set GITHUB_TOKEN to one that may write pull requests and issues.")
    if request.check and settings.github_token is None:
        raise Misuse("--check needs a token; set GITHUB_TOKEN to one that may write checks or commit statuses.")
    return GitHub(Access(settings.github_api_url, settings.github_token, ca_bundle()), sleep=sleep)


def _refuse_two_keys(settings: Settings) -> None:
    if settings.anthropic_api_key is not None and settings.anthropic_auth_token is not None:
        raise Misuse("ANTHROPIC_API_KEY and ANTHROPIC_AUTH_TOKEN are both set; unset the one that is not meant.")


async def messages(settings: Settings, stack: AsyncExitStack) -> Gauged | None:
    """The model, or None where none is set."""
    wire = _wire(settings)
    if wire is None:
        return None
    from bot.clients.asking import connected
    from bot.clients.gauge import Gauged

    asker = await stack.enter_async_context(connected(wire, concurrency=settings.concurrency, ca_bundle=ca_bundle()))
    written = _written_down(wire, asker)
    return Gauged(_structured(settings, wire, written), wire.door.host, written.count, book=book(settings))


def _written_down(wire: Wire, asker: Asker) -> Asker | Transcribed:
    """Whoever asks, with a transcript where one is wanted."""
    from bot.clients.transcript import Transcribed

    folder = transcript_folder()
    return Transcribed(asker, folder, wire.door.without_key) if folder else asker


def _structured(settings: Settings, wire: Wire, model: Asker | Transcribed | Overheard) -> Structured:
    from bot import prompts
    from bot.clients.structured import Structured

    return Structured(model, wire.door.host, prompts.load("wire/written.md"), book=book(settings))


async def checkup(settings: Settings) -> Asked:
    """Ask the model and GitHub once each, where they are set. What cannot be used as it is set is a finding, too."""
    from bot.core.checkup import Finding
    from bot.core.rendering.setup import Asked

    found: list[Finding | None] = []
    for check in (_model_checked, _github_checked):
        try:
            found.append(await check(settings))
        except Misuse as error:
            found.append(Finding(works=False, told=str(error)))
    return Asked(*found)


async def _model_checked(settings: Settings) -> Finding | None:
    """What came of asking the model, None where none is set. Raises Misuse."""
    from bot import checkup
    from bot.clients.asking import Limits, connected
    from bot.clients.listing import Listing
    from bot.clients.retry import Retry

    _refuse_two_keys(settings)
    nowhere = settings.api == "chat" and not (settings.openai_api_key or settings.openai_base_url)
    wire = None if nowhere else _wire(settings)
    if wire is None:
        return None
    once = Limits(_CHECK_SECONDS, _CHECK_SECONDS, Retry(waits=()))
    async with connected(wire, concurrency=1, ca_bundle=ca_bundle(), limits=once) as asker:
        heard = checkup.Overheard(_written_down(wire, asker))
        model, listing = _structured(settings, wire, heard), Listing(wire, ca_bundle())
        place = checkup.Place(model, heard, listing, wire.door.host, settings.api == "chat", wire.stream)
        return await checkup.of_model(place, policy(Request(), settings))


async def _github_checked(settings: Settings) -> Finding | None:
    """What came of asking GitHub, None without a token: what is public can be read. Raises Misuse."""
    from bot import checkup

    if settings.github_token is None:
        return None
    with _github(settings, Request()) as github:
        return await checkup.of_github(github)


def _wire(settings: Settings) -> Wire | None:
    """How the model is spoken to, None without a key. Raises Misuse where Chat Completions are asked for nowhere."""
    if settings.api == "chat":
        return _chat_wire(settings)
    chosen = settings.anthropic_api_key or settings.anthropic_auth_token
    if chosen is None:
        return None
    from bot.clients.messages import Endpoint, MessagesWire

    bearer = settings.anthropic_api_key is None
    version, stream = settings.anthropic_version, settings.stream
    return MessagesWire(Endpoint(settings.anthropic_base_url, chosen, bearer, version, stream), book(settings))


def _chat_wire(settings: Settings) -> Wire:
    from bot.clients.chat import ChatEndpoint, ChatWire

    if settings.openai_api_key is None and settings.openai_base_url is None:
        raise Misuse(
            "PLUMBLINE_API is chat, and nothing says where; set OPENAI_API_KEY, or OPENAI_BASE_URL for a local server."
        )
    base = settings.openai_base_url or OPENAI
    return ChatWire(ChatEndpoint(base, settings.openai_api_key, settings.stream), book(settings))


def _source(request: Request, github: GitHub | None, reference: PullRequestReference | None) -> reviewer.Source:
    from bot.clients.source import LocalRange, PatchText, Repository

    if github is not None and reference is not None:
        from bot.clients.github.snapshot import PullRequestSource

        place = (reference.owner, reference.repo, reference.number)
        source = PullRequestSource(github, *place, _helpful_repository())
        source.begin()
        return source
    if request.diff:
        name = "standard input" if request.diff == "-" else request.diff
        return PatchText(_read(request.diff), name, _helpful_repository())
    repository = Repository.find(Path.cwd())
    if repository is None:
        raise Misuse("This folder is in no git repository; change into one, or give a patch with --diff FILE.")
    return LocalRange(repository, request.base, request.head, request.staged)


def _trees(source: reviewer.Source, github: GitHub | None) -> reviewer.Trees | None:
    """Where the repository's files come from; a bare patch has none, unless it belongs to the checkout around."""
    from bot.clients.source import CommitTree, LocalRange, PatchedTree, PatchText

    if github is not None:
        return head_tree(github, _helpful_repository())
    if isinstance(source, LocalRange):
        return CommitTree(source.repository)
    if isinstance(source, PatchText) and source.repository is not None:
        return PatchedTree(source.repository, source)
    return None


def head_tree(github: GitHub, repository: Repository | None = None) -> HeadTree:
    """The repository at the head of a pull request."""
    from bot.clients.archive import Archives
    from bot.clients.github.trees import HeadTree

    return HeadTree(github, repository, Archives(cache_folder() / "archives"))


def analyzers() -> EmbeddedAnalyzers:
    """All that look at whole files."""
    from bot import rule_files
    from bot.clients.analyzers import EmbeddedAnalyzers

    return EmbeddedAnalyzers(rule_files.load)


def _record(request: Request, reference: PullRequestReference | None) -> Record:
    """Where the answers are kept: the folder that was named, else one of this target's own below the cache."""
    from bot import prompts
    from bot.clients.record import Record, sweep

    if request.keep:
        folder = Path(request.keep)
    else:
        cache = cache_folder()
        sweep(cache, time.time() - _DAYS_KEPT * 86_400)
        local = (str(Path.cwd()), request.base, request.head, request.staged, request.diff)
        target = (reference.owner, reference.repo, reference.number) if reference else local
        name = f"{reference.owner}-{reference.repo}-{reference.number}" if reference else Path.cwd().name
        digest = hashlib.sha256(repr(target).encode("utf-8", "surrogateescape")).hexdigest()[:8]
        folder = cache / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name)[:60]}-{digest}"
    return Record(folder, version=__version__, prompts=prompts.digest())


def is_worth_taking(request: ModelRequest, reply: Reply) -> bool:
    """Whether a reply is taken from before. What could not be used is asked for again, unless its repair was kept."""
    from bot.core.ledger import Reason
    from bot.core.replies import Unusable, read_reply

    answer = read_reply(reply)
    if not isinstance(answer, Unusable) or answer.reason is Reason.TRUNCATED:
        return True
    return answer.reason is Reason.INVALID_ANSWER and not request.repairs


def _helpful_repository() -> Repository | None:
    """The checkout around. It only helps out: a patch is reviewed without it, and without git, as well."""
    from bot.clients.source import Repository

    try:
        return Repository.find(Path.cwd())
    except Misuse:
        return None


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise Misuse(f"The patch {name!r} cannot be read: {error.strerror or error}.") from error


def programs() -> tuple[Program, ...]:
    """The programs that a review runs, as they are found here."""
    from bot.clients.analyzers import version_of
    from bot.core.rendering.setup import Program

    return (
        Program("git", version_of("git"), "review --base and --staged"),
        Program("ruff", version_of("ruff"), "findings in Python"),
        Program("zizmor", version_of("zizmor"), "findings in workflows"),
    )
