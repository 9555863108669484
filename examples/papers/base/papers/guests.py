"""Guests: accounts that may read single documents of a workspace."""

from papers import db, notify


def invite(document, email):
    """Invite an address to read one document; an account is made where there is none."""
    member = db.row("SELECT id, email FROM members WHERE email = %s", (email,))
    if member is None:
        member = db.row(
            "INSERT INTO members (workspace_id, email, role) VALUES (%s, %s, 'guest') RETURNING id, email",
            (document["workspace_id"], email),
        )
    db.run(
        "INSERT INTO guest_invites (member_id, document_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (member["id"], document["id"]),
    )
    notify.chat(f"{email} may now read “{document['title']}”")
    return member


def invited(member_id, document_id):
    found = db.row(
        "SELECT 1 FROM guest_invites WHERE member_id = %s AND document_id = %s",
        (member_id, document_id),
    )
    return found is not None
