"""Settings: from the environment, then `.env`, then defaults. The only reader of the environment.

Names that people already have are honoured; everything else is `PLUMBLINE_*`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import Misuse

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from bot.core.rendering.setup import Shown

OPENAI = "https://api.openai.com/v1"
"""Where Chat Completions are asked for with a key and no address."""

_ENV_FILE = ".env"
_INPUT = "INPUT_"
_SECRET_INPUTS = ("anthropic-api-key", "auth-token", "github-token")
_SECRETS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY", "GITHUB_TOKEN", "PLUMBLINE_STATE_KEY")
_SETTINGS_OF_INPUTS = {
    "anthropic-api-key": "ANTHROPIC_API_KEY",
    "auth-token": "ANTHROPIC_AUTH_TOKEN",
    "base-url": "ANTHROPIC_BASE_URL",
    "github-token": "GITHUB_TOKEN",
    "model": "model",
    "api": "api",
    "max-cost-usd": "max_cost_usd",
}
_FOR_CHAT = {"auth-token": "OPENAI_API_KEY", "base-url": "OPENAI_BASE_URL"}
_CA_BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_PROXY_AND_CA = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", *_CA_BUNDLES)
# A credential must not be sent to an address that comes from a less trusted place: `.env` may be part of the very
# pull request that was checked out.
_CREDENTIALS_OF = {
    "ANTHROPIC_BASE_URL": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    "OPENAI_BASE_URL": ("OPENAI_API_KEY",),
    "GITHUB_API_URL": ("GITHUB_TOKEN",),
}


class Settings(BaseSettings):
    """Everything that can be set. Secrets hide themselves in repr, logs and errors."""

    model_config = SettingsConfigDict(
        env_prefix="PLUMBLINE_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    anthropic_api_key: SecretStr | None = Field(default=None, validation_alias="ANTHROPIC_API_KEY")
    anthropic_auth_token: SecretStr | None = Field(default=None, validation_alias="ANTHROPIC_AUTH_TOKEN")
    anthropic_base_url: str = Field(default="https://api.anthropic.com", validation_alias="ANTHROPIC_BASE_URL")
    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    openai_base_url: str | None = Field(default=None, validation_alias="OPENAI_BASE_URL")
    github_token: SecretStr | None = Field(default=None, validation_alias="GITHUB_TOKEN")
    github_api_url: str = Field(default="https://api.github.com", validation_alias="GITHUB_API_URL")

    # Patterns without \w and counts: pydantic's engine takes 0.1 s to build those for all of Unicode.
    model: str = Field(default="claude-opus-4-6", pattern=r"^[A-Za-z0-9_.:/@-]+$", max_length=100)
    anthropic_version: str = Field(default="2023-06-01", pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    # A key for OpenAI may lie around for other uses: code goes there only where that was asked for.
    api: Literal["messages", "chat"] = "messages"
    stream: bool = True
    thinking: Literal["off", "adaptive"] = "off"
    verify: Literal["on", "off"] = "on"
    images: Literal["on", "off"] = "on"
    concurrency: int = Field(default=8, ge=1, le=100)
    cache_pause: float = Field(default=2.0, ge=0, le=60, allow_inf_nan=False)
    chunk_tokens: int = Field(default=12_000, ge=1_000, le=200_000)
    max_tokens: int = Field(default=16_000, ge=1_000, le=128_000)
    max_cost_usd: float = Field(default=5.0, ge=0, allow_inf_nan=False)
    max_comments: int = Field(default=10, ge=0, le=50)
    max_cost_pull_request_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    max_cost_day_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    prices: str = "provider"
    model_rules: str = ""

    state_key: SecretStr | None = Field(default=None, min_length=16)
    trusted_authors: str = Field(default="", pattern=r"^[A-Za-z0-9,_\[\] -]*$")

    @field_validator("prices")
    @classmethod
    def _is_a_price(cls, written: str) -> str:
        from bot.core.cost import PRICE_PATTERN

        if not re.fullmatch(PRICE_PATTERN, written):
            raise ValueError("it is neither provider nor gateway, nor dollars for a million tokens in and out as 2/10")
        return written

    @field_validator("model_rules")
    @classmethod
    def _are_rules(cls, written: str) -> str:
        from bot.core.model_rules import RULES

        if written:
            RULES.extended(written)
        return written

    def source_of(self, field: str) -> str:
        """The variable that a setting came from, '' where it has its default."""
        return _variable(field) if field in self.model_fields_set else ""

    @property
    def trusted(self) -> frozenset[str]:
        """The accounts whose comments are believed like our own."""
        return frozenset(filter(None, (name.strip() for name in self.trusted_authors.split(","))))


class ServiceSettings(BaseSettings):
    """What the service needs besides. Only the environment counts: a service runs in no checkout.

    `data` is the folder of what has to last. `debounce` are the seconds for which more pushes are waited for, `reviews`
    those that are made at the same time, by all processes together. `api_token` switches the API on.
    """

    model_config = SettingsConfigDict(
        env_prefix="PLUMBLINE_", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    app_id: str = Field(default="", validation_alias="GITHUB_APP_ID", pattern=r"^[A-Za-z0-9._-]*$")
    app_private_key: SecretStr | None = Field(default=None, validation_alias="GITHUB_APP_PRIVATE_KEY")
    app_private_key_file: str = Field(default="", validation_alias="GITHUB_APP_PRIVATE_KEY_FILE")
    webhook_secret: SecretStr | None = Field(default=None, validation_alias="GITHUB_WEBHOOK_SECRET")
    data: str = "plumbline-data"
    database_url: SecretStr | None = None
    debounce: float = Field(default=10.0, ge=0, le=600, allow_inf_nan=False)
    reviews: int = Field(default=4, ge=1, le=50)
    api_token: SecretStr | None = Field(default=None, min_length=16)


def load_service() -> ServiceSettings:
    """Read the settings of the service. Raises Misuse, with one sentence, for a value that cannot be used."""
    try:
        return ServiceSettings()
    except ValidationError as error:
        raise _unusable(error, ServiceSettings) from None


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the Action, as the runner describes it. `inputs` are those that are not empty, by their names.

    `output` and `summary` are the files that the runner reads afterwards, None outside of it. `folder` is where the
    repository is, if it was checked out.
    Source: https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    """

    inputs: Mapping[str, str]
    event: str
    payload: bytes
    repository: str
    output: Path | None
    summary: Path | None
    folder: Path


