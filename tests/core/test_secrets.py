"""What is a secret, what is not, and that hiding one leaves everything else in place.

No token stands here in full, see `tests.secret_kinds`.
"""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from detect_secrets.plugins.base import BasePlugin
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.secret_shapes import SHAPES
from bot.core.secrets import _hide, _lines, find_secrets, mask
from tests.secret_kinds import DASHES, TOKENS, b64, bot_id, expand, jwt

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED = Path(__file__).parents[2].parent / "shared" / "data"

ASSIGNED = [
    'api_key = "«[a32]»"',
    "API_KEY=«[a32]»",
    '"apiKey": "«[a32]»",',
    "apiKey: «[a32]»",
    "const apiKey: string = '«[a32]»';",
    'password: str = "«hG7!kd02Lq»"',
    'private static final String SECRET_KEY = "«[a40]»";',
    'os.environ["SECRET_TOKEN"] = "«[a32]»"',
    'os.getenv("CLIENT_SECRET", "«[a32]»")',
    'process.env.JWT_SECRET || "«[a32]»"',
    'headers.set("X-Api-Key", "«[a32]»")',
    "<password>«[a20]»</password>",
    '<add key="ApiKey" value="«[a32]»" />',
    '#define API_SECRET "«[a32]»"',
    "export GH_TOKEN=«[a40]»",
    "tool --api-key=«[a32]» --verbose",
    "secret_key_base: «[h128]»",
    "'password' => '«hG7!kd02Lq»',",
    "Server=db;User Id=sa;Password=«hG7!kd02Lq»;",
    "spring.datasource.password=«hG7!kd02LqZ»",
    'SecretKey: []byte("«[a32]»")',
    '{\\"token\\": \\"«[a32]»\\"}',
    "https://api.acme.io/v1?access_token=«[a32]»&page=2",
    'if token == "«[a32]»":',
    'OPENAI_KEY="«[a32]»"',
    'dbPass = "«hG7!kd02Lq»"',
    'dbpass = "«hG7!kd02Lq»"',
    "clientsecret=«[a32]»",
    'clientSecret = "«[h8]-[h4]-[h4]-[h4]-[h12]»"',
]
# Where a crossed-out signature leaves the rest of the secret in place.
HALF_RANDOM = {"jwt", "basic-credentials", "discord-bot-token"}
HARMLESS = [
    'password: "Passwort vergessen"',
    'password = get_password("db-main-1")',
    'token = tokenizer.encode("abc123XYZdef456GHI")',
    "apiKey: process.env.OPENAI_API_KEY",
    'api_key=os.environ["OPENAI_API_KEY"]',
    "password: ${DB_PASSWORD}",
    "password: {{ .Values.db.password }}",
    'password="<your-password>"',
    "password = %s",
    "secretName: my-app-tls-2-cert",
    "secretKeyRef: my-secret-2-abcdefghi",
    'tokenUrl: "https://auth.acme.io/oauth2/token"',
    '"token": "next_page_token_2"',
    '"nextPageToken": "[a40]"',
    '"integrity": "sha512-[b86]=="',
    'private_key_path = "/etc/ssl/private/server1.key"',
    "max_tokens=4096",
    'token: str = "test-token-12345678901234"',
    "type Token = { access: string; refresh: string }",
    "password: string",
    "self.token = token",
    "password=self.password1",
    '"password": "********"',
    "PASSWORD=password123",
    'password: "P@ssw0rd1"',
    'password: "Abcd1234"',
    'api_key="sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"',
    "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI" + "/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "aws_access_key_id = AKIA" + "IOSFODNN7EXAMPLE",
    "postgres://postgres:postgres@localhost:5432/app",
    "postgres://acme77:acme77@db.acme.io/app",
    "postgresql://app:[a12]@localhost/app",
    "postgresql://app:[a12]@127.0.0.1/app",
    "https://app:[a12]@api.example.com/",
    "postgres://user:password@db.acme.io/app",
    "postgres://${USER}:${PASS}@db.acme.io/app",
    "mysql://root:%s@%s/%s",
    "http://localhost:8080/@scope/package",
    "https://a.io:123,b:c@d.io",
    "uses: actions/checkout@[h40]",
    'commit = "[h40]"',
    'id: "[h8]-[h4]-[h4]-[h4]-[h12]"',
    'token: "[h8]-[h4]-[h4]-[h4]-[h12]"',
    'password_hash: "$2b$12$[a53]"',
    'passwordHash = "[h32]"',
    'sortKey: "[a32]"',
    'public_key = "MCowBQYDK2VwAyEA[b43]="',
    f"{DASHES}BEGIN PUBLIC KEY{DASHES}\nMCowBQYDK2VwAyEA[b43]=\n{DASHES}END PUBLIC KEY{DASHES}",
    f"{DASHES}BEGIN CERTIFICATE{DASHES}\n[b64]\n[b64]\n{DASHES}END CERTIFICATE{DASHES}",
    f'if "{DASHES}BEGIN RSA PRIVATE KEY{DASHES}" in text:\n    raise ValueError(text)',
    f"{DASHES}BEGIN PRIVATE KEY{DASHES}\n...\n{DASHES}END PRIVATE KEY{DASHES}",
    f'BEGIN = "{DASHES}BEGIN PRIVATE KEY{DASHES}"\nURL = "https://acme.io/[a40]/Deep/Path"\n',
    "Authorization: Bearer $TOKEN",
    "Authorization: Bearer <token>",
    "'Authorization': 'Bearer YOUR_ACCESS_TOKEN_HERE'",
    "Authorization: `Bearer ${getAccessToken2()}`",
    "a bearer authenticates application2 for user3",
    f"Authorization: Basic {b64('user:password')}",
    "data:image/png;base64,iVBORw0KGgo[b200]",
    "keyFile: ~/.ssh/id_rsa2",
    'cancellationToken: "CancellationToken.None"',
    jwt({"sub": "1234567890", "name": "John Doe"}),
    jwt({"iss": "supabase", "role": "anon"}),
    'author = "[a32]"',
    'compass = "[a8]1aA"',
    '"AWS::IAM::AccessKey": "[h16]",',
    '["PIN1_VERIFICATION2_KEY", "TR31_K2_TR34_ASYMMETRIC_KEY"]',
]
NEAR_MISSES = [
    "AKIA[U15]",
    "AKIA[U17]",
    "XAKIA[U16]",
    "ghp_[a35]",
    "ghp_" + "x" * 36,
    "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789",
    "ghs_[a20]",
    "glpat-[a12]",
    "xoxb-your-token-goes-here-now",
    "hooks.slack.com/services/T00000000/B00000000/" + "X" * 24,
    "sk_test_[a24]",
    "pk_live_[a24]",
    "task-[a48]",
    "risk-[h32]",
    "AIza[w34]",
    "npm_config_registry_and_other_settings_",
    "rubygems_[h47]",
    "precious[a29]",
    "SK[h31]",
    "SK[h33]",
    "ASK[h32]",
    "SG.[a21].[a43]",
    "[h32]-usage",
    "[h33]-us12",
    "[d7]:AA[a33]",
    "hf_transfer_enable_progress_bars_now",
    "path.[a14].[h64]",
    "eyJhbGciOi.[a20].[a20]",
    "sb_publishable_[a22]_[a8]",
    "AGE-SECRET-KEY-1" + "Q" * 58,
    "pul-[h39]",
    "dapi[h31]",
    "AccountKey=Eby8vdM02xNOcqFlqUw[b67]==",
]


