"""Faults by name, for `igbot sandbox --fail` and for tests that want one without spelling it."""

from collections.abc import Mapping
from types import MappingProxyType

from igbot.sandbox.error_presets import BY_CODE
from igbot.sandbox.faults import (
    CutAfterFault,
    CutBeforeFault,
    DelayFault,
    ErrorFault,
    Fault,
    FaultRule,
    HangFault,
    HeadersFault,
    HtmlFault,
    Match,
    NoMidFault,
)

_THROTTLED = (
    '{"17841400000000001":[{"type":"messenger","call_count":100,"total_cputime":20,"total_time":23,'
    '"estimated_time_to_regain_access":1}]}'
)
_NEARLY = '{"call_count":97,"total_time":40,"total_cputime":30}'

SEND_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "rate-limit": ErrorFault(
            code=613,
            message="Calls to this api have exceeded the rate limit.",
            headers={"X-Business-Use-Case-Usage": _THROTTLED},
        ),
        "app-limit": ErrorFault(code=4, status=403, message="Application request limit reached", transient=True),
        "permission": ErrorFault(code=10, status=403, message="Application does not have permission for this action"),
        "window": ErrorFault(
            code=10, subcode=2534022, status=403, message="This message is sent outside of allowed window."
        ),
        "unknown-recipient": ErrorFault(code=100, subcode=2534014, message="The requested user cannot be found."),
        "blocked": ErrorFault(code=551, subcode=1545041, message="This person isn't available right now."),
        "policy": ErrorFault(code=368, message="The action attempted has been deemed abusive or is disallowed"),
        "restricted": ErrorFault(code=10, subcode=1893063, message="The account is temporarily restricted."),
        "server-error": ErrorFault(code=2, status=500, message="Service temporarily unavailable", transient=True),
        "sent-error": ErrorFault(
            code=1, subcode=1357046, status=500, message="Received invalid JSON reply", accepted=True
        ),
        "html": HtmlFault(),
        "no-mid": NoMidFault(),
        "slow": DelayFault(seconds=2),
        "hang": HangFault(),
        "cut-before": CutBeforeFault(),
        "cut-after": CutAfterFault(),
        "usage": HeadersFault(headers={"X-App-Usage": _NEARLY}),
        "unsupported": ErrorFault(code=100, message="Unsupported request - method type: post"),
        "no-proof": ErrorFault(code=100, message="API calls from the server require an appsecret_proof argument"),
        "wrong-proof": ErrorFault(code=100, message="Invalid appsecret_proof provided in the API argument"),
        **BY_CODE,
    }
)
"""Presets that strike sends only: those with a word for a name, and Meta's errors by their code."""

API_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "token": ErrorFault(code=190, subcode=463, status=401, message="The access token has expired."),
        "outage": HtmlFault(status=503),
    }
)
"""Presets that strike every call."""

NAMES: tuple[str, ...] = (*sorted((SEND_FAULTS.keys() | API_FAULTS.keys()) - BY_CODE.keys()), *BY_CODE)
"""The words, then the codes."""


def preset(name: str, *, times: int | None = None, match: Match | None = None) -> FaultRule:
    """The fault of that name, `times` times (None: always), for the calls of `match`.

    Raises KeyError for a name that is not in `NAMES`.
    """
    if name in API_FAULTS:
        return FaultRule(match=match or Match(), times=times, fault=API_FAULTS[name])
    match = match or Match()
    return FaultRule(
        match=match if match.route else match.model_copy(update={"route": "send"}), times=times, fault=SEND_FAULTS[name]
    )
