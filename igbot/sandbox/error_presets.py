"""Meta's errors as faults by their code ("190/460"), each as Meta words it where that is known."""

from collections.abc import Mapping
from types import MappingProxyType

from igbot.sandbox.faults import ErrorFault

_TOKEN = 401
_FORBIDDEN = 403
_SERVER = 500


def _fault(
    code: int, subcode: int | None, message: str, *, status: int = 400, transient: bool = False, accepted: bool = False
) -> ErrorFault:
    return ErrorFault(
        code=code, subcode=subcode, message=message, status=status, transient=transient or None, accepted=accepted
    )


_ERRORS: tuple[ErrorFault, ...] = (
    _fault(1, None, "An unknown error occurred", status=_SERVER),
    _fault(1, 99, "An unknown error occurred", status=_SERVER),
    _fault(1, 1357046, "Received Invalid JSON reply.", status=_SERVER, accepted=True),
    _fault(2, None, "Service temporarily unavailable", status=_SERVER, transient=True),
    _fault(2, 1545133, "This feature is temporarily unavailable", status=_SERVER, transient=True),
    _fault(3, None, "Application does not have the capability to make this API call."),
    _fault(4, None, "Application request limit reached", status=_FORBIDDEN, transient=True),
    _fault(10, None, "Application does not have permission for this action", status=_FORBIDDEN),
    _fault(10, 2534022, "This message is sent outside of allowed window.", status=_FORBIDDEN),
    _fault(10, 2018278, "This message is sent outside of allowed window."),
    _fault(10, 2018065, "This message is sent outside of allowed window."),
    _fault(10, 2018108, "This Person Cannot Receive Messages: This person isn't receiving messages from you."),
    _fault(10, 2018021, "The person cannot be messaged", status=_FORBIDDEN),
    _fault(10, 2018300, "Message failed to send because another app is controlling this thread now."),
    _fault(10, 1893063, "Your account is temporarily restricted from sending messages."),
    _fault(17, None, "User request limit reached"),
    _fault(27, None, "Conversation Routing is not enabled for this account"),
    _fault(32, None, "Page request limit reached"),
    _fault(100, None, "Invalid parameter"),
    _fault(100, 33, "Unsupported post request. Object with ID 'me' does not exist"),
    _fault(100, 2018001, "No matching user found"),
    _fault(100, 2534014, "The requested user cannot be found."),
    _fault(100, 2534037, "This app is not the owner of the thread."),
    _fault(100, 2534001, "The thread was archived or deleted by its owner."),
    _fault(100, 2534025, "The comment is invalid for a private reply."),
    _fault(100, 2534013, "The private reply was refused."),
    _fault(100, 2534029, "The private reply was refused."),
    _fault(100, 2534122, "The account is restricted."),
    _fault(200, 2534041, "The private reply was refused."),
    _fault(100, 2534039, "The private reply was refused."),
    _fault(100, 2534040, "The private reply was refused."),
    _fault(10900, None, "The activity has already been replied to"),
    _fault(10903, None, "This user cannot reply to this activity"),
    _fault(100, 2018109, "Attachment size exceeds allowable limit"),
    _fault(100, 2018032, "Invalid data"),
    _fault(100, 2018034, "Message cannot be empty, must provide valid attachment or text"),
    _fault(100, 2018008, "Failed to fetch the file from the url"),
    _fault(100, 2018047, "Upload attachment failure."),
    _fault(102, None, "Session key invalid or no longer valid", status=_TOKEN),
    _fault(190, None, "Invalid OAuth access token.", status=_TOKEN),
    _fault(190, 458, "The user has not authorized application", status=_TOKEN),
    _fault(190, 459, "You cannot access the app till you log in to www.facebook.com", status=_TOKEN),
    _fault(190, 460, "The session has been invalidated because the user changed the password.", status=_TOKEN),
    _fault(190, 463, "Session has expired", status=_TOKEN),
    _fault(190, 464, "Sessions for the user are not allowed because the user is not a confirmed user.", status=_TOKEN),
    _fault(190, 467, "The access token is invalid since the user has logged out.", status=_TOKEN),
    _fault(190, 492, "Invalid session. The user may have lost the role on the page.", status=_TOKEN),
    _fault(200, None, "Requires instagram_manage_messages permission to manage the object", status=_FORBIDDEN),
    _fault(
        200, 2018028, "Cannot message users who are not admins, developers or testers of the app", status=_FORBIDDEN
    ),
    _fault(200, 2018021, "The person cannot be messaged", status=_FORBIDDEN),
    _fault(230, None, "User consent is required to access user profile"),
    _fault(299, None, "Permission missing", status=_FORBIDDEN),
    _fault(341, None, "Feed action request limit reached"),
    _fault(368, None, "The action attempted has been deemed abusive or is otherwise disallowed"),
    _fault(551, None, "This person isn't available right now."),
    _fault(551, 1545041, "This person isn't available right now."),
    _fault(613, None, "Calls to this api have exceeded the rate limit."),
    _fault(613, 1996, "Calls to this api have exceeded the rate limit: inconsistent request volume."),
    _fault(1200, None, "Temporary send message failure. Please try again later.", status=_SERVER),
    _fault(2200, None, "Callback verification failed"),
    _fault(9010, None, "No matching Instagram user"),
    _fault(80001, None, "There have been too many calls to this Page account."),
    _fault(80002, None, "There have been too many calls to this Instagram account."),
    _fault(80006, None, "There have been too many calls to this Messenger account."),
    _fault(1609005, None, "Error parsing link: the preview could not be made"),
    _fault(99999, None, "An error that no list knows"),
)

BY_CODE: Mapping[str, ErrorFault] = MappingProxyType(
    {str(each.code) if each.subcode is None else f"{each.code}/{each.subcode}": each for each in _ERRORS}
)
"""A fault for each error that the Send API is known to answer with, and one for those that it is not."""