def ids(samples: list[tuple[str, str]]) -> list[str]:
    return [f"{rule}-{number}" for number, (rule, _) in enumerate(samples)]


def named(text: str) -> list[tuple[str, str]]:
    return [(secret.rule, text[secret.start : secret.end]) for secret in find_secrets(text)]


def pem(kind: str = "RSA ", newline: str = "\n", lines: int = 6) -> tuple[str, str]:
    """Return a private key in its frame, and the body alone."""
    body = newline.join(expand(f"MIIE[b60]{number}")[0][:64] for number in range(lines))
    label = f"{kind}PRIVATE KEY{DASHES}{newline}"
    return f"{DASHES}BEGIN {label}{body}{newline}{DASHES}END {label}", body


@pytest.mark.parametrize(("rule", "template"), TOKENS, ids=ids(TOKENS))
def test_every_shape_is_found(rule: str, template: str) -> None:
    """Each provider's format is found, exactly, between quotes, and by its own rule."""
    missed = []
    for seed in range(20):
        text, start, end = expand(template, seed)
        around = f'call("{text}")\n'
        if (rule, text[start:end]) not in named(around):
            missed.append(text)
    assert len(missed) <= 1, missed  # a random string may by chance look like words


def test_every_rule_has_a_sample() -> None:
    """No shape goes untested."""
    assert {shape.rule for shape in SHAPES} == {rule for rule, _ in TOKENS}


@pytest.mark.parametrize("template", ASSIGNED)
def test_random_values_of_telling_names_are_found(template: str) -> None:
    """A value that looks random, or like a chosen password, is a secret where a name says so, in any language."""
    text, start, end = expand(template)
    assert named(text) == [("assigned-secret", text[start:end])]


