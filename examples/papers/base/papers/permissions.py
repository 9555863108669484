"""Who may do what with a document."""

from papers import guests

ROLES = ("viewer", "editor", "owner")


class Denied(Exception):
    """The member may not do this; the message says why."""


def at_least(role, wanted):
    return ROLES.index(role) >= ROLES.index(wanted)


def require(member, document, wanted):
    """Raise Denied unless the member may act as `wanted` on the document."""
    if member["workspace_id"] != document["workspace_id"]:
        raise Denied("the document belongs to another workspace")
    if member["role"] == "guest":
        if wanted != "viewer" or not guests.invited(member["id"], document["id"]):
            raise Denied("guests read what they were invited to")
        return
    if document["locked"] and wanted != "viewer" and member["role"] != "owner":
        raise Denied("the document is locked")
    if not at_least(member["role"], wanted):
        raise Denied(f"this takes the role {wanted}")
