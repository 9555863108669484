"""The shapes of secrets: what each provider's tokens look like, and what tells a secret from a placeholder.

The formats are those that the providers document, or that their scanning partners publish; a link stands where a page
states the format. Public identifiers (account ids, publishable keys, webhook ids) are left out on purpose.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

Judge = Callable[[re.Match[str]], bool]


@dataclass(frozen=True, slots=True)
class Shape:
    """One format of secret.

    `expression` is matched where one of the `keywords` stands, `before` characters ahead of it: no text is searched by
    regular expression. Its group `secret` holds the characters to hide; the group `random`, where there is one, the
    part that a generator made. `beside` says that the keywords are in lower case and looked for in all of the text;
    the others stand within a long run of letters, digits and `_.~-`. `precedence` decides between overlapping finds:
    the lowest stays.
    """

    rule: str
    title: str
    keywords: tuple[str, ...]
    expression: str
    judge: Judge
    before: int = 0
    beside: bool = False
    precedence: int = 0

    @property
    def pattern(self) -> re.Pattern[str]:
        """The compiled expression."""
        return _compiled(self.expression)


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    """Compiled when one of its keywords is found first: all of them together take 30 ms that few reviews need."""
    return re.compile(expression, re.ASCII)


# --- What tells a secret from a placeholder -------------------------------------------------------------------------

# Words that nobody's generator puts into a token. In one case throughout, so that chance does not do it either.
_WORDS = "example sample placeholder changeme your insert redacted replace dummy fake mock test xxxx deadbeef abcdefg"
_MADE_UP = re.compile(
    "|".join(form for word in _WORDS.split() for form in (word, word.upper(), word.capitalize()))
    + r"|\*\*|\.\.\.|0000000|1234567|7654321|(?i:change[-_]me|goes[-_]?here)"
    # How the keys of Microsoft's emulators begin, which every reader of their pages has:
    # https://learn.microsoft.com/azure/storage/common/storage-use-azurite, https://learn.microsoft.com/azure/cosmos-db/emulator
    + r"|Eby8vdM02xNOcqFlqUw|C2y6yDjf5/R\+ob0N8A7Cgv"
)
# Words that a person writes in place of a value, or as a value that guards nothing: five letters and more.
_CHOSEN = re.compile(
    r"passw|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential|default|admin|login|qwerty"
    r"|letmein|hunter|hello|world|foobar|undefined|false|value|string|guest|local|public|encrypted|sha256|sha512"
    r"|process\.env|environ|getenv|secrets\.|vault:|data:|://|ssh-(?:rsa|ed)|arn:aws",
    re.IGNORECASE,
)
# Shorter ones, which turn up in long random values by chance and are therefore looked for in short values alone.
_COMMON = re.compile(r"user|null|none|true|root|todo|hash|pass|word|dev[-_]", re.IGNORECASE)
# A template's hole: ${X}, {{ x }}, <x>, %s, %(x)s, #{x}, $(x), $X, @x@, {x}
_HOLE = re.compile(r"[<>{}]|^\$\w|\$[({]|%[sdv]\b|%\(|%[A-Z_]{2,}%|^@|\[[A-Za-z _-]+\]|\u2026")
# 5f4dcc3b... behind a scheme's mark is a hash of a password: $2b$, $argon2id$, {SHA}, pbkdf2_sha256$, sha512-
_DIGEST = re.compile(
    r"\$(?:\d|2[abxy]|argon2\w{0,2}|pbkdf2[\w-]*|scrypt)\$|pbkdf2|bcrypt|(?:md5|sha\d{1,3})[-:$]", re.IGNORECASE
)
_LEET = str.maketrans("0134578@$!", "oleastbasi")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_SEPARATOR = re.compile(r"[-_./:]")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]+", re.IGNORECASE)

_LEAST_BITS_TOKEN = 2.5  # a random 16-digit hexadecimal string has less in one of a thousand cases
_LEAST_BITS_HEX = 2.9
_LEAST_BITS_RANDOM = 3.3  # English words and identifiers of 20 characters reach 3.8, so this alone proves nothing
_LEAST_RANDOM = 16
_LEAST_HEX = 20  # sixteen digits are a checksum more often than a key
_LEAST_WITHOUT_DIGIT = 24
# Mean letters of a run of one kind: 99 % of random base62 strings stay below, identifiers above.
_LONGEST_WORDS_MIXED = 3.0
_LONGEST_WORDS_LOWER = 4.5
_LEAST_NUMBERS = 3  # runs of digits, among letters of one case
_MOST_PIECES = 2
_LONGEST_PIECE = 8


def entropy(value: str) -> float:
    """Return Shannon's entropy of the characters, in bits a character."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values()) if size else 0.0


