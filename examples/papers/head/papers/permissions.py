"""Who may do what with a document."""

ROLES = ("viewer", "editor", "owner")


class Denied(Exception):
    """The member may not do this; the message says why."""


def at_least(role, wanted):
    return ROLES.index(role) >= ROLES.index(wanted)


def require(member, document, wanted):
    """Raise Denied unless the member may act as `wanted` on the document."""
    if member["workspace_id"] != document["workspace_id"]:
        raise Denied("the document belongs to another workspace")
    if not at_least(member["role"], wanted):
        raise Denied(f"this takes the role {wanted}")
