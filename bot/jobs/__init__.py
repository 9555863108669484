"""Durable jobs: what was accepted is done, whatever ends in between. The only importer of DBOS and SQLAlchemy."""
