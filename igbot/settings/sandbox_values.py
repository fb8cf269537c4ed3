"""The built-in values of development and test. They are public: good for the sandbox on this machine, nothing else."""

APP_SECRET = "igbot-sandbox-app-secret"
VERIFY_TOKEN = "igbot-sandbox-verify-token"
ACCESS_TOKEN = "igbot-sandbox-access-token"
ACCOUNT_ID = "17841400000000001"