def is_sequence(value: str) -> bool:
    """Tell whether most neighbours repeat or count up or down: 12345678, abcdefgh, aaaa, a1b2c3d4."""
    for stride in (1, 2):
        steps = [abs(ord(b) - ord(a)) <= 1 for a, b in zip(value, value[stride:], strict=False)]
        if steps and sum(steps) * 2 > len(steps):
            return True
    return False


def is_made_up(value: str) -> bool:
    """Tell whether the generated part of a token is an example: a telling word, a sequence, hardly any variety."""
    return bool(_MADE_UP.search(value)) or entropy(value) < _LEAST_BITS_TOKEN or is_sequence(value)


def is_stand_in(value: str) -> bool:
    """Tell whether a value assigned to a telling name stands for the secret: a template, a word, a reference."""
    if _HOLE.search(value) or _DIGEST.search(value) or is_sequence(value):
        return True
    return bool(_MADE_UP.search(value) or _CHOSEN.search(value))


def is_common(value: str) -> bool:
    """Tell whether a password is built on a word that everybody takes, `p4ssw0rd` included."""
    plain = value.lower().translate(_LEET)
    return bool(_COMMON.search(value) or _COMMON.search(plain) or _CHOSEN.search(plain) or _MADE_UP.search(plain))


def is_uuid(value: str) -> bool:
    """Tell whether the value is a UUID, which names things more often than it opens them."""
    return _UUID.fullmatch(value) is not None


def looks_random(value: str) -> bool:
    """Tell whether a generator rather than a person wrote the value: entropy, and no words in it."""
    if len(value) < _LEAST_RANDOM or value.isdigit():
        return False
    if _HEX.fullmatch(value) or is_uuid(value):
        return len(value) >= _LEAST_HEX and entropy(value) >= _LEAST_BITS_HEX
    return entropy(value) >= _LEAST_BITS_RANDOM and not _is_worded(value)


def _is_worded(value: str) -> bool:
    """Tell whether the runs of letters are as long as in words: getUserById2, eu-west-1a-prod-db01."""
    pieces = _SEPARATOR.split(value.rstrip("="))
    if len(pieces) > _MOST_PIECES and max(map(len, pieces)) <= _LONGEST_PIECE:
        return True
    words = _WORD.findall(value)
    mean = sum(map(len, words)) / max(len(words), 1)
    numbers = sum(word.isdigit() for word in words)
    if value.lower() != value != value.upper():
        return mean > _LONGEST_WORDS_MIXED or (not numbers and len(value) < _LEAST_WITHOUT_DIGIT)
    return mean > _LONGEST_WORDS_LOWER or numbers < _LEAST_NUMBERS


def _generated(match: re.Match[str]) -> bool:
    return not is_made_up(match.groupdict().get("random") or match["secret"])


def _generated_not_hex(match: re.Match[str]) -> bool:
    """Forty hexadecimal digits are a commit, not an AWS secret key in base64."""
    return _generated(match) and not _HEX.fullmatch(match["secret"])


def _random(match: re.Match[str]) -> bool:
    return looks_random(match["secret"]) and not is_stand_in(match["secret"])


