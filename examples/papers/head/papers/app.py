"""Puts the service together; the sign-in service writes the session, with the same secret key."""

from flask import Flask, abort, g, session

from papers import db
from papers.api import api
from papers.public import public
from papers.settings import settings


def load_member():
    g.member = db.row("SELECT * FROM members WHERE id = %s", (session.get("member_id"),))
    if g.member is None:
        abort(401)


def create_app():
    app = Flask(__name__)
    app.secret_key = settings.secret_key
    api.before_request(load_member)
    app.register_blueprint(api)
    app.register_blueprint(public)
    db.pool.open()
    return app
