"""Secrets of every kind that is known, made up anew where they are needed.

No token stands here in full: templates name the alphabet and the length of each random part, `[U16]` for 16 upper-case
letters and digits, and guillemets enclose the characters that are the secret where that is not the whole template.
"""

from __future__ import annotations

import base64
import json
import random
import re
import string

ALPHABETS = {
    "h": "0123456789abcdef",
    "d": string.digits,
    "l": string.ascii_lowercase + string.digits,
    "U": string.ascii_uppercase + string.digits,
    "a": string.ascii_letters + string.digits,
    "w": string.ascii_letters + string.digits + "_-",
    "b": string.ascii_letters + string.digits + "+/",
    "B": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
}
DASHES = "-" * 5


def expand(template: str, seed: int = 0) -> tuple[str, int, int]:
    """Fill in the random parts; return the text and where the secret is in it."""
    rng = random.Random(f"{template}/{seed}")
    text = re.sub(
        r"\[([hdlUawbB])(\d+)\]", lambda part: "".join(rng.choices(ALPHABETS[part[1]], k=int(part[2]))), template
    )
    if "«" not in text:
        return text, 0, len(text)
    before, secret, after = re.split("[«»]", text)
    return before + secret + after, len(before), len(before) + len(secret)


def b64(value: object) -> str:
    data = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return base64.urlsafe_b64encode(data.encode()).decode().rstrip("=")


def jwt(claims: dict[str, object]) -> str:
    return f"{b64({'alg': 'HS256', 'typ': 'JWT'})}.{b64(claims)}.[w43]"


def bot_id(digits: str) -> str:
    return b64(digits)


