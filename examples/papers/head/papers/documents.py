"""Documents of a workspace."""

from papers import cache, db

PAGE_SIZE = 20
COLUMNS = "id, workspace_id, title, body, locked, shareable, created_at"


def page_of(workspace_id, page):
    """One page of a workspace's documents, newest first; pages count from 1."""
    return db.rows(
        f"SELECT {COLUMNS} FROM documents WHERE workspace_id = %s ORDER BY created_at DESC LIMIT %s OFFSET %s",
        (workspace_id, PAGE_SIZE, (page - 1) * PAGE_SIZE),
    )


def get(document_id):
    key = f"document:{document_id}"
    document = cache.get(key)
    if document is None:
        document = db.row("SELECT * FROM documents WHERE id = %s", (document_id,))
        cache.put(key, document)
    return document


def create(workspace_id, title):
    return db.row(
        "INSERT INTO documents (workspace_id, title, shareable) VALUES (%s, %s, true) RETURNING *",
        (workspace_id, title),
    )


def set_shareable(document_id, shareable):
    db.run("UPDATE documents SET shareable = %s WHERE id = %s", (shareable, document_id))
    cache.forget(f"document:{document_id}")


def delete(document_id):
    db.run("DELETE FROM documents WHERE id = %s", (document_id,))
    cache.forget(f"document:{document_id}")
