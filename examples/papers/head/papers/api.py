"""What members may ask for over HTTP; `g.member` is who is signed in."""

from datetime import UTC, datetime

from flask import Blueprint, abort, g, jsonify, request

from papers import documents, links, qr
from papers.permissions import Denied, require

api = Blueprint("api", __name__, url_prefix="/api")


@api.errorhandler(Denied)
def denied(error):
    return jsonify(error=str(error)), 403


def document_for(document_id, wanted):
    document = documents.get(document_id)
    if document is None:
        abort(404)
    require(g.member, document, wanted)
    return document


def asked_page():
    return max(request.args.get("page", 1, type=int), 1)


@api.get("/documents")
def list_documents():
    return jsonify(documents.page_of(g.member["workspace_id"], asked_page()))


@api.get("/documents/<int:document_id>")
def read_document(document_id):
    return jsonify(document_for(document_id, "viewer"))


@api.delete("/documents/<int:document_id>")
def delete_document(document_id):
    document_for(document_id, "editor")
    documents.delete(document_id)
    return "", 204


@api.put("/documents/<int:document_id>/shareable")
def set_shareable(document_id):
    document_for(document_id, "owner")
    documents.set_shareable(document_id, bool(request.json))
    return "", 204


@api.post("/documents/<int:document_id>/links")
def create_link(document_id):
    document = document_for(document_id, "editor")
    if not document["shareable"]:
        raise Denied("an owner forbade links to this document")
    wish = request.json
    expires_at = datetime.fromtimestamp(wish["expires"], UTC)
    link = links.create(document, g.member, expires_at, wish.get("passcode"))
    return jsonify(id=link["id"], address=links.address(link)), 201


@api.get("/links")
def list_links():
    return jsonify(links.page_of(g.member, asked_page(), request.args.get("title", "")))


def link_for(link_id, wanted):
    link = links.get(link_id)
    if link is None:
        abort(404)
    document_for(link["document_id"], wanted)
    return link


@api.get("/links/<int:link_id>/qr.png")
def link_code(link_id):
    link = link_for(link_id, "editor")
    picture = qr.code(links.address(link), request.args.get("from", "qr"))
    return picture, 200, {"content-type": "image/png"}


@api.delete("/links/<int:link_id>")
def revoke_link(link_id):
    links.revoke(link_for(link_id, "editor"))
    return "", 204
