# ruff: noqa: PLC0415 - imports where they are needed, for start-up time, as in bot/cli.py
"""The entrance of the GitHub Action: an event becomes one job, and its end a summary, outputs and an exit code.

A red job is earned by findings (`fail-on`), by `fail-on-incomplete`, or by inputs that cannot be used; by nothing else.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import TYPE_CHECKING

from bot import settings
from bot.core.assignment import SLUG, Inputs, Mode, Skip, Sweep, Target, assign, read_inputs
from bot.core.events import Commanded
from bot.core.outcome import Ending
from bot.errors import BotError, Misuse, Moved, OutsideError

if TYPE_CHECKING:
    from bot import wiring
    from bot.clients.github.connection import GitHub
    from bot.core.review import Review

_DAY = 86_400
_NO_KEY = "There is no key for the model; give the input anthropic-api-key, or auth-token for a gateway."


@dataclass(slots=True)
class Log:
    """The log of the job, and what is left for the runner."""

    run: settings.Run
    outputs: dict[str, str] = field(default_factory=dict)
    summary: list[str] = field(default_factory=list)

    def line(self, text: str) -> None:
        """A line of the log, or a workflow command."""
        sys.stdout.write(text.rstrip("\n") + "\n")
        sys.stdout.flush()

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Lines that are folded away under a title."""
        self.line(f"::group::{title}")
        try:
            yield
        finally:
            self.line("::endgroup::")

    @contextmanager
    def quoting(self) -> Iterator[None]:
        """Lines of which the runner takes none for a command: what others wrote may look like one."""
        end = token_hex(16)
        self.line(f"::stop-commands::{end}")
        try:
            yield
        finally:
            # Else what is said of a failure would be no command either.
            self.line(f"::{end}::")

    def close(self) -> None:
        """Hand all over to the runner."""
        from bot.core.rendering.workflow import output_file

        for file, text in ((self.run.output, output_file(self.outputs)), (self.run.summary, "\n".join(self.summary))):
            if file is not None:
                with file.open("a", encoding="utf-8") as opened:
                    opened.write(text)


def main() -> None:
    """Do what the event asks for, and exit with 0, with 1 for what fails by wish, with 2 for what cannot be used."""
    from bot.core.rendering.annotations import command, masked

    # The first process of a container does not end by itself at what stops a job, see docker stop.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        run = settings.load_run()
        log = Log(run)
        for secret in settings.secrets_of(run):
            for each in masked(secret):
                log.line(each)
        code = _played(run, log)
        log.close()
    except BotError as error:
        sys.stdout.write(command("error", str(error)) + "\n")
        code = 2
    except KeyboardInterrupt:
        sys.stdout.write(command("notice", "Stopped before its end; the next run begins anew.") + "\n")
        code = 130
    except Exception as error:  # noqa: BLE001 - the one place where a defect ends
        words = f"{type(error).__name__}: {error}"
        sys.stdout.write(command("error", f"Plumbline has a defect ({words[:200]}); please report it.") + "\n")
        code = 2
    raise SystemExit(code)


def _played(run: settings.Run, log: Log) -> int:
    """One run, from its inputs to its exit code. Whatever fails outside is a warning, unless it is to count."""
    import asyncio

    inputs = read_inputs(run.inputs)
    assignment = assign(run.event, run.payload, inputs, run.repository)
    known = settings.of_inputs(run.inputs)
    job = Job(run, inputs, known, log)
    if isinstance(assignment, Skip):
        return job.skipped(f"Skipped: {assignment.why}.")
    try:
        if isinstance(assignment, Sweep):
            return asyncio.run(job.sweep())
        if isinstance(assignment, Commanded):
            return asyncio.run(job.obey(assignment))
        return asyncio.run(job.work(assignment))
    except Moved as moved:
        return job.skipped(f"Skipped: {moved}")
    except OutsideError as error:
        return job.failed(error)