@pytest.mark.parametrize("template", HARMLESS)
def test_stand_ins_are_no_secrets(template: str) -> None:
    """Placeholders, references, hashes, public keys and this machine's passwords raise no alarm."""
    text = expand(template)[0]
    assert named(text) == []


@pytest.mark.parametrize("template", NEAR_MISSES)
def test_near_misses_are_no_secrets(template: str) -> None:
    """A token too short, too long, made up, public, or in the middle of a word is not a token."""
    text = expand(template)[0]
    assert named(f"see {text} there") == []


@pytest.mark.parametrize("template", [template for rule, template in TOKENS if rule not in HALF_RANDOM])
def test_crossed_out_tokens_are_no_secrets(template: str) -> None:
    """The same format filled with x is documentation."""
    text = expand(re.sub(r"\[[hdlUawbB](\d+)\]", lambda part: "x" * int(part[1]), template))[0]
    assert named(text) == []


@pytest.mark.parametrize("before", ["", "x = '", "\\n", "%3D", "(", "-", "=", "\u00e9", "\n"])
@pytest.mark.parametrize("after", ["", "'", "\\n", "\n", " ", ")", ".", ",", "\u00e9"])
def test_tokens_are_found_next_to_anything_but_words(before: str, after: str) -> None:
    """Quotes, brackets, escapes of all kinds and the text's ends may touch a token."""
    token = expand("ghp_[a36]")[0]
    assert named(before + token + after) == [("github-token", token)]


def test_the_pair_of_an_aws_key_needs_no_name() -> None:
    """A secret key right behind its id is one even where nothing names it."""
    text, start, end = expand('connect("AKIA[U16]", "«[b40]»")')
    assert ("aws-secret-access-key", text[start:end]) in named(text)


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED "])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\\n"])
def test_private_keys_are_found(kind: str, newline: str) -> None:
    """The body of a private key is the secret, on lines of its own or inside of a string."""
    text, body = pem(kind, newline)
    [(rule, found)] = named(f'key = "{text}"\n')
    assert rule == "private-key"
    assert found.removeprefix("\\n").removesuffix("\\n") == body


def test_private_keys_may_lack_their_end() -> None:
    """Without an END the key goes on to the end of the text."""
    text, body = pem()
    text = text[: text.index(f"{DASHES}END")]
    assert named("first\n" + text) == [("private-key", body)]


def test_private_keys_may_lack_their_beginning() -> None:
    """Lines of base64 before an END are a key whose BEGIN lies outside of the hunk."""
    text, body = pem()
    text = "first line\n" + text.split("\n", 1)[1]
    assert named(text) == [("private-key", body)]


def test_other_private_keys_are_found() -> None:
    """PGP, SSH2, PuTTY and a Google service account have frames of their own."""
    body = "\n".join(expand(f"[b64]{number}")[0] for number in range(4))
    for begin, end, rule in (
        (
            f"{DASHES}BEGIN PGP PRIVATE KEY BLOCK{DASHES}\nVersion: 2\n\n",
            f"{DASHES}END PGP PRIVATE KEY BLOCK",
            "private-key",
        ),
        ("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n", "---- END SSH2", "private-key"),
        ("PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 4\n", "Private-MAC: ", "private-key"),
        (
            f'"type": "service_account",\n"private_key": "{DASHES}BEGIN PRIVATE KEY{DASHES}\\n',
            DASHES + "END",
            "google-service-account-key",
        ),
    ):
        text = f"{begin}{body}\n{end}"
        [(found_rule, found)] = named(text)
        assert (found_rule, found[-64:]) == (rule, body[-64:])
        assert body not in mask(text)


def test_the_certificate_behind_a_key_stays() -> None:
    """A key without END stops where the next frame begins."""
    key, body = pem()
    text = key[: key.index(f"{DASHES}END")] + f"{DASHES}BEGIN CERTIFICATE{DASHES}\n" + expand("[b64]")[0]
    assert named(text) == [("private-key", body)]


def test_the_specific_rule_wins() -> None:
    """Where the shape of a token and a telling name both match, the token's rule names it."""
    token = expand("ghp_[a36]")[0]
    for text in (f'token = "{token}"', f"https://x:{token}@github.com/a/b", f"Authorization: Bearer {token}"):
        assert named(text) == [("github-token", token)]


def test_only_the_password_of_a_url_is_hidden() -> None:
    """Scheme, user, host and path stay readable."""
    text, start, end = expand("db = 'postgres://app:«[a12]»@db.acme.io:5432/app'")
    assert mask(text) == text[:start] + "*" * (end - start) + text[end:]


