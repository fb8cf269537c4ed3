"""Meta's error answers: their JSON shape, and the refusals the sandbox gives by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


def error_body(
    code: int,
    message: str,
    *,
    subcode: int | None = None,
    type_: str = "IGApiException",
    transient: bool | None = None,
    trace: str = "Asandbox",
) -> dict[str, Any]:
    """The object Graph answers with instead of a result; absent fields are left out, as Meta does."""
    error: dict[str, Any] = {"message": message, "type": type_, "code": code}
    if subcode is not None:
        error["error_subcode"] = subcode
    if transient is not None:
        error["is_transient"] = transient
    return {"error": {**error, "fbtrace_id": trace}}


@dataclass(eq=False)
class RefusalError(Exception):
    """The call is refused: answered with `status` and Meta's error object."""

    code: int
    message: str
    subcode: int | None = None
    status: int = 400
    type_: str = "IGApiException"
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, trace: str) -> dict[str, Any]:
        """The error object, with `trace` as its `fbtrace_id`."""
        return error_body(self.code, self.message, subcode=self.subcode, type_=self.type_, trace=trace)


def bad_parameter(message: str, *, subcode: int | None = None) -> RefusalError:
    """100: something in the request is wrong, usually a bug of the caller."""
    return RefusalError(100, f"(#100) {message}", subcode)


def no_token() -> RefusalError:
    """104: the call carries no token at all."""
    message = "An access token is required to request this resource."
    return RefusalError(104, message, status=401, type_="OAuthException")


def wrong_token() -> RefusalError:
    """190: the token is not one that was handed out."""
    message = "Invalid OAuth access token - Cannot parse access token"
    return RefusalError(190, message, status=401, type_="OAuthException")


def expired_token() -> RefusalError:
    """190/463: the token's life is over."""
    message = "Error validating access token: Session has expired"
    return RefusalError(190, message, 463, status=401, type_="OAuthException")


def no_proof() -> RefusalError:
    """100: the app demands a proof of its secret, and the call has none."""
    message = "API calls from the server require an appsecret_proof argument"
    return RefusalError(100, message, type_="GraphMethodException")


def wrong_proof() -> RefusalError:
    """100: the proof is not one of this token and the app's secret."""
    message = "Invalid appsecret_proof provided in the API argument"
    return RefusalError(100, message, type_="GraphMethodException")


def no_such_object(name: str, *, method: str) -> RefusalError:
    """100/33: the id names nothing this token may see."""
    message = (
        f"Unsupported {method.lower()} request. Object with ID '{name}' does not exist, cannot be loaded due to "
        "missing permissions, or does not support this operation."
    )
    return RefusalError(100, message, 33)


def unknown_recipient() -> RefusalError:
    """100/2534014: no such customer, or none that this account may write to."""
    return bad_parameter("The requested user cannot be found.", subcode=2534014)


def outside_window() -> RefusalError:
    """10/2534022: the customer's last message is too long ago."""
    message = "(#10) This message is sent outside of allowed window."
    return RefusalError(10, message, 2534022, status=403)


def no_profile_consent() -> RefusalError:
    """230: the customer never wrote, so the profile may not be read."""
    return RefusalError(230, "(#230) User consent is required to access user profile")


def too_many_lookups() -> RefusalError:
    """613: more conversation look-ups a second than Meta allows an account."""
    return RefusalError(613, "(#613) Calls to this api have exceeded the rate limit.")


def unknown_path(path: str) -> RefusalError:
    """2500: no such edge."""
    return RefusalError(2500, f"Unknown path components: {path}", type_="OAuthException")
