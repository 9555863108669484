"""What visitors without an account may ask for: documents with an open share link."""

from flask import Blueprint, abort, jsonify, redirect, request

from papers import documents, links

public = Blueprint("public", __name__, url_prefix="/s")
COOKIE = "papers_pass"


def link_or_404(token):
    link = links.resolve(token)
    if link is None:
        abort(404)
    return link


@public.get("/<token>")
def read(token):
    link = link_or_404(token)
    if not links.has_pass(link, request.cookies.get(COOKIE, "")):
        return jsonify(error="this link asks for a passcode"), 401
    document = documents.get(link["document_id"])
    if document is None:
        abort(404)
    return jsonify(title=document["title"], body=document["body"])


@public.post("/<token>")
def unlock(token):
    link = link_or_404(token)
    if not links.knows_passcode(link, request.form["passcode"]):
        logger.warning("wrong passcode for link %s", link["id"])
        abort(403)
    answer = redirect(f"/s/{token}")
    answer.set_cookie(COOKIE, links.pass_for(link), path=f"/s/{token}", httponly=True, secure=True, samesite="Lax")
    return answer