def test_titles_fit_into_a_sentence() -> None:
    """A title follows 'A secret was added: ' and names the thing without a full stop."""
    for shape in SHAPES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", shape.rule)
        assert not shape.title.endswith(".")


@given(st.text("a\n"), st.lists(st.integers(0, 30), max_size=8, unique=True).map(sorted))
def test_the_last_resort_hides_whole_lines(text: str, cuts: list[int]) -> None:
    """Spans widen to the lines that they touch, once each, so that masking ends after a few passes."""
    spans = [(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False) if b <= len(text)]
    hidden = _hide(text, _lines(text, spans))
    before = text[: spans[0][0]].split("\n") if spans else []
    assert len(hidden) == len(text)
    assert [len(line) for line in hidden.split("\n")] == [len(line) for line in text.split("\n")]
    assert all(set(line) <= {"*"} or set(line) <= {"a"} for line in hidden.split("\n"))
    assert all("*" in hidden[start:end] for start, end in spans if "a" in text[start:end])
    assert hidden.startswith("\n".join(before[:-1]))


FRAGMENTS = st.one_of(
    st.sampled_from([keyword for shape in SHAPES for keyword in shape.keywords]),
    st.sampled_from([expand(template)[0] for _, template in TOKENS]),
    st.sampled_from([expand(template)[0] for template in ASSIGNED]),
    st.sampled_from(
        [*pem(), *pem()[0].split("\n"), f"{DASHES}BEGIN RSA PRIVATE KEY{DASHES}", f"{DASHES}END PRIVATE KEY{DASHES}"]
    ),
    st.sampled_from(
        [
            "password",
            "token",
            "api_key",
            "=",
            ": ",
            '"',
            "'",
            "\\",
            "\n",
            "\r\n",
            "://",
            "@",
            "*",
            "***",
            "-",
            "\u0130",
            "\x00",
            "\u2028",
            "\ud800",
        ]
    ),
    st.text(st.characters(), max_size=20),
)
TEXTS = st.one_of(st.text(st.characters()), st.lists(FRAGMENTS, max_size=12).map("".join))


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_offsets_are_valid(text: str) -> None:
    """Any text at all gives secrets in order, inside of it, none overlapping."""
    done = 0
    for secret in find_secrets(text):
        assert done <= secret.start < secret.end <= len(text)
        done = secret.end


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_masking_moves_nothing(text: str) -> None:
    """The masked text has the same length, the same lines, the same characters elsewhere, and nothing left to find."""
    masked = mask(text)
    assert len(masked) == len(text)
    assert [len(line) for line in masked.splitlines()] == [len(line) for line in text.splitlines()]
    assert all(new in {old, "*"} for old, new in zip(text, masked, strict=True))
    assert find_secrets(masked) == ()
    assert mask(masked) == masked
    if not find_secrets(text):
        assert masked == text


CODE = Path(__file__).read_text(encoding="utf-8").splitlines()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(CODE), max_size=30), st.sampled_from(TOKENS), st.integers(0, 10**6), st.data())
def test_a_secret_in_code_is_hidden(lines: list[str], sample: tuple[str, str], seed: int, data: st.DataObject) -> None:
    """Wherever a secret stands among lines of code, its characters are gone from the masked text."""
    rule, template = sample
    text, start, end = expand(template, seed)
    if rule not in {"jwt", "basic-credentials"} and not named(f'"{text}"'):
        return  # chance made this one look like words
    place = data.draw(st.integers(0, len(lines)))
    masked = mask("\n".join([*lines[:place], f'    value = f("{text}")', *lines[place:]]))
    assert text[start:end] not in masked


PATHOLOGICAL = [
    *(
        'key="',
        "key=",
        "password: a",
        "password=a(",
        "token       ",
        "secret",
        "a",
        '"',
        '\\"',
        "*",
        "\u0130",
        "\ud800",
    ),
    *(f"{DASHES}BEGIN PRIVATE KEY{DASHES}", f"{DASHES}BEGIN ", f"{DASHES}END PRIVATE KEY{DASHES}\n"),
    *("A" * 64 + f"\n{DASHES}END PRIVATE KEY{DASHES}\n", f"{DASHES}BEGIN PRIVATE KEY{DASHES}\n" + "Ab1" * 20 + "\n"),
    *("Private-Lines: 1\n", "-eyJ", "eyJaaaaaaaaaaaa.", "://", "://a:", "a://b:c@", "aws.", "-sk-aT3BlbkFJ", ".ghs_"),
    *("bearer aaaaaaaaaaaaaaaaaaaa ", "basic aaaaaaaa", 'dd_app_key="', "_authtoken=", "-accountkey=a1", "+fm2_"),
]


