"""Meta's answers to reading calls: the account, profiles, conversations and single messages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from igbot.sandbox.attachments import as_looked_up
from igbot.sandbox.fields import Field
from igbot.sandbox.options import SandboxAccount
from igbot.sandbox.refusals import bad_parameter, no_profile_consent
from igbot.sandbox.threads import VISIBLE, Thread, ThreadMessage, Threads

PAGE_SIZE = 25


def graph_time(at: datetime) -> str:
    """Graph's time: whole seconds, `2026-09-01T10:11:12+0000`."""
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")


def chosen(node: str, known: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """The asked-for part of `known`, and always the id.

    Raises RefusalError for a field the node does not have. None stands for a value Meta leaves out.
    """
    for name in fields:
        if name not in known:
            raise bad_parameter(f"Tried accessing nonexisting field ({name}) on node type ({node})")
    names = [*fields, *(() if "id" in fields else ("id",))]
    return {name: known[name] for name in names if known[name] is not None}


def account(settings: SandboxAccount, fields: Mapping[str, Field]) -> dict[str, Any]:
    """`GET /me` of either login flavour; `id` is the last of the account's ids, `user_id` the first."""
    known = {
        "id": settings.ids[-1],
        "user_id": settings.account_id,
        "username": settings.username,
        "name": "Sandbox shop",
        "account_type": "BUSINESS",
        "instagram_business_account": {"id": settings.account_id, "username": settings.username},
        "messaging_feature_status": {"hop_v2": False, "msgr_multi_app": False, "ig_multi_app": False},
    }
    return chosen("IGUser", known, fields)


def profile(igsid: str, thread: Thread | None, fields: Mapping[str, Field], *, strict: bool) -> dict[str, Any]:
    """`GET /{igsid}`: a customer's profile; with `strict` only of those who wrote.

    Raises RefusalError 230 where Meta would ask for consent.
    """
    if strict and (thread is None or not thread.wrote):
        raise no_profile_consent()
    known = {
        "id": igsid,
        "name": f"Customer {igsid[-4:]}",
        "username": username(igsid),
        "profile_pic": None,
        "follower_count": 120,
        "is_user_follow_business": False,
        "is_business_follow_user": False,
        "is_verified_user": False,
    }
    return chosen("IGBusinessScopedID", known, fields)


def username(igsid: str) -> str:
    """The name under which the sandbox knows a customer."""
    return f"customer_{igsid[-8:]}"


def message(settings: SandboxAccount, found: ThreadMessage, fields: Mapping[str, Field]) -> dict[str, Any]:
    """`GET /{mid}`: one message of a conversation."""
    shop = {"id": settings.account_id, "username": settings.username}
    customer = {"id": found.igsid, "username": username(found.igsid)}
    by_shop = found.sender != found.igsid
    known = {
        "id": found.mid,
        "created_time": graph_time(found.at),
        "from": shop if by_shop else customer,
        "to": {"data": [customer if by_shop else shop]},
        "message": found.text or "",
        "attachments": {"data": as_looked_up(found.attachments)} if found.attachments else None,
        "reply_to": None,
    }
    return chosen("InstagramMessage", known, fields)


def conversation(settings: SandboxAccount, thread: Thread, fields: Mapping[str, Field]) -> dict[str, Any]:
    """`GET /{conversation}`: with `messages`, the newest first and at most twenty of them."""
    known: dict[str, Any] = {
        "id": thread.conversation_id,
        "updated_time": graph_time(thread.updated_at) if thread.updated_at else None,
        "participants": {
            "data": [
                {"id": settings.account_id, "username": settings.username},
                {"id": thread.igsid, "username": username(thread.igsid)},
            ]
        },
        "is_owner": True,
        "messages": None,
    }
    if (asked := fields.get("messages")) is not None:
        wanted = asked.fields or {"id": Field(None, {}), "created_time": Field(None, {})}
        newest = list(reversed(thread.messages))[: min(asked.limit or VISIBLE, VISIBLE)]
        known["messages"] = {"data": [message(settings, each, wanted) for each in newest]}
    return chosen("UnifiedThread", known, fields)


def conversations(
    settings: SandboxAccount, threads: Threads, params: Mapping[str, str], fields: Mapping[str, Field]
) -> dict[str, Any]:
    """`GET /{me}/conversations`: of one customer (`user_id`), or all, the last changed first.

    Without `platform=instagram` Graph looks among Messenger's conversations, of which there are none.
    """
    if params.get("platform") != "instagram":
        return {"data": []}
    if (igsid := params.get("user_id")) is not None:
        thread = threads.of(igsid)
        found = [thread] if thread is not None else []
    else:
        found = [thread for thread, _ in zip(threads.newest_first(), range(PAGE_SIZE), strict=False)]
    return {"data": [conversation(settings, thread, fields) for thread in found]}