def _decode(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (ValueError, binascii.Error):
        return b""


def _signed_jwt(match: re.Match[str]) -> bool:
    """A header that names an algorithm; not the specimen of every tutorial, nor a key published by design."""
    header, claims = (_decode(part) for part in match["secret"].split(".")[:2])
    try:
        known = "alg" in json.loads(header)
    except (ValueError, TypeError, RecursionError):
        return False
    specimen = b"1234567890" in claims or b"John Doe" in claims
    # https://supabase.com/docs/guides/getting-started/api-keys calls the anon key safe to expose.
    return known and not specimen and b'"role":"anon"' not in claims


def _basic_credentials(match: re.Match[str]) -> bool:
    user, colon, password = _decode(match["secret"]).decode("utf-8", "replace").partition(":")
    return bool(colon) and password.isprintable() and is_password(password, user)


# Hosts that documents and tests use (RFC 2606, RFC 6761), and this machine.
_NOWHERE = re.compile(
    r"localhost|127\.0\.0\.1|0\.0\.0\.0|\[?::1\]?|host\.docker\.internal|host(?:name)?"
    r"|(?:.+\.)?example(?:\.\w+)?|.+\.(?:test|invalid|localhost)",
    re.IGNORECASE,
)
_PORT = re.compile(r"\d{1,5}(?:,|\Z)")  # host:port,user:password@host, or an @ far behind a port
_LEAST_PASSWORD = 6
_LEAST_LETTERS_ONLY = 9


def is_password(password: str, user: str) -> bool:
    """Tell whether a password in a URL or a header is worth hiding: not the user's name, a word or a port."""
    if len(password) < _LEAST_PASSWORD or _PORT.match(password) or password.casefold() == user.casefold():
        return False
    if password.isalpha() and password.islower() and len(password) < _LEAST_LETTERS_ONLY:
        return False
    return not is_stand_in(password) and (looks_random(password) or not is_common(password))


def _url_password(match: re.Match[str]) -> bool:
    return is_password(match["secret"], match["user"]) and not _NOWHERE.fullmatch(match["host"])


# --- How the rows are built -----------------------------------------------------------------------------------------

# Where a token may begin: after anything but a word, or after an escape that ends in a letter or digit (\n, %3D).
_EDGE = r"(?:(?<![A-Za-z0-9_])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"
_END = r"(?![A-Za-z0-9_])"
_ASSIGN = r"""(?:\\{0,2}["'`])?\]?[ \t]{0,8}(?:=>|:=|={1,3}|[:,])[ \t]{0,8}(?:\\{0,2}["'`])?"""


def _token(rule: str, title: str, keywords: str, body: str) -> Shape:
    """Build a shape from the token's possible beginnings, separated by blanks, and the pattern of what follows."""
    starts = tuple(keywords.split())
    start = "|".join(map(re.escape, starts))
    pattern = rf"{_EDGE}(?P<secret>(?:{start})(?P<random>{body})){_END}"
    return Shape(rule, title, starts, pattern, _generated)


def _base64(rule: str, title: str, keywords: str, body: str) -> Shape:
    """Build a shape of a token with `+` and `/` in it, at which a text falls into runs too short to hold it."""
    return replace(_token(rule, title, keywords, body), beside=True)


def _inside(rule: str, title: str, keyword: str, before: int, pattern: str) -> Shape:
    """Build a shape whose fixed letters stand `before` characters into the token."""
    compiled = rf"{_EDGE}(?P<secret>{pattern}){_END}"
    return Shape(rule, title, (keyword,), compiled, _generated, before=before)


def _named(
    rule: str, title: str, names: str, value: str, *, kind: str = "key|token|secret|passw|pwd|auth|sid"
) -> Shape:
    """Build a shape for a value that only the name of its provider makes a secret: `HEROKU_API_KEY=...`."""
    words = tuple(names.split())
    name = rf"(?i:{'|'.join(map(re.escape, words))})(?:[\w.\- ]{{0,30}}?(?i:{kind}))[\w\-]{{0,12}}"
    pattern = rf"{name}{_ASSIGN}(?P<secret>{value})(?![A-Za-z0-9+/=_])"
    return Shape(rule, title, words, pattern, _random, beside=True, precedence=1)


def _beside(rule: str, title: str, words: str, pattern: str, judge: Judge = _generated) -> Shape:
    """Build a shape for a secret that other words announce."""
    return Shape(rule, title, tuple(words.split()), pattern, judge, beside=True)


def _url(rule: str, title: str, keywords: str, scheme: str, precedence: int = 1) -> Shape:
    """Build a shape for the password of a URL's authority: scheme://user:password@host (RFC 3986, 3.2.1)."""
    authority = (
        r"""://(?P<user>[^\s:/@"'`<>?#]{0,100}):(?P<secret>[^\s/"'`<>]{1,200})"""
        r"""@(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[\w.-]{1,255})"""
    )
    pattern = rf"(?i:{scheme}){authority}"
    return Shape(rule, title, tuple(keywords.split()), pattern, _url_password, beside=True, precedence=precedence)


_GITHUB = r"[A-Za-z0-9_]{36,}"
_SLACK = r"[A-Za-z0-9-]{16,}"
_AWS_VALUE = r"(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
_AWS_NAME = r"(?i:aws[\w.\- \"'\[\]]{0,40}?(?:key|secret|token|passw|pwd)|secret[_-]?access[_-]?key)[\w\-]{0,12}"
_JWT = r"(?<![\w.-])(?P<secret>eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{16,})"
_UUID_HEX = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"

SHAPES: tuple[Shape, ...] = (
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    _token("aws-access-key-id", "AWS access key id", "AKIA ASIA ABIA ACCA", r"[A-Z0-9]{16}"),
    _beside(
        "aws-secret-access-key",
        "AWS secret access key",
        "aws secret_access_key secret-access-key secretaccesskey",
        _AWS_NAME + _ASSIGN + _AWS_VALUE,
        _generated_not_hex,
    ),
    # The pair in a call or a CSV file, where no name stands by: the id, then the key.
    _beside(
        "aws-secret-access-key",
        "AWS secret access key",
        "akia asia",
        r"A[KS]IA[A-Z0-9]{16}[\"']?[ \t,:]{1,4}[\"']?" + _AWS_VALUE,
        _generated_not_hex,
    ),
    # https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
    _token("github-token", "GitHub personal access token (classic)", "ghp_", _GITHUB),
    _token("github-fine-grained-token", "GitHub fine-grained personal access token", "github_pat_", _GITHUB),
    _token("github-oauth-token", "GitHub OAuth access token", "gho_", _GITHUB),
    _token("github-user-token", "GitHub App user access token", "ghu_", _GITHUB),
    # Since 2026 also the long form ghs_APPID_JWT, whose dots and dashes belong to it:
    # https://github.blog/changelog/2026-05-15-github-app-installation-tokens-per-request-override-header/
    _token("github-installation-token", "GitHub App installation token", "ghs_", r"[\w.-]{35,}[\w-]"),
    _token("github-refresh-token", "GitHub App refresh token", "ghr_", _GITHUB),
    # https://docs.gitlab.com/security/tokens/
    _token(
        "gitlab-token",
        "GitLab token",
        "glpat- gldt- glft- glsoat- glrt- glrtr- glcbt- glptt- glimt- glagent- gloas- glffct- GR1348941",
        r"[\w.-]{19,}[\w-]",
    ),
    # https://docs.slack.dev/authentication/tokens
    _token("slack-token", "Slack token", "xoxb- xoxp- xoxa- xoxo- xoxs- xoxr- xoxc- xoxd- xapp-", _SLACK),
    _token("slack-token", "Slack token", "xoxe- xoxe.xoxp- xoxe.xoxb-", _SLACK),
    _beside(
        "slack-webhook",
        "Slack webhook URL",
        "hooks.slack.com/",
        r"(?i:hooks\.slack\.com)/(?:services|workflows|triggers)/(?P<secret>[A-Z0-9]{6,20}/[A-Z0-9]{6,20}/[A-Za-z0-9/]{16,80})",
    ),
    # https://docs.stripe.com/keys: live keys alone; those of a sandbox move no money.
    _token("stripe-key", "Stripe live secret key", "sk_live_ rk_live_", r"[A-Za-z0-9]{24,}"),
    _base64("stripe-webhook-secret", "Stripe webhook signing secret", "whsec_", r"[A-Za-z0-9+/]{32,}"),
    _token("anthropic-key", "Anthropic API key", "sk-ant-", r"[\w-]{32,}"),
    _token("openai-key", "OpenAI API key", "sk-proj- sk-svcacct- sk-admin- sk-None-", r"[\w-]{40,}"),
    _token("openai-key", "OpenAI API key", "sk-", r"[\w-]{0,80}[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}"),
    _token("openrouter-key", "OpenRouter API key", "sk-or-v1-", r"[0-9a-f]{64}"),
    # DeepSeek, Moonshot and others took the form over from OpenAI's first keys.
    _token("sk-key", "API key of a model provider", "sk-", r"[A-Za-z0-9]{32,64}"),
    _token("groq-key", "Groq API key", "gsk_", r"[A-Za-z0-9]{52}"),
    _token("xai-key", "xAI API key", "xai-", r"[A-Za-z0-9]{80}"),
    _token("perplexity-key", "Perplexity API key", "pplx-", r"[A-Za-z0-9]{48}"),
    _token("replicate-token", "Replicate API token", "r8_", r"[A-Za-z0-9]{37}"),
    _token("hugging-face-token", "Hugging Face token", "hf_ api_org_", r"[A-Za-z0-9]{34,}"),
    _token("langsmith-key", "LangSmith API key", "lsv2_pt_ lsv2_sk_", r"[0-9a-f]{32}_[0-9a-f]{10}"),
    _token("pinecone-key", "Pinecone API key", "pcsk_", r"[A-Za-z0-9_]{50,80}"),
    _token("tavily-key", "Tavily API key", "tvly-", r"(?:dev-|prod-)?[A-Za-z0-9]{32,}"),
    _token("nvidia-key", "NVIDIA API key", "nvapi-", r"[\w-]{60,}"),
    _token("google-api-key", "Google API key", "AIza", r"[\w-]{35}"),
    _token("google-oauth-client-secret", "Google OAuth client secret", "GOCSPX-", r"[\w-]{28}"),
    _token("google-oauth-token", "Google OAuth access token", "ya29.", r"[\w-]{40,}"),
    _beside("google-refresh-token", "Google OAuth refresh token", "1//0", _EDGE + r"(?P<secret>1//0[\w-]{40,})"),
    _beside(
        "azure-storage-key",
        "Azure storage account key",
        "accountkey=",
        r"(?i:AccountKey)=(?P<secret>[A-Za-z0-9+/]{86}==)",
    ),
    _beside(
        "azure-shared-access-key",
        "Azure shared access key",
        "sharedaccesskey=",
        r"(?i:SharedAccessKey)=(?P<secret>[A-Za-z0-9+/]{43}=)",
    ),
    _inside("azure-client-secret", "Microsoft Entra client secret", "Q~", 4, r"[\w~.]{3}\dQ~[\w~.-]{31,34}"),
    _inside("azure-key", "Azure service key", "JQQJ9", 52, r"[A-Za-z0-9]{52}JQQJ9[A-Za-z0-9]{25,29}"),
    _inside(
        "azure-devops-token", "Azure DevOps personal access token", "AZDO", 76, r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}"
    ),
    # https://github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format/
    _token("npm-token", "npm access token", "npm_", r"[A-Za-z0-9]{36,}"),
    _beside(
        "npm-token",
        "npm access token",
        "_authtoken",
        r"(?i:_authToken)[ \t]{0,3}=[ \t]{0,3}[\"']?(?P<secret>[\w+/=-]{20,})",
    ),
    _token("pypi-token", "PyPI API token", "pypi-AgE", r"[\w-]{50,}"),
    _token("rubygems-key", "RubyGems API key", "rubygems_", r"[0-9a-f]{48}"),
    _token("crates-token", "crates.io API token", "cio", r"[A-Za-z0-9]{32}"),
    _token("nuget-key", "NuGet API key", "oy2", r"[a-z0-9]{43}"),
    _token("clojars-token", "Clojars deploy token", "CLOJARS_", r"[0-9a-f]{60}"),
    _token("artifactory-key", "Artifactory API key", "AKCp", r"[A-Za-z0-9]{69}"),
    _token("docker-hub-token", "Docker Hub access token", "dckr_pat_ dckr_oat_", r"[\w-]{27,}"),
    _token("digitalocean-token", "DigitalOcean token", "dop_v1_ doo_v1_ dor_v1_", r"[0-9a-f]{64}"),
    _token("heroku-key", "Heroku API key", "HRKU-", r"[\w-]{36,}"),
    _named("heroku-key", "Heroku API key", "heroku", _UUID_HEX),
    _token("twilio-key", "Twilio API key", "SK", r"[0-9a-f]{32}"),
    _named("twilio-auth-token", "Twilio auth token", "twilio", r"[0-9a-f]{32}"),
    _token("sendgrid-key", "SendGrid API key", "SG.", r"[\w-]{22}\.[\w-]{43}"),
    _token("mailgun-key", "Mailgun API key", "key-", r"[0-9a-f]{32}"),
    _named("mailgun-key", "Mailgun API key", "mailgun", r"[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}"),
    _inside("mailchimp-key", "Mailchimp API key", "-us", 32, r"(?P<random>[0-9a-f]{32})-us\d{1,2}"),
    _token("brevo-key", "Brevo API key", "xkeysib-", r"[0-9a-f]{64}-[A-Za-z0-9]{16}"),
    _token("square-token", "Square access token", "sq0atp-", r"[\w-]{22}"),
    _token("square-token", "Square access token", "EAAA", r"[\w-]{60}(?!-)"),
    _token("square-secret", "Square OAuth secret", "sq0csp-", r"[\w-]{43}"),
    _token("shopify-token", "Shopify access token", "shpat_ shpca_ shppa_ shpss_", r"[0-9a-fA-F]{32}"),
    _token("easypost-key", "EasyPost API key", "EZAK", r"[A-Za-z0-9]{54}"),
    # https://core.telegram.org/bots/api#authorizing-your-bot
    Shape(
        "telegram-bot-token",
        "Telegram bot token",
        (":aa",),
        r"(?<=\d{8}):(?P<secret>AA[\w-]{33})(?![\w-])",
        _generated,
        beside=True,
    ),
    # The bot's id in decimal digits, in base64: every group of four has but a few possible letters.
    # https://discord.com/developers/docs/reference#authentication
    _token(
        "discord-bot-token",
        "Discord bot token",
        "MD MT Mj Mz ND NT Nj Nz OD OT",
        r"[AEIMQUYcgk][w-z0-5](?:[MNO][DTjz][AEIMQUYcgk][w-z0-5]){5}\w{0,2}\.[\w-]{6}\.[\w-]{27,38}",
    ),
    _beside(
        "discord-webhook",
        "Discord webhook URL",
        "/api/webhooks/",
        r"/api/webhooks/\d{17,20}/(?P<secret>[\w-]{60,80})",
    ),
    _token("databricks-token", "Databricks access token", "dapi", r"[0-9a-f]{32}(?:-\d)?"),
    _token("datadog-application-key", "Datadog application key", "ddapp_", r"[A-Za-z0-9]{34,}"),
    _named("datadog-key", "Datadog key", "datadog dd_api dd_app dd-api", r"(?:[0-9a-f]{40}|[0-9a-f]{32})"),
    # https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/
    _token("new-relic-key", "New Relic API key", "NRAK- NRII- NRJS- NRAA-", r"[A-Za-z0-9_-]{19,40}"),
    _inside("new-relic-license", "New Relic license key", "NRAL", 36, r"[0-9a-fFux]{36}NRAL"),
    # https://docs.sentry.io/security-legal-pii/security/token-formats/
    _token("sentry-token", "Sentry auth token", "sntryu_ sntrya_ sntryi_", r"[0-9a-f]{64}"),
    _base64("sentry-token", "Sentry organization auth token", "sntrys_", r"[\w+/=-]{64,}"),
    _token("grafana-token", "Grafana service account token", "glsa_", r"[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}"),
    _base64("grafana-cloud-token", "Grafana Cloud access token", "glc_", r"[A-Za-z0-9+/=]{32,}"),
    _token("dynatrace-token", "Dynatrace API token", "dt0c01. dt0s16. dt0s08.", r"[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    _token("posthog-key", "PostHog personal API key", "phx_", r"[A-Za-z0-9]{43,}"),
    # https://developer.hashicorp.com/vault/docs/concepts/tokens
    _token("vault-token", "HashiCorp Vault token", "hvs. hvb. hvr.", r"[\w-]{24,}"),
    _inside("terraform-token", "HCP Terraform API token", ".atlasv1.", 14, r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,70}"),
    _token("atlassian-token", "Atlassian API token", "ATATT3xFf ATCTT3xFf", r"[\w=-]{60,}"),
    _token("bitbucket-password", "Bitbucket app password", "ATBB", r"[A-Za-z0-9]{28,32}"),
    _token("linear-key", "Linear API key", "lin_api_ lin_oauth_", r"[A-Za-z0-9]{40,}"),
    _token("notion-token", "Notion token", "ntn_", r"[A-Za-z0-9]{43,}"),
    _token("notion-token", "Notion token", "secret_", r"[A-Za-z0-9]{43}"),
    _token("airtable-token", "Airtable personal access token", "pat", r"[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    _token("figma-token", "Figma access token", "figd_", r"[\w-]{38,}"),
    _token("postman-key", "Postman API key", "PMAK-", r"[0-9a-f]{24}-[0-9a-f]{34}"),
    _token("typeform-token", "Typeform token", "tfp_", r"[\w-]{40,}"),
    _token("contentful-token", "Contentful management token", "CFPAT-", r"[\w-]{43}"),
    _token("pulumi-token", "Pulumi access token", "pul-", r"[0-9a-f]{40}"),
    _token("doppler-token", "Doppler token", "dp.pt. dp.ct. dp.sa. dp.scim. dp.audit. dp.st.", r"[\w.-]{39,}\w"),
    _token("1password-token", "1Password service account token", "ops_eyJ", r"[\w-]{100,}"),
    _token("netlify-token", "Netlify access token", "nfp_ nfc_ nfo_ nfu_", r"[A-Za-z0-9]{36}"),
    _token("sonar-token", "SonarQube token", "sqp_ sqa_ squ_", r"[0-9a-f]{40}"),
    _token("circleci-token", "CircleCI token", "CCIPAT_ CCIPRJ_", r"[A-Za-z0-9]{22}_[0-9a-f]{40}"),
    _token("buildkite-token", "Buildkite token", "bkua_", r"[0-9a-f]{40}"),
    _token("alibaba-key-id", "Alibaba Cloud access key id", "LTAI", r"[A-Za-z0-9]{20}"),
    # https://github.com/C2SP/C2SP/blob/main/age.md
    _token("age-key", "age secret key", "AGE-SECRET-KEY-1", r"[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
    _base64("fly-token", "Fly.io access token", "fm2_ fm1r_ fm1a_", r"[\w+/=-]{80,}"),
    _token("fly-token", "Fly.io access token", "fo1_", r"[\w-]{43}"),
    # https://vercel.com/changelog/new-token-formats-and-secret-scanning
    _token("vercel-token", "Vercel token", "vcp_ vci_ vca_ vcr_ vck_", r"[A-Za-z0-9]{24,}"),
    _named("vercel-token", "Vercel token", "vercel", r"[A-Za-z0-9]{24}"),
    # https://supabase.com/docs/guides/getting-started/api-keys
    _token("supabase-key", "Supabase secret key", "sb_secret_", r"[\w-]{31}"),
    _token("supabase-token", "Supabase access token", "sbp_", r"[0-9a-f]{40}"),
    _token("planetscale-secret", "PlanetScale secret", "pscale_tkn_ pscale_pw_ pscale_oauth_", r"[\w.=-]{32,}"),
    _token("neon-key", "Neon API key", "napi_", r"[a-z0-9]{64}"),
    # https://developers.cloudflare.com/fundamentals/api/get-started/token-formats
    _token("cloudflare-token", "Cloudflare API token", "cfk_ cfut_ cfat_", r"[\w-]{44,}"),
    _named("cloudflare-token", "Cloudflare API token", "cloudflare cf_api", r"(?:[\w-]{40}|[0-9a-f]{37})"),
    # RFC 7519
    Shape("jwt", "JSON Web Token", ("eyJ",), _JWT, _signed_jwt),
    # RFC 6750
    Shape(
        "bearer-token",
        "Bearer token",
        ("bearer",),
        _EDGE + r"(?i:bearer)[ \t]{1,4}(?P<secret>[\w.~+/-]{16,}={0,2})",
        _random,
        beside=True,
        precedence=1,
    ),
    # RFC 7617
    Shape(
        "basic-credentials",
        "User and password for HTTP basic authentication",
        ("basic",),
        _EDGE + r"(?i:basic)[ \t]{1,4}(?P<secret>[\w+/-]{8,}={0,2})",
        _basic_credentials,
        beside=True,
        precedence=1,
    ),
    _url("postgres-password", "Password in a PostgreSQL URL", "postgres", r"postgres(?:ql)?(?:\+\w{1,20})?"),
    _url("mysql-password", "Password in a MySQL URL", "mysql mariadb", r"(?:mysql|mariadb)(?:\+\w{1,20})?"),
    _url("mongodb-password", "Password in a MongoDB URL", "mongodb", r"mongodb(?:\+srv)?"),
    _url("redis-password", "Password in a Redis URL", "redis", r"rediss?"),
    _url("amqp-password", "Password in an AMQP URL", "amqp", r"amqps?"),
    _url("url-password", "Password in a URL", "://", "", precedence=2),
)