@pytest.mark.parametrize("unit", PATHOLOGICAL)
def test_hostile_repetition_completes(unit: str) -> None:
    """A megabyte of the worst repetitions takes one pass, not one for every character."""
    text = (unit * (1_000_000 // len(unit) + 1))[:1_000_000]
    find_secrets(text)


@pytest.mark.parametrize("form", ["{}", "-{}a1", "{}Ab1_Ab1_Ab1_.", '{}_key="'])
def test_repeated_keywords_complete(form: str) -> None:
    """So do the beginnings of every shape, without and with something behind them."""
    for keyword in dict.fromkeys(keyword for shape in SHAPES for keyword in shape.keywords):
        unit = form.format(keyword)
        mask(unit * (20_000 // len(unit)))


# --- Against another scanner ----------------------------------------------------------------------------------------

# Plugins that know formats. IBM's and SoftLayer's take any long value next to a word such as `key`; the rest of the
# package's plugins judge by entropy or by names.
ORACLES = (
    *("artifactory", "aws", "azure_storage_key", "basic_auth", "discord", "github_token", "gitlab_token", "jwt"),
    *("mailchimp", "npm", "openai", "private_key", "pypi_token", "sendgrid", "slack", "square_oauth", "stripe"),
    *("telegram_token", "twilio"),
)
BOTH_KNOW = [
    "AKIA[U16]",
    'aws_key = "[b40]"',
    "AccountKey=[b86]==",
    "https://ci:[a20]@git.acme.io/app.git",
    "ghp_[a36]",
    "ghs_[a36]",
    "glpat-[a20]",
    "glptt-[h40]",
    "glagent-[a50]",
    "GR1348941[a20]",
    jwt({"sub": "42"}),
    "[h32]-us7",
    "//registry.npmjs.org/:_authToken=npm_[a36]",
    "sk-[a20]T3BlbkFJ[a20]",
    "pypi-AgEIcHlwaS5vcmc[a100]",
    "pypi-AgENdGVzdC5weXBpLm9yZw[a100]",
    "SG.[a22].[a43]",
    "xoxb-[d12]-[d12]-[l24]",
    "https://hooks.slack.com/services/T[U10]/B[U10]/[a24]",
    "sq0csp-[a43]",
    "sk_live_[a24]",
    "rk_live_[a24]",
    "[d9]:AA[a33]",
    "SK[h32]",
    f"{bot_id('118293847561029384')}.[a6].[a27]",
    'key = "AKCp[a69]"',
]


@pytest.fixture(scope="module")
def oracles() -> list[BasePlugin]:
    found: list[Any] = []
    for name in ORACLES:
        module = importlib.import_module(f"detect_secrets.plugins.{name}")
        found += [
            value() for value in vars(module).values() if inspect.isclass(value) and value.__module__ == module.__name__
        ]
    return [plugin for plugin in found if isinstance(plugin, BasePlugin)]


def fired(oracles: list[BasePlugin], line: str) -> list[str]:
    return [plugin.secret_type for plugin in oracles if any(plugin.analyze_string(line))]


@pytest.mark.parametrize("template", BOTH_KNOW)
def test_what_detect_secrets_knows_is_found(oracles: list[BasePlugin], template: str) -> None:
    """Generated samples of the formats that both know are found by both."""
    for seed in range(20):
        line = expand(template, seed)[0]
        assert fired(oracles, line), line
        assert find_secrets(line), line


def changed_lines() -> Iterator[tuple[str, str]]:
    patches = [*SHARED.glob("prs/*/diff.patch"), *SHARED.glob("stress/*.patch")]
    for patch in patches:
        for line in patch.read_text(encoding="utf-8", errors="replace").split("\n"):
            if line[:1] in {"+", "-"}:
                yield patch.parent.name + "/" + patch.name, line[1:]
    for payload in (*SHARED.glob("webhooks/*.json"), *SHARED.glob("*.json")):
        # One value a line, as a pretty printer would: the descriptions are a line of megabytes each.
        for line in re.split(r"\n|(?<=[,{\[])(?=\")", payload.read_text(encoding="utf-8")):
            yield payload.name, line


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared pull requests are not at hand")
def test_nothing_known_is_missed_in_real_changes(oracles: list[BasePlugin]) -> None:
    """On lines of real pull requests, no format that detect-secrets knows goes unnoticed."""
    seen = 0
    missed = []
    for origin, line in changed_lines():
        if kinds := fired(oracles, line):
            seen += 1
            if not find_secrets(line):
                missed.append((origin, kinds, line[:200]))
    assert seen
    assert missed == []
