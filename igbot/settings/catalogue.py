"""Every setting there is: its names, what it is for, what it is when unset, and how to get one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the catalogue.

    `key` is its place in `config/`, `variable` its environment variable; `alias` is a variable of other tools that
    counts where ours is unset. `default` is words for people; the values are in `reading`. Secrets never stand in
    `config/`, and neither does what decides which files are read (`early`).
    """

    key: str
    meaning: str
    default: str = ""
    how: str = ""
    secret: bool = False
    early: bool = False
    alias: str = ""
    file: bool = False

    @property
    def variable(self) -> str:
        """The environment variable: `log.level` is `IGBOT_LOG_LEVEL`."""
        return variable_of(self.key)


def variable_of(key: str) -> str:
    """The variable of a key in `config/`; dots, dashes and underscores are one."""
    return "IGBOT_" + key.replace(".", "_").replace("-", "_").upper()


_TOKEN = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"

CATALOGUE: tuple[Setting, ...] = (
    Setting(
        "env",
        "which environment this is",
        "production",
        "production, development, test, or the name of a file in config/",
        early=True,
    ),
    Setting("test.mode", "on is the same as IGBOT_ENV=test", "off", "on or off", early=True),
    Setting(
        "secrets.dir",
        "a directory with one file for each secret, named like its variable",
        "$CREDENTIALS_DIRECTORY",
        early=True,
    ),
    Setting("config.dir", "the directory of base.yaml and the files of the environments", "./config", early=True),
    Setting(
        "app.secret",
        "the Meta app secret, by which a webhook is known to come from Meta; several, by commas, for a change-over",
        "required; the sandbox's in development and test",
        "App Dashboard > App settings > Basic > App secret (Instagram login: the Instagram app secret)",
        secret=True,
    ),
    Setting(
        "verify.token",
        "the word by which Meta proves, when the webhook is set up, that the set-up is yours",
        "required; the sandbox's in development and test",
        f"invent one ({_TOKEN}) and give the same to App Dashboard > Webhooks > Verify token",
        secret=True,
    ),
    Setting(
        "access.token",
        "the page or Instagram access token that answers are sent with; kept sealed in the database from then on",
        "required until the database holds one; the sandbox's in development",
        "App Dashboard > Instagram > API setup > Generate token (Facebook login: the page access token)",
        secret=True,
    ),
    Setting(
        "account.id",
        "the business's own ids (Instagram id, app-scoped id, page id), separated by commas; all of them are us",
        "required; the sandbox's in development and test",
        "GET /me?fields=id,user_id with the access token, or App Dashboard > Instagram > API setup",
    ),
    Setting(
        "encryption.key",
        "Fernet keys that seal tokens in the database, separated by commas; the first seals, all open",
        "required; made once in the data directory in development and test",
        "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'",
        secret=True,
    ),
    Setting(
        "login",
        "the login flavour of the token, so which of Meta's hosts is called",
        "facebook",
        "facebook or instagram",
    ),
    Setting(
        "graph.url",
        "the address of the Graph API",
        "Meta's host of the login flavour; the built-in sandbox in development and test",
        "https://host, or http:// on this machine only; in test never a host of Meta",
    ),
    Setting("graph.version", "the version of the Graph API", "v25.0", "as in v25.0"),
    Setting(
        "database.url",
        "the PostgreSQL database (15 or newer)",
        "the embedded PostgreSQL in the data directory, with the extra embedded",
        "postgresql://user:password@host:5432/database",
        secret=True,
        alias="DATABASE_URL",
    ),
    Setting(
        "data.dir",
        "the directory of the embedded database, run files and generated keys",
        "$STATE_DIRECTORY, else the platform's place for users' data",
        "a directory that igbot may write to",
    ),
    Setting("rules.dir", "the directory of the rules", "./rules.d", "a directory"),
    Setting(
        "host",
        "the address of the public listener",
        "0.0.0.0; 127.0.0.1 in development and test",
        "an address or host name of this machine",
    ),
    Setting(
        "port",
        "the port of the public listener; 0 takes any that is free",
        "8443",
        "a number from 0 to 65535",
        alias="PORT",
    ),
    Setting(
        "tls",
        "who does HTTPS: native (igbot, with tls.cert) or proxy (one in front, listed in trusted.proxies)",
        "native if a certificate is set, proxy if only proxies are; self-signed in development and test",
        "native with IGBOT_TLS_CERT and IGBOT_TLS_KEY, or proxy with IGBOT_TRUSTED_PROXIES",
    ),
    Setting(
        "tls.cert",
        "the PEM file of the certificate with its chain; read again when it changes",
        "none",
        "a file, for example of certbot; behind a proxy that does HTTPS, set IGBOT_TRUSTED_PROXIES instead",
        file=True,
    ),
    Setting(
        "tls.key", "the PEM file of the certificate's private key", "none", "a file, for example of certbot", file=True
    ),
    Setting(
        "trusted.proxies",
        "networks whose X-Forwarded-Proto and X-Forwarded-For are believed",
        "none; loopback in development and test",
        "CIDRs as in 10.0.0.0/8, separated by commas",
    ),
    Setting(
        "management.host",
        "the address of the management listener",
        "127.0.0.1",
        "anything but loopback needs IGBOT_MANAGEMENT_TOKEN",
    ),
    Setting(
        "management.port",
        "the port of the management listener; 0 takes any that is free",
        "8081",
        "a number from 0 to 65535",
    ),
    Setting("management.token", "the bearer token of the management listener", "none", _TOKEN, secret=True),
    Setting(
        "alert.urls",
        "where alerts go: Apprise URLs, separated by white space",
        "none",
        "as in mailto://… or slack://…, see Apprise's list; needs the extra alerts",
        secret=True,
    ),
    Setting(
        "log.level",
        "the least level that is logged; DEBUG shows what customers write",
        "INFO; DEBUG in development and test",
        "DEBUG, INFO, WARNING, ERROR or CRITICAL",
    ),
    Setting("log.format", "how log lines look", "json; console in development and test", "json or console"),
    Setting(
        "test.access.token",
        "the access token of the test user, used in test instead of the real one",
        "the sandbox's",
        "a token of a test account",
        secret=True,
    ),
    Setting(
        "test.account.id",
        "the ids of the test account, used in test instead of the real ones",
        "the sandbox's",
        "ids separated by commas",
    ),
    Setting(
        "testers",
        "IGSIDs whose messages are test data in any environment: answered, marked, left out of figures",
        "none",
        "ids separated by commas",
    ),
    Setting(
        "fallback.reply",
        "the answer when no rule fits and no rule is the fallback",
        "a sentence in English",
        "a text, or off",
    ),
    Setting(
        "takeover.pause",
        "how long the bot is silent for a customer after a person answered in the Instagram app",
        "12h",
        "a time as in 12h, or off",
    ),
    Setting(
        "window.margin",
        "how long before the end of Meta's 24 hours an answer is no longer sent",
        "10s",
        "a time as in 10s, below 24h",
    ),
    Setting(
        "keep.raw",
        "how long the raw webhook of an answered message is kept, for looking into what went wrong",
        "7d",
        "a time as in 7d",
    ),
    Setting(
        "timezone",
        "the time zone of opening hours and dates in rules, where a rule file names none",
        "UTC",
        "a name as in Europe/Madrid",
    ),
    Setting(
        "language",
        "the language that is spoken to customers whose own is not known; texts in several languages must have it",
        "en",
        "a language tag as in en, es or pt-BR",
    ),
    Setting(
        "rules.on_tie",
        "what to do when two rules are equally good and both have a label: first, or ask the customer which one",
        "first",
        "first or ask",
    ),
    Setting(
        "loop.guard",
        "how many answers to typed text a customer gets in ten minutes before the bot is silent for an hour; 0: any",
        "8",
        "a whole number",
    ),
    Setting(
        "disclosure",
        "what the first answer of a conversation begins with, and the first after a pause",
        "nothing",
        "a text as in: I am the shop's bot. Write HUMAN for a person.",
    ),
    Setting("rate.text", "messages sent per second and account", "100", "a number from 0.001, as in 100 or 0.5"),
    Setting("rate.media", "pictures, films and sounds sent per second and account", "10", "a number from 0.001"),
    Setting("rate.customer", "messages sent per second to one customer", "1", "a number from 0.001"),
    Setting(
        "rate.lookups",
        "look-ups per second and account of what Meta has sent, after calls whose outcome is not known",
        "2",
        "a number from 0.001",
    ),
    Setting(
        "appsecret.proof",
        'whether calls carry a proof of the app secret, which Meta demands where the app says "Require App Secret"',
        "off",
        "on or off; made with the first secret of IGBOT_APP_SECRET",
    ),
    Setting("archive.after", "how long a conversation is idle before it can be archived", "30d", "a time as in 30d"),
)

NOT_BUILT = frozenset(
    {
        "IGBOT_RETENTION",
        "IGBOT_AI_BASE_URL",
        "IGBOT_AI_MODEL",
        "IGBOT_AI_API_KEY",
        "IGBOT_KNOWLEDGE_DIR",
    }
)
"""Settings of the design that this version does not have: named, so that nobody believes they work."""

SETTINGS: dict[str, Setting] = {setting.variable: setting for setting in CATALOGUE}
"""The catalogue by variable."""


def nearest(variable: str) -> Setting | None:
    """The setting that an unknown name may have meant."""
    from difflib import get_close_matches

    near = get_close_matches(variable, SETTINGS, n=1, cutoff=0.75)
    return SETTINGS[near[0]] if near else None


def not_built(variable: str) -> bool:
    """Whether this is a setting of a later version, or lies below one."""
    return any(variable == name or variable.startswith(name + "_") for name in NOT_BUILT)
