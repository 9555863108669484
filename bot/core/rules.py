"""What each analyzer's rule means to a reader: how bad, what goes wrong, and when. A rule that is not here is not said.

Chosen for harm, not for style: teams have linters of their own. In `title` and `body`, `{message}` is the analyzer's
own sentence.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.models import Category, Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """The words and the weight of a rule."""

    severity: Severity
    category: Category
    title: str
    body: str
    scenario: str


UNPARSED = "invalid-syntax"
"""What ruff says instead of anything else of a file that does not parse."""

_MESSAGE = "{message}."
_CRITICAL, _HIGH, _MEDIUM, _LOW = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW
_SECURITY, _CORRECTNESS = Category.SECURITY, Category.CORRECTNESS
_INJECTION = "anyone can set that value, they run what they like with this process's rights"

# A table, one row a line.
# fmt: off
_RUFF = {
    UNPARSED: Rule(_CRITICAL, _CORRECTNESS, "The file does not parse", _MESSAGE, "the module is imported, it raises SyntaxError"),
    "F821": Rule(_HIGH, _CORRECTNESS, "{message}", "Nothing in this file defines or imports the name.", "the line runs, it raises NameError"),
    "F823": Rule(_HIGH, _CORRECTNESS, "A local variable is read before it is set", _MESSAGE, "the line runs, it raises UnboundLocalError"),
    "F811": Rule(_MEDIUM, _CORRECTNESS, "A definition replaces an earlier one of the same name", _MESSAGE, "the first definition was meant to be used, it never is"),
    "F632": Rule(_MEDIUM, _CORRECTNESS, "A literal is compared by identity", _MESSAGE, "the value is equal but another object, the comparison is false"),
    "F631": Rule(_HIGH, Category.TESTS, "An assertion can never fail", _MESSAGE, "the condition is false, the assertion passes all the same"),
    "F634": Rule(_HIGH, _CORRECTNESS, "A condition is always true", _MESSAGE, "the condition should be false, the branch is taken all the same"),
    "F502": Rule(_HIGH, _CORRECTNESS, "A format string does not fit its arguments", _MESSAGE, "the line runs, it raises TypeError"),
    "F507": Rule(_HIGH, _CORRECTNESS, "A format string does not fit its arguments", _MESSAGE, "the line runs, it raises TypeError"),
    "F524": Rule(_HIGH, _CORRECTNESS, "A format string lacks an argument", _MESSAGE, "the line runs, it raises KeyError or IndexError"),
    "F601": Rule(_MEDIUM, _CORRECTNESS, "A dictionary literal repeats a key", _MESSAGE, "the dictionary is built, the earlier value is lost"),
    "B006": Rule(_MEDIUM, _CORRECTNESS, "A mutable default argument is shared between calls", "The default is made once, when the function is defined, and every call that changes it changes it for all later calls.", "the function is called a second time, it starts with what the first call left"),
    "B012": Rule(_HIGH, _CORRECTNESS, "Leaving a finally block swallows the exception", _MESSAGE, "the try block raises, the exception is lost"),
    "B015": Rule(_MEDIUM, _CORRECTNESS, "A comparison does nothing", _MESSAGE, "it was meant as an assertion or assignment, nothing happens"),
    "B017": Rule(_LOW, Category.TESTS, "A test accepts any exception", _MESSAGE, "the code fails for another reason, the test still passes"),
    "B020": Rule(_HIGH, _CORRECTNESS, "A loop overwrites what it iterates over", _MESSAGE, "the loop ends, the name holds its last item"),
    "B023": Rule(_MEDIUM, _CORRECTNESS, "A closure sees the loop variable's last value", _MESSAGE, "the function is called after the loop went on, it uses a later value"),
    "B025": Rule(_MEDIUM, _CORRECTNESS, "An exception is caught twice", _MESSAGE, "it is raised, the second handler never runs"),
    "B029": Rule(_HIGH, _CORRECTNESS, "An except clause catches nothing", _MESSAGE, "an exception is raised, it passes through"),
    "B031": Rule(_MEDIUM, _CORRECTNESS, "A group is iterated twice", _MESSAGE, "the second pass runs, the group is empty"),
    "B039": Rule(_MEDIUM, _CORRECTNESS, "A context variable has a mutable default", _MESSAGE, "one context changes it, all others see the change"),
    "S102": Rule(_HIGH, _SECURITY, "exec runs a computed string", _MESSAGE, _INJECTION),
    "S110": Rule(_LOW, _CORRECTNESS, "An exception is swallowed without a trace", "Whatever goes wrong in the try block leaves no log line and no error.", "the block fails, nobody learns of it"),
    "S112": Rule(_LOW, _CORRECTNESS, "An exception in a loop is swallowed without a trace", "Items that fail are skipped without a log line.", "an item fails, nobody learns of it"),
    "S113": Rule(_MEDIUM, Category.PERFORMANCE, "An HTTP request has no timeout", _MESSAGE, "the server accepts the connection and never answers, this waits forever"),
    "S202": Rule(_HIGH, _SECURITY, "An archive is unpacked without a filter", _MESSAGE, "a member is named `../../x`, it is written outside the folder"),
    "S301": Rule(_HIGH, _SECURITY, "pickle reads data that may not be trusted", _MESSAGE, _INJECTION),
    "S302": Rule(_HIGH, _SECURITY, "marshal reads data that may not be trusted", _MESSAGE, _INJECTION),
    "S306": Rule(_MEDIUM, _SECURITY, "mktemp leaves time for another process", _MESSAGE, "another process makes the file first, this one uses it"),
    "S307": Rule(_HIGH, _SECURITY, "eval runs a computed string", _MESSAGE, _INJECTION),
    "S501": Rule(_HIGH, _SECURITY, "TLS certificates are not checked", _MESSAGE, "somebody stands between client and server, they read and change everything"),
    "S506": Rule(_HIGH, _SECURITY, "yaml.load builds any Python object", _MESSAGE, _INJECTION),
    "S507": Rule(_HIGH, _SECURITY, "Unknown SSH host keys are accepted", _MESSAGE, "somebody stands between client and server, the client does not notice"),
    "S602": Rule(_HIGH, _SECURITY, "A shell runs a command built from values", "With shell=True the string goes through a shell, which gives meaning to quotes, semicolons and dollar signs in the values.", _INJECTION),
    "S605": Rule(_HIGH, _SECURITY, "A shell runs a command built from values", "The string goes through a shell, which gives meaning to quotes, semicolons and dollar signs in the values.", _INJECTION),
    "S608": Rule(_HIGH, _SECURITY, "SQL is built from strings", "Values become part of the statement instead of parameters of it.", "a value holds a quote, it changes what the statement does"),
    "S610": Rule(_HIGH, _SECURITY, "SQL is built from strings", _MESSAGE, "a value holds a quote, it changes what the statement does"),
    "S611": Rule(_HIGH, _SECURITY, "SQL is built from strings", _MESSAGE, "a value holds a quote, it changes what the statement does"),
    "S612": Rule(_HIGH, _SECURITY, "logging.config.listen accepts code from the network", _MESSAGE, _INJECTION),
    "S701": Rule(_MEDIUM, _SECURITY, "Templates do not escape HTML", _MESSAGE, "a value holds a script tag, the browser runs it"),
    "PLE0704": Rule(_HIGH, _CORRECTNESS, "A bare raise stands outside a handler", _MESSAGE, "the line runs, it raises RuntimeError"),
    "PLE1142": Rule(_HIGH, _CORRECTNESS, "await stands outside an async function", _MESSAGE, "the module is imported, it raises SyntaxError"),
    "PLE1205": Rule(_MEDIUM, _CORRECTNESS, "A logging call has too many arguments", _MESSAGE, "the line runs, an error is printed in place of the message"),
    "PLE1206": Rule(_MEDIUM, _CORRECTNESS, "A logging call has too few arguments", _MESSAGE, "the line runs, an error is printed in place of the message"),
    "PLE1307": Rule(_HIGH, _CORRECTNESS, "A format string does not fit its arguments", _MESSAGE, "the line runs, it raises TypeError"),
    "PLW0129": Rule(_MEDIUM, Category.TESTS, "An assertion can never fail", _MESSAGE, "the condition is false, the assertion passes all the same"),
    "PLW0711": Rule(_MEDIUM, _CORRECTNESS, "An except clause catches only one of the exceptions", _MESSAGE, "the other one is raised, it passes through"),
    "PLW2101": Rule(_HIGH, Category.CONCURRENCY, "A lock is taken and released at once", _MESSAGE, "two threads reach the code, both go on"),
    "ASYNC210": Rule(_MEDIUM, Category.PERFORMANCE, "A blocking HTTP call stops the event loop", _MESSAGE, "the server is slow, every other task waits too"),
    "ASYNC251": Rule(_MEDIUM, Category.PERFORMANCE, "time.sleep stops the event loop", _MESSAGE, "the line runs, every other task waits too"),
    "RUF006": Rule(_MEDIUM, Category.CONCURRENCY, "A task may vanish before it is done", _MESSAGE, "the garbage collector runs, the task is gone"),
}
RUFF_RULES = tuple(rule for rule in _RUFF if rule != UNPARSED)
"""The rules that ruff is asked for; syntax errors it reports always."""

_ZIZMOR = {
    "dangerous-triggers": Rule(_HIGH, _SECURITY, "The workflow runs with write rights for anyone's pull request", _MESSAGE, "a fork opens a pull request, its code can reach the repository's secrets and token"),
    "template-injection": Rule(_HIGH, _SECURITY, "An expression is expanded into a script", "The runner pastes the value into the script before the shell reads it.", "somebody puts shell code in that value, the job runs it"),
    "unpinned-uses": Rule(_MEDIUM, _SECURITY, "An action is not pinned to a commit", "A tag or branch of another repository can be moved at any time.", "the action's repository is taken over, its new code runs here"),
    "excessive-permissions": Rule(_MEDIUM, _SECURITY, "A job has more permissions than it needs", _MESSAGE, "one step is compromised, it can use them all"),
    "artipacked": Rule(_MEDIUM, _SECURITY, "The checkout leaves its token on disk", _MESSAGE, "a later step uploads the folder, the token goes with it"),
    "secrets-inherit": Rule(_MEDIUM, _SECURITY, "All secrets are passed on", _MESSAGE, "the called workflow is compromised, so is every secret"),
    "github-env": Rule(_HIGH, _SECURITY, "Untrusted text can set environment variables", _MESSAGE, "it sets LD_PRELOAD or PATH, later steps run foreign code"),
    "insecure-commands": Rule(_HIGH, _SECURITY, "Workflow commands that print variables are switched on", _MESSAGE, "any step prints foreign text, it can set variables"),
    "hardcoded-container-credentials": Rule(_HIGH, _SECURITY, "A registry password stands in the workflow", _MESSAGE, "somebody reads the repository, they can push images"),
    "cache-poisoning": Rule(_MEDIUM, _SECURITY, "A release uses a cache that others can fill", _MESSAGE, "a pull request fills the cache, the release builds from it"),
    "bot-conditions": Rule(_HIGH, _SECURITY, "A check for a bot can be fooled", _MESSAGE, "somebody acts on a bot's pull request, the check passes"),
    "overprovisioned-secrets": Rule(_MEDIUM, _SECURITY, "All secrets are put in one place", _MESSAGE, "one step is compromised, so is every secret"),
    "unsound-contains": Rule(_HIGH, _SECURITY, "A check for a name accepts parts of it", _MESSAGE, "a branch is named like a part of the list, the check passes"),
    "unsound-condition": Rule(_HIGH, _CORRECTNESS, "A condition is always true", _MESSAGE, "it should keep the job from running, the job runs"),
    "impostor-commit": Rule(_HIGH, _SECURITY, "An action is pinned to a commit of a fork", _MESSAGE, "the workflow runs, it runs the fork's code"),
}

_CHECKS = {
    "conflict-marker": Rule(_HIGH, _CORRECTNESS, "An unresolved merge conflict is left in the file", "Both sides of the conflict and its markers are still there.", "the file is compiled, parsed or read, the markers are in it"),
    "bidi-control": Rule(_HIGH, _SECURITY, "Hidden characters show code in another order than it runs", "{message}: what stands here is not what an editor or this page shows.", "somebody reads the line, they approve other code than the one that runs"),
    "hidden-text": Rule(_MEDIUM, _SECURITY, "The line holds characters that nobody sees", "{message}.", "somebody reads the line, what a program or a model reads in it escapes them"),
    "merge-leftover": Rule(_LOW, Category.MAINTENANCE, "A file that a merge left behind is added", "{message} looks like a copy that a merge or patch tool made.", "it is merged, it stays in the repository"),
    "debugger": Rule(_MEDIUM, _CORRECTNESS, "A debugger statement is left in", "`{message}` stops the program for a debugger.", "the line runs, the program waits for somebody at a console, or fails"),
    "focused-test": Rule(_HIGH, Category.TESTS, "A focused test keeps the others from running", "`{message}` makes the runner skip every other test of its file or suite.", "the suite runs, it is green whatever the other tests would say"),
    "skipped-test": Rule(_LOW, Category.TESTS, "A test is switched off", "`{message}` keeps the test from running.", "what it guards breaks, the suite stays green"),
}
# fmt: on

_SECRET = Rule(
    _CRITICAL,
    _SECURITY,
    "A secret was added: {message}",
    "It is in the history of the branch from now on: revoke it and read it from the environment or a secret store.",
    "anybody can read the repository, now or later, they can use it",
)


def rule_of(source: str, rule: str) -> Rule | None:
    """The rule's meaning, or None where the rule is not worth a reader's time."""
    if source == "secrets":
        return _SECRET
    return {"ruff": _RUFF, "zizmor": _ZIZMOR, "checks": _CHECKS}.get(source, {}).get(rule)
