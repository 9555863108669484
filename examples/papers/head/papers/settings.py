"""What an installation may set: a YAML file, and secrets from the environment."""

import os
from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Settings:
    base_url: str
    chat_url: str
    mail_host: str
    database_url: str
    secret_key: str
    cache_seconds: int


def load(path: Path) -> Settings:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Settings(
        base_url=data["base_url"],
        chat_url=data["chat_url"],
        mail_host=data["mail_host"],
        database_url=os.environ.get("DATABASE_URL") or data["database_url"],
        secret_key=os.environ["SECRET_KEY"],
        cache_seconds=data["cache_seconds"],
    )


settings = load(Path(os.environ.get("PAPERS_CONFIG", "config/development.yaml")))
