"""The pages of the setup, and the same in words for a terminal."""

from __future__ import annotations

import html
import json

from bot.core.app_manifest import EVENTS, PERMISSIONS, Wanted, is_here, manifest, registration

_STYLE = """\
:root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }
body { max-width: 42rem; margin: 8vh auto; padding: 0 1.5rem; }
h1 { font-size: 1.5rem; } td, th { text-align: left; padding: .15rem 1.2rem .15rem 0; vertical-align: top; }
code { font-size: .95em; } label { display: block; margin: .8rem 0; }
input { font: inherit; width: 100%; padding: .4rem; }
button, a.button { display: inline-block; font: inherit; font-weight: 600; padding: .6rem 1.4rem; border: 0;
  border-radius: .4rem; background: #1f6feb; color: #fff; text-decoration: none; cursor: pointer; }
summary { cursor: pointer; } .quiet { opacity: .7; }
"""


def policy_of(web: str) -> str:
    """The Content-Security-Policy of the pages: a form may go to GitHub and here, and nothing else may happen."""
    return f"default-src 'none'; style-src 'unsafe-inline'; form-action 'self' {web}; frame-ancestors 'none'"


def offer(web: str, wanted: Wanted, state: str, token: str) -> str:
    """The page that registers the App with one click, and lets people change what is wanted first."""
    fields = "".join(
        f'<label>{words}<input name="{name}" value="{html.escape(value)}"></label>\n'
        for name, words, value in (
            ("url", "The address at which GitHub reaches this service", wanted.url),
            ("name", "The App's name", wanted.name),
            ("organization", "The organization that owns it; empty for yourself", wanted.organization),
        )
    )
    rows = "".join(f"<tr><td><code>{p.name}</code></td><td>{p.access}</td><td>{p.why}</td></tr>\n" for p in PERMISSIONS)
    here = is_here(wanted.url)
    first = "<p><b>GitHub cannot reach this address</b>; change it below to one that it reaches.</p>\n" if here else ""
    owner = f"the organization {html.escape(wanted.organization)}" if wanted.organization else "you"
    return _page(
        "Set up Plumbline",
        f"<p>This registers a GitHub App of your own, named <b>{html.escape(wanted.name)}</b> and owned by {owner}. "
        f"Webhooks go to <code>{html.escape(wanted.url)}/webhook</code>.</p>\n{first}"
        f'<form method="post" action="{html.escape(registration(web, wanted, state))}">\n'
        f'<input type="hidden" name="manifest" value="{html.escape(json.dumps(manifest(wanted)))}">\n'
        "<button>Register it at GitHub</button>\n</form>\n"
        f"<h2>What it may do</h2>\n<table>\n{rows}</table>\n"
        f'<p class="quiet">It hears of: {", ".join(EVENTS)}.</p>\n'
        f"<details{' open' if here else ''}><summary>Change the address, the name or the owner</summary>\n"
        '<form method="get" action="setup">\n'
        f'{fields}<input type="hidden" name="token" value="{html.escape(token)}">\n'
        "<button>Use these</button>\n</form>\n</details>\n",
    )


def created(install: str) -> str:
    """The page behind the registration."""
    return _page(
        "The App is registered",
        "<p>Its credentials are kept in the data folder, and the service starts with them now. Choose the repositories "
        "that it reviews:</p>\n"
        f'<p><a class="button" href="{html.escape(install)}">Install it</a></p>\n',
    )


def refused(sentence: str) -> str:
    """A page that says what is wrong."""
    return _page("That did not work", f"<p>{html.escape(sentence)}</p>\n")


def waiting() -> str:
    """The page of a service that has no App yet."""
    return _page("Plumbline has no App yet", "<p>Open the address that the service printed when it was started.</p>\n")


def invitation(address: str) -> str:
    """What a service without an App prints at its start."""
    return f"There is no GitHub App yet. Open this address to set one up; it works once:\n\n  {address}\n\n"


def steps(web: str, wanted: Wanted) -> str:
    """What somebody without a browser at hand does: by hand on GitHub's page, the same as the manifest says."""
    rows = "\n".join(f"     {each.name:<14} {each.access:<6} {each.why}" for each in PERMISSIONS)
    events = "\n".join(f"     {event}" for event in EVENTS)
    return f"""\
Register a GitHub App at {registration(web, wanted, "")}

  1. Name it {wanted.name}, with the homepage {wanted.url}
  2. Webhook: active, to {wanted.url}/webhook with a secret of your own (openssl rand -hex 32)
  3. Repository permissions, and why:
{rows}
  4. Subscribe to events:
{events}
  5. Only on this account; create it, and generate a private key.

Then start the service with what GitHub shows:

  GITHUB_APP_ID                 the App ID
  GITHUB_APP_PRIVATE_KEY_FILE   the path of the private key
  GITHUB_WEBHOOK_SECRET         the secret of step 2

Or post this manifest from a form, as the field `manifest`, and GitHub fills all of it in:

{json.dumps(manifest(wanted), indent=2)}
"""


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n<h1>{html.escape(title)}</h1>\n{body}"
    )
