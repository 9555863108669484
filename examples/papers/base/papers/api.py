"""What members may ask for over HTTP; `g.member` is who is signed in."""

from flask import Blueprint, abort, g, jsonify, request

from papers import documents, guests
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


@api.post("/documents/<int:document_id>/guests")
def invite_guest(document_id):
    document = document_for(document_id, "editor")
    member = guests.invite(document, request.json["email"])
    return jsonify(member), 201