def load_run() -> Run:
    """Read what the runner says. Raises Misuse outside of a workflow."""
    # The runner writes names in upper case and keeps their dashes, which no shell could set.
    inputs = {
        name[len(_INPUT) :].lower(): value for name, value in os.environ.items() if name.startswith(_INPUT) and value
    }
    event, path, repository = map(_environment, ("GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH", "GITHUB_REPOSITORY"))
    if not (event and path and repository):
        raise Misuse("This is the entrance of the GitHub Action, for its runner; by hand it is plumbline review PR.")
    try:
        payload = Path(path).read_bytes()
    except OSError as error:
        raise Misuse(f"GITHUB_EVENT_PATH names {path}, which cannot be read ({error.strerror}).") from None
    output, summary = (_environment(name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"))
    folder = Path(_environment("GITHUB_WORKSPACE") or ".")
    return Run(
        inputs, event, payload, repository, Path(output) if output else None, Path(summary) if summary else None, folder
    )


def of_inputs(inputs: Mapping[str, str]) -> Settings:
    """The settings of a run of the Action: its inputs, then the environment.

    There is no `.env`: what lies in the workspace may be part of the change. Raises Misuse for what cannot be used.
    """
    chat = (inputs.get("api") or _environment("PLUMBLINE_API")) == "chat"
    names = {**_SETTINGS_OF_INPUTS, **(_FOR_CHAT if chat else {})}
    if chat and "anthropic-api-key" in inputs:
        raise Misuse("With api: chat the key is the input auth-token; leave anthropic-api-key out.")
    try:
        given: dict[str, Any] = {names[name]: value.strip() for name, value in inputs.items() if name in names}
        return Settings(**given)
    except ValidationError as error:
        called = {names[name]: f"The input {name}" for name in inputs if name in names}
        raise _unusable(error, Settings, called) from None


def secrets_of(run: Run) -> tuple[str, ...]:
    """All that the log of a run must not show."""
    own = (run.inputs.get(name, "") for name in _SECRET_INPUTS)
    return tuple(filter(None, (*own, *map(_environment, _SECRETS))))


def load() -> Settings:
    """Read the settings. Raises Misuse, with one sentence, for a value that cannot be used."""
    try:
        _refuse_foreign_addresses()
        return Settings(**_from_env_file())
    except ValidationError as error:
        raise _unusable(error, Settings) from None
    except UnicodeDecodeError:
        raise Misuse(f"The file {_ENV_FILE} is not UTF-8 text; save it as UTF-8 or remove it.") from None


def _unusable(
    error: ValidationError, settings: type[BaseSettings], called: Mapping[str, str] = MappingProxyType({})
) -> Misuse:
    """What is wrong, in one sentence. `called` names fields that people know by another name than their variable."""
    first = error.errors(include_input=False, include_url=False)[0]
    field = str(first["loc"][0])
    name = called.get(field) or _variable(field, settings)
    return Misuse(f"{name} cannot be used: {_fault(first)}; correct it or unset it.")


def _fault(error: ErrorDetails) -> str:
    """What pydantic says of a value; a text that is too short it takes for a list."""
    if error["type"] == "too_short":
        return f"it has fewer than {error['ctx']['min_length']} characters"
    words = error["msg"].removeprefix("Value error, ")
    return words[:1].lower() + words[1:]


def ca_bundle() -> str | None:
    """The CA bundle for all connections, whichever of its usual names it is set under.

    Only the environment counts: `.env` may be part of the change, and must not say whom to trust.
    """
    return next(filter(None, map(_environment, _CA_BUNDLES)), None)


def cache_folder() -> Path:
    """Where reviews are kept so that they can go on after an interruption. Only the environment counts, as above."""
    chosen = _chosen_cache()
    if chosen:
        return Path(chosen)
    base = _environment("XDG_CACHE_HOME")
    # https://specifications.freedesktop.org/basedir-spec/latest/
    return (Path(base) if base else Path.home() / ".cache") / "plumbline"


def transcript_folder() -> Path | None:
    """Where requests to models and their answers are written down, if anywhere. Only the environment counts."""
    chosen = _environment("PLUMBLINE_TRANSCRIPT_DIR")
    return Path(chosen) if chosen else None


def image_hosts() -> tuple[str, ...]:
    """Hosts that images of descriptions may come from besides GitHub's. Only the environment counts, as above."""
    return tuple(filter(None, (host.strip() for host in _environment("PLUMBLINE_IMAGE_HOSTS").split(","))))


def _chosen_cache() -> str:
    return _environment("PLUMBLINE_CACHE")


def shown(settings: Settings) -> tuple[Shown, ...]:
    """Every setting with its origin, and the proxy and CA variables that are set."""
    from bot.core.rendering.setup import Shown

    rows = [Shown(*_row(field, settings)) for field in Settings.model_fields]
    set_ones = [(name, _environment(name)) for name in _PROXY_AND_CA]
    cache = Shown("PLUMBLINE_CACHE", str(cache_folder()), "environment" if _chosen_cache() else "default")
    folder = transcript_folder()
    transcript = Shown("PLUMBLINE_TRANSCRIPT_DIR", str(folder or ""), "environment" if folder else "not set")
    more = image_hosts()
    hosts = Shown("PLUMBLINE_IMAGE_HOSTS", ", ".join(more), "environment" if more else "not set")
    return (
        *rows,
        cache,
        transcript,
        hosts,
        *(Shown(name, _without_password(value), "environment") for name, value in set_ones if value),
    )


def _row(field: str, settings: Settings) -> tuple[str, str, str]:
    """Name, value fit to be shown, origin."""
    name, value = _variable(field), getattr(settings, field)
    origin = _origin(name)
    if value is None:
        return name, "", "not set"
    if isinstance(value, SecretStr):
        return name, f"set, {len(value.get_secret_value())} characters", origin
    return name, _without_password(str(value)), origin


def _variable(field: str, settings: type[BaseSettings] = Settings) -> str:
    """The environment variable of a field, which errors name by its field or by its alias."""
    known = settings.model_fields.get(field)
    if known is None:
        return field
    return str(known.validation_alias) if known.validation_alias else f"PLUMBLINE_{field.upper()}"


def _environment(name: str) -> str:
    """A variable of the environment; like pydantic-settings, without regard to case."""
    return next((value for key, value in os.environ.items() if key.upper() == name and value), "")


def _origin(name: str) -> str:
    if _environment(name):
        return "environment"
    return _ENV_FILE if _in_env_file(name) else "default"


def _in_env_file(name: str) -> bool:
    return bool(_env_file().get(name))


def _env_file() -> dict[str, str]:
    """What `.env` says, as it stands: `${GITHUB_TOKEN}` in it must not pull a secret out of the environment."""
    if not Path(_ENV_FILE).is_file():
        return {}
    from dotenv import dotenv_values

    values = dotenv_values(_ENV_FILE, interpolate=False, encoding="utf-8")
    return {key.upper(): value for key, value in values.items() if value}


def _from_env_file() -> dict[str, Any]:
    """The settings that only `.env` has, by the names under which pydantic takes them."""
    said = {name: value for name, value in _env_file().items() if not _environment(name)}
    fields = {_variable(field): str(known.validation_alias or field) for field, known in Settings.model_fields.items()}
    return {fields[name]: value for name, value in said.items() if name in fields}


def _refuse_foreign_addresses() -> None:
    for address, credentials in _CREDENTIALS_OF.items():
        if _origin(address) != _ENV_FILE:
            continue
        for credential in credentials:
            if _origin(credential) == "environment":
                raise Misuse(
                    f"{address} comes from {_ENV_FILE} but {credential} from the environment, so a checked-out file "
                    f"could send your key anywhere; set both in the same place."
                )


def _without_password(value: str) -> str:
    """Hide the password of a proxy's address."""
    parts = urlsplit(value)
    if not parts.password:
        return value
    return urlunsplit(parts._replace(netloc=f"{parts.username}:***@{parts.netloc.rsplit('@', 1)[-1]}"))
