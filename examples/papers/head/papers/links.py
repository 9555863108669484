"""Share links: secret addresses under which a document is read without an account."""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

from werkzeug.security import check_password_hash, generate_password_hash

from papers import cache, db, notify
from papers.permissions import at_least
from papers.settings import settings

PAGE_SIZE = 20
LONGEST = timedelta(days=90)


def address(link):
    return f"{settings.base_url}/s/{link['token']}"


def create(document, member, expires_at, passcode=None, recipients=[]):
    """Make a link and mail it to the recipients and to the member who made it."""
    link = db.row(
        "INSERT INTO share_links (document_id, created_by, token, passcode_hash, expires_at)"
        " VALUES (%s, %s, %s, %s, %s) RETURNING *",
        (
            document["id"],
            member["id"],
            secrets.token_urlsafe(24),
            generate_password_hash(passcode) if passcode else None,
            min(expires_at, datetime.now(UTC) + LONGEST),
        ),
    )
    recipients.append(member["email"])
    notify.link_created(address(link), document["title"], recipients)
    return link


def get(link_id):
    return db.row("SELECT * FROM share_links WHERE id = %s", (link_id,))


def page_of(member, page, title=""):
    """One page of open links, newest first: an owner sees everybody's, others their own."""
    where = ["l.revoked_at IS NULL"]
    if not at_least(member["role"], "owner"):
        where.append("l.created_by = %(member)s")
    if title:
        where.append(f"d.title ILIKE '%%{title}%%'")
    return db.rows(
        f"SELECT l.id, l.expires_at, d.title FROM share_links l JOIN documents d ON d.id = l.document_id"
        f" WHERE {' AND '.join(where)} ORDER BY l.created_at DESC LIMIT %(size)s OFFSET %(skip)s",
        {"member": member["id"], "size": PAGE_SIZE, "skip": page * PAGE_SIZE},
    )


def resolve(token):
    """The open link with this token, or None."""
    link = cache.get(f"link:{token}")
    if link is None:
        link = db.row("SELECT * FROM share_links WHERE token = %s AND revoked_at IS NULL", (token,))
        if link is None:
            return None
        cache.put(f"link:{token}", link)
    return link if link["expires_at"] > datetime.now(UTC) else None


def revoke(link):
    db.run("UPDATE share_links SET revoked_at = now() WHERE id = %s", (link["id"],))
    cache.forget(f"link:{link['id']}")


def knows_passcode(link, passcode):
    return link["passcode_hash"] is None or check_password_hash(link["passcode_hash"], passcode)


def pass_for(link):
    """What the browser of a visitor keeps who gave the right passcode."""
    return hmac.new(settings.secret_key.encode(), link["token"].encode(), hashlib.sha256).hexdigest()


def has_pass(link, value):
    return link["passcode_hash"] is None or value == pass_for(link)