@dataclass(frozen=True, slots=True)
class Job:
    """What a run does, and what is known to do it with."""

    run: settings.Run
    inputs: Inputs
    known: settings.Settings
    log: Log

    def skipped(self, sentence: str) -> int:
        """Nothing is done, for a reason that is told."""
        return self._without(Ending.SKIPPED, "notice", sentence)

    def failed(self, error: OutsideError) -> int:
        """Something outside did not work: that is not the fault of the pull request."""
        self._without(Ending.FAILED, "warning", f"Not reviewed: {error}")
        return int(self.inputs.fail_on_incomplete)

    async def work(self, target: Target) -> int:
        """Review a pull request, or answer a question about it."""
        if self.run.event == "workflow_run":
            handed = await self._handed_over(target)
            if isinstance(handed, Skip):
                return self.skipped(f"Skipped: {handed.why}.")
            target = handed
        if not self._has_key:
            if target.foreign:
                return self.skipped(
                    "Skipped: GitHub gives no secrets to runs of forks and of Dependabot, so there is no key for the "
                    "model; see the two workflows for forks in the documentation."
                )
            raise Misuse(_NO_KEY)
        request = self._request(target)
        if self.inputs.mode is Mode.ASK:
            return await self._ask(request)
        try:
            done = await self._reviewed(request)
        except Misuse as error:
            if self.run.event == "workflow_dispatch":
                raise
            # It was closed meanwhile, or the like: the event is out of date, not wrong.
            return self.skipped(f"Skipped: {error}")
        return self._ended(done)

    async def obey(self, commanded: Commanded) -> int:
        """Answer a command, and review where that follows from it."""
        from bot import commanding
        from bot.core.references import PullRequestReference
        from bot.core.response import REFUSED

        owner, _, repo = commanded.pull.repository.partition("/")
        reference = PullRequestReference(owner, repo, commanded.pull.number)
        with self._github() as github:
            response = await commanding.obey(github, reference, self.known, SLUG, commanded)
        if response is REFUSED:
            return self.skipped(f"Skipped: {commanded.author} may not give commands here.")
        if response.due is None:
            return self.skipped(f"Answered the command /{commanded.command.verb}.")
        due = response.due
        return await self.work(Target(commanded.pull.number, by_hand=due.by_hand, full=due.full))

    async def sweep(self) -> int:
        """Review what is open and was touched lately, each commit once."""
        from bot.clients.github.open_pulls import MOST_FOUND, TOUCHED_DAYS, OpenPulls, Repository
        from bot.core.rendering import fate, words, workflow
        from bot.threads import aside

        if not self._has_key:
            raise Misuse(_NO_KEY)
        with self._github() as github:
            since = time.time() - TOUCHED_DAYS * _DAY
            pulls = await aside(OpenPulls(github, SLUG).touched, Repository(0, self.run.repository), since)
        rows: list[tuple[str, str]] = []
        reviews: list[Review] = []
        code = 0
        for pull in pulls[:MOST_FOUND]:
            request = replace(self._request(Target(pull.number, head=pull.head)), once=True)
            try:
                done = await self._reviewed(request)
            except (Misuse, Moved, OutsideError) as error:
                code = max(code, int(isinstance(error, OutsideError) and self.inputs.fail_on_incomplete))
                rows.append((request.pull_request, str(error)))
                continue
            code = max(code, self._code(done))
            reviews.append(done.review)
            told = fate.told(done.review, done.posted, 0)
            rows.append((request.pull_request, f"{words.headline(done.review)} {told}"))
        self.log.summary.append(workflow.swept(rows))
        self.log.outputs |= workflow.outputs_of_all(reviews)
        with self.log.group("Open pull requests"), self.log.quoting():
            self.log.line("\n".join(f"{name}: {what}" for name, what in rows) or "none")
        return code

    async def _reviewed(self, request: wiring.Request) -> wiring.Done:
        from bot import wiring
        from bot.core.cost import price_of
        from bot.progress import Logged

        return await wiring.review(request, self.known, Logged(self.log.line, price_of(self.known.prices)))

    def _ended(self, done: wiring.Done) -> int:
        """Show a review where it is not shown already, and tell the runner of it."""
        from bot.core.rendering import annotations, terminal, workflow

        review, posted = done.review, done.posted
        with self.log.group("The review"), self.log.quoting():
            self.log.line(terminal.as_text(terminal.terminal(review)))
        if not workflow.is_shown_elsewhere(posted):
            with self.log.group("Findings"):
                self.log.line(annotations.workflow_commands(review))
        self.log.summary.append(workflow.step_summary(review))
        self.log.outputs |= workflow.outputs_of(review, posted)
        self._write_files(review)
        self.log.line(annotations.command(*workflow.said(review, posted)))
        return self._code(done)

    def _code(self, done: wiring.Done) -> int:
        from bot.core.verdict import counted

        outcome, fail_on = done.review.outcome, done.review.policy.fail_on
        judged = () if outcome.ending is Ending.SKIPPED else counted(done.review)
        if fail_on is not None and any(each.severity.reaches(fail_on) for each in judged):
            return 1
        return int(self.inputs.fail_on_incomplete and outcome.ending in {Ending.PARTIAL, Ending.FAILED})

    def _write_files(self, review: Review) -> None:
        from bot.core.rendering import document, sarif, workflow

        texts = {"sarif-file": sarif.sarif(review), "json-file": document.document(review)}
        for name, text in texts.items():
            (self.run.folder / workflow.FILES[name]).write_text(text, encoding="utf-8")

    async def _ask(self, request: wiring.Request) -> int:
        from bot import wiring
        from bot.core.rendering import answers, workflow
        from bot.speech import Speech

        speech = Speech(sys.stdout, sys.stdout)
        with self.log.quoting():
            done = await wiring.ask(request, self.known, self.inputs.question, speech)
            if not speech.heard:
                speech.said(done.text)
            speech.close()
        problem = answers.problem(done.end)
        self.log.summary.append(workflow.step_answer(self.inputs.question, done.text or problem))
        ending = Ending.FAILED if problem else Ending.COMPLETE
        self.log.outputs |= {**workflow.outputs_without(ending), "cost-usd": f"{done.dollars:.4f}"}
        return int(bool(problem) and self.inputs.fail_on_incomplete)

    async def _handed_over(self, target: Target) -> Target | Skip:
        """The pull request that the workflow before ran for, where GitHub confirms what it said."""
        from bot.clients.github.snapshot import PullRequestSource
        from bot.clients.handover import read_folder
        from bot.core.handover import is_same_change, read_handover
        from bot.core.patch import parse, parse_change
        from bot.threads import aside

        if not self.inputs.change:
            raise Misuse("A workflow_run needs what the workflow before left; give its folder by the input change.")
        contents = await aside(read_folder, self.run.folder / self.inputs.change)
        if contents is None:
            return Skip("the workflow before left no change; its log says why")
        described, patch = contents
        handed = read_handover(described, patch, target.head)
        owner, _, repo = self.run.repository.partition("/")
        with self._github() as github:
            change = await aside(PullRequestSource(github, owner, repo, handed.number).change)
        if change.head != handed.head:
            raise Moved(change.head)
        if not is_same_change(parse(handed.patch), parse_change(change)):
            raise Misuse(f"change.diff is not the change of #{handed.number}; it is not used.")
        return replace(target, number=handed.number)

    def _request(self, target: Target) -> wiring.Request:
        from bot import wiring

        describes = {"describe": True} if self.inputs.mode is Mode.DESCRIBE else {}
        return wiring.Request(
            pull_request=f"{target.repository or self.run.repository}#{target.number}",
            post=self.inputs.post and self.known.github_token is not None,
            automatic=not target.by_hand,
            full=target.full,
            fail_on=self.inputs.fail_on or None,
            serves_commands=self.inputs.commands,
            commit=target.head,
            overrides={**self.inputs.config, **describes},
        )

    def _github(self) -> GitHub:
        from bot.clients.github.connection import Access, GitHub

        return GitHub(Access(self.known.github_api_url, self.known.github_token, settings.ca_bundle()))

    @property
    def _has_key(self) -> bool:
        known = self.known
        keys = known.openai_api_key if known.api == "chat" else known.anthropic_api_key or known.anthropic_auth_token
        return keys is not None

    def _without(self, ending: Ending, level: str, sentence: str) -> int:
        from bot.core.rendering import annotations, workflow

        self.log.line(annotations.command(level, sentence))
        self.log.summary.append(workflow.step_notice(sentence))
        self.log.outputs |= workflow.outputs_without(ending)
        return 0


if __name__ == "__main__":
    main()