TOKENS = [
    ("aws-access-key-id", "AKIA[U16]"),
    ("aws-access-key-id", "ASIA[U16]"),
    ("aws-secret-access-key", 'aws_secret_access_key = "«[b40]»"'),
    ("aws-secret-access-key", "AWS_SECRET_KEY=«[b40]»"),
    ("aws-secret-access-key", '"SecretAccessKey": "«[b40]»"'),
    ("github-token", "ghp_[a36]"),
    ("github-fine-grained-token", "github_pat_[a22]_[a59]"),
    ("github-oauth-token", "gho_[a36]"),
    ("github-user-token", "ghu_[a36]"),
    ("github-installation-token", "ghs_[a36]"),
    ("github-installation-token", "ghs_[d7]_[w120].[w300].[w86]"),
    ("github-refresh-token", "ghr_[a76]"),
    ("gitlab-token", "glpat-[a20]"),
    ("gitlab-token", "glpat-[a27].[l2].[l9]"),
    ("gitlab-token", "glrt-[a20]"),
    ("gitlab-token", "glptt-[h40]"),
    ("gitlab-token", "GR1348941[a20]"),
    ("slack-token", "xoxb-[d12]-[d12]-[a24]"),
    ("slack-token", "xoxp-[d12]-[d12]-[d12]-[h32]"),
    ("slack-token", "xapp-1-A[U10]-[d13]-[h64]"),
    ("slack-token", "xoxe.xoxp-1-[a160]"),
    ("slack-webhook", "https://hooks.slack.com/services/«T[U10]/B[U10]/[a24]»"),
    ("stripe-key", "sk_live_[a24]"),
    ("stripe-key", "rk_live_[a99]"),
    ("stripe-webhook-secret", "whsec_[a32]"),
    ("anthropic-key", "sk-ant-api03-[w93]AA"),
    ("openai-key", "sk-[a20]T3BlbkFJ[a20]"),
    ("openai-key", "sk-proj-[a74]T3BlbkFJ[a74]"),
    ("openai-key", "sk-svcacct-[a74]T3BlbkFJ[a74]"),
    ("openrouter-key", "sk-or-v1-[h64]"),
    ("sk-key", "sk-[h32]"),
    ("groq-key", "gsk_[a52]"),
    ("xai-key", "xai-[a80]"),
    ("perplexity-key", "pplx-[a48]"),
    ("replicate-token", "r8_[a37]"),
    ("hugging-face-token", "hf_[a34]"),
    ("langsmith-key", "lsv2_pt_[h32]_[h10]"),
    ("pinecone-key", "pcsk_[a6]_[a63]"),
    ("tavily-key", "tvly-dev-[a32]"),
    ("nvidia-key", "nvapi-[w64]"),
    ("google-api-key", "AIza[w35]"),
    ("google-oauth-client-secret", "GOCSPX-[w28]"),
    ("google-oauth-token", "ya29.[w120]"),
    ("google-refresh-token", "1//0[w60]"),
    ("azure-storage-key", "AccountName=logs;AccountKey=«[b86]==»;EndpointSuffix=core.windows.net"),
    ("azure-shared-access-key", "SharedAccessKeyName=all;SharedAccessKey=«[b43]=»"),
    ("azure-client-secret", "[a3]8Q~[a34]"),
    ("azure-key", "[a52]JQQJ99[a26]"),
    ("azure-devops-token", "[a76]AZDO[a4]"),
    ("npm-token", "npm_[a36]"),
    ("npm-token", "//registry.npmjs.org/:_authToken=«[h8]-[h4]-[h4]-[h4]-[h12]»"),
    ("pypi-token", "pypi-AgEIcHlwaS5vcmc[w120]"),
    ("rubygems-key", "rubygems_[h48]"),
    ("crates-token", "cio[a32]"),
    ("nuget-key", "oy2[l43]"),
    ("clojars-token", "CLOJARS_[h60]"),
    ("artifactory-key", "AKCp[a69]"),
    ("docker-hub-token", "dckr_pat_[w27]"),
    ("docker-hub-token", "dckr_oat_[a32]"),
    ("digitalocean-token", "dop_v1_[h64]"),
    ("heroku-key", "HRKU-[a60]"),
    ("heroku-key", 'HEROKU_API_KEY="«[h8]-[h4]-[h4]-[h4]-[h12]»"'),
    ("twilio-key", "SK[h32]"),
    ("twilio-auth-token", 'twilio_auth_token: "«[h32]»"'),
    ("sendgrid-key", "SG.[a22].[a43]"),
    ("mailgun-key", "key-[h32]"),
    ("mailgun-key", "MAILGUN_API_KEY=«[h32]-[h8]-[h8]»"),
    ("mailchimp-key", "[h32]-us12"),
    ("brevo-key", "xkeysib-[h64]-[a16]"),
    ("square-token", "sq0atp-[a22]"),
    ("square-token", "EAAA[a60]"),
    ("square-secret", "sq0csp-[a43]"),
    ("shopify-token", "shpat_[h32]"),
    ("easypost-key", "EZAK[a54]"),
    ("telegram-bot-token", "[d10]:«AA[a33]»"),
    ("discord-bot-token", f"{bot_id('118293847561029384')}.[w6].[w38]"),
    ("discord-webhook", "https://discord.com/api/webhooks/[d18]/«[a68]»"),
    ("databricks-token", "dapi[h32]"),
    ("datadog-application-key", "ddapp_[a34]"),
    ("datadog-key", "DD_API_KEY=«[h32]»"),
    ("datadog-key", 'datadog_app_key = "«[h40]»"'),
    ("new-relic-key", "NRAK-[U27]"),
    ("new-relic-license", "[h32]FFFFNRAL"),
    ("sentry-token", "sntryu_[h64]"),
    ("sentry-token", "sntrys_[a120]_[b43]"),
    ("grafana-token", "glsa_[a32]_[h8]"),
    ("grafana-cloud-token", "glc_[a100]"),
    ("dynatrace-token", "dt0c01.[U24].[U64]"),
    ("posthog-key", "phx_[a43]"),
    ("vault-token", "hvs.[w90]"),
    ("terraform-token", "[a14].atlasv1.[a67]"),
    ("atlassian-token", "ATATT3xFfGF0[w170]=[U8]"),
    ("bitbucket-password", "ATBB[a32]"),
    ("linear-key", "lin_api_[a40]"),
    ("notion-token", "ntn_[a46]"),
    ("notion-token", "secret_[a43]"),
    ("airtable-token", "pat[a14].[h64]"),
    ("figma-token", "figd_[a40]"),
    ("postman-key", "PMAK-[h24]-[h34]"),
    ("typeform-token", "tfp_[w44]"),
    ("contentful-token", "CFPAT-[a43]"),
    ("pulumi-token", "pul-[h40]"),
    ("doppler-token", "dp.pt.[a43]"),
    ("1password-token", "ops_eyJ[a250]"),
    ("netlify-token", "nfp_[a36]"),
    ("sonar-token", "squ_[h40]"),
    ("circleci-token", "CCIPAT_[a22]_[h40]"),
    ("buildkite-token", "bkua_[h40]"),
    ("alibaba-key-id", "LTAI[a20]"),
    ("age-key", "AGE-SECRET-KEY-1[B58]"),
    ("fly-token", "FlyV1 «fm2_[b200]»"),
    ("fly-token", "fo1_[w42]9"),
    ("vercel-token", "vcp_[a56]"),
    ("vercel-token", "VERCEL_TOKEN=«[a24]»"),
    ("supabase-key", "sb_secret_[a22]_[a8]"),
    ("supabase-token", "sbp_[h40]"),
    ("planetscale-secret", "pscale_tkn_[a43]"),
    ("neon-key", "napi_[l64]"),
    ("cloudflare-token", "cfut_[a40][h8]"),
    ("cloudflare-token", "CLOUDFLARE_API_TOKEN=«[a40]»"),
    ("jwt", jwt({"sub": "42", "role": "service_role"})),
    ("bearer-token", "Authorization: Bearer «[a40]»"),
    ("basic-credentials", f"Authorization: Basic «{b64('deploy:hG7kd02LqZ')}»"),
    ("postgres-password", "postgres://app:«[a12]»@db.acme.io:5432/app"),
    ("postgres-password", "postgresql+asyncpg://app:«[a12]»@10.0.0.5/app"),
    ("mysql-password", "mysql://root:«[a12]»@db.acme.io/app"),
    ("mongodb-password", "mongodb+srv://app:«[a12]»@cluster0.ab1cd.mongodb.net"),
    ("redis-password", "rediss://:«[a24]»@cache.acme.io:6380/0"),
    ("amqp-password", "amqps://app:«[a12]»@mq.acme.io/vhost"),
    ("url-password", "https://ci:«[a20]»@git.acme.io/app.git"),
]
