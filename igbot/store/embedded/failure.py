"""The one error of the embedded server that trying again does not mend."""

from igbot.errors import DatabaseRefused, ExitCode

OWN_SERVER = "or name a PostgreSQL server of your own in IGBOT_DATABASE_URL"


class EmbeddedServerError(DatabaseRefused):
    """The embedded PostgreSQL cannot run here; `hint` names the way out."""

    exit_code = ExitCode.UNREACHABLE
