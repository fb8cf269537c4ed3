"""The management listener: who may call it, and what it says."""

import pytest

from igbot.errors import DatabaseUnavailable
from igbot.web.management import Report
from tests.web.conftest import Https
from tests.web.serving import Kept, get_head, management_app, post_head, public_app, send_raw, serving


@pytest.mark.parametrize(("status", "code"), [("ok", 200), ("degraded", 200), ("down", 503)])
async def test_readyz_is_503_only_when_nothing_can_be_made_durable(status: str, code: int) -> None:
    """The report is given as it is; degraded still takes traffic."""

    async def readiness() -> Report:
        return {"status": status, "checks": {"database": {"status": status, "detail": "", "seconds": 0.1}}}

    async with serving(management=management_app(readiness=readiness)) as listeners:
        answer = await send_raw(listeners.management_port, get_head("/readyz"))
    assert (answer.status, answer.json()) == (code, await readiness())


async def test_figures_are_given_when_asked_for() -> None:
    """`?figures=1` adds what `igbot health` shows, with times in ISO 8601."""
    async with serving(management=management_app()) as listeners:
        report = (await send_raw(listeners.management_port, get_head("/readyz?figures=1"))).json()
    assert report["figures"] == {"dead": 0, "last_webhook_at": "2026-09-01T12:00:00+00:00"}


async def test_metrics_are_plain_text_for_prometheus() -> None:
    """As it asks for them, also without a header of its own."""
    async with serving(management=management_app()) as listeners:
        answer = await send_raw(listeners.management_port, get_head("/metrics"))
    assert (answer.status, answer.body) == (200, b"igbot_rules 3.0\n")
    assert "Content-Type: text/plain; version=0.0.4" in answer.headers


@pytest.mark.parametrize("loaded", [True, False])
async def test_a_reload_says_whether_the_rules_were_taken(loaded: bool) -> None:
    """200 with the new set's digest, or 422 with the findings."""

    async def reload() -> tuple[bool, Report]:
        return loaded, {"loaded": loaded, "findings": []}

    async with serving(management=management_app(reload=reload)) as listeners:
        head = post_head("Content-Type: application/json", "Content-Length: 2", path="/rules/reload")
        answer = await send_raw(listeners.management_port, head.replace(b"Host: bot", b"Host: localhost") + b"{}")
    assert answer.status == (200 if loaded else 422)
    assert answer.json() == {"loaded": loaded, "findings": []}


@pytest.mark.parametrize(
    ("host", "content_type", "status"),
    [
        ("127.0.0.1", "application/json", 200),
        ("LOCALHOST:8081", "application/json; charset=utf-8", 200),
        ("[::1]:8081", "application/json", 200),
        ("127.0.0.1", "text/plain", 415),
        ("127.0.0.1", "application/x-www-form-urlencoded", 415),
        ("127.0.0.1", None, 415),
        ("evil.example", "application/json", 403),
        ("127.0.0.1.evil.example", "application/json", 403),
        ("192.0.2.7", "application/json", 403),
        ("[", "application/json", 403),
        ("", "application/json", 403),
    ],
)
async def test_no_web_page_can_make_a_browser_reload_the_rules(
    host: str, content_type: str | None, status: int
) -> None:
    """A POST needs a Host of ours (not a name made to point here) and a content type no form can send."""
    lines = ["POST /rules/reload HTTP/1.1", f"Host: {host}", "Connection: close", "Content-Length: 0"]
    lines += [] if content_type is None else [f"Content-Type: {content_type}"]
    async with serving(management=management_app()) as listeners:
        answer = await send_raw(listeners.management_port, "\r\n".join((*lines, "", "")).encode())
    assert answer.status == status


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer t0ken", 200),
        ("bearer t0ken", 200),
        ("Bearer wrong", 401),
        ("Bearer t0kén", 401),
        ("Bearer \xff\xfe", 401),
        ("Basic t0ken", 401),
        ("Bearer", 401),
        ("t0ken", 401),
        (None, 401),
    ],
)
@pytest.mark.parametrize("path", ["/readyz", "/dev/decisions/m_1", "/nothing"])
async def test_a_token_once_set_is_needed_on_loopback_too(authorization: str | None, status: int, path: str) -> None:
    """Every route, known or not, is 401 without the right bearer token."""
    headers = [] if authorization is None else [f"Authorization: {authorization}"]
    async with serving(management=management_app(token="t0ken")) as listeners:
        answer = await send_raw(listeners.management_port, get_head(path, *headers))
    assert answer.status == (status if status == 401 or path == "/readyz" else 404)
    assert ("WWW-Authenticate: Bearer" in answer.headers) == (answer.status == 401)


async def test_a_decision_is_shown_by_its_message_id() -> None:
    """Mids hold any characters, slashes too; an unknown one is 404."""

    async def decision(mid: str) -> Report | None:
        return {"mid": mid, "reason": "rule"} if mid == "aWdf/ZAG1=" else None

    async with serving(management=management_app(decision=decision)) as listeners:
        port = listeners.management_port
        for escaped in ("aWdf%2FZAG1%3D", "aWdf/ZAG1="):
            found = await send_raw(port, get_head(f"/dev/decisions/{escaped}"))
            assert found.json() == {"mid": "aWdf/ZAG1=", "reason": "rule"}
        unknown = await send_raw(port, get_head("/dev/decisions/m_unknown"))
    assert (unknown.status, unknown.json()) == (404, {"error": "not_found"})


async def test_a_page_cannot_read_decisions_by_a_name_made_to_point_here() -> None:
    """The development routes show customers' messages: they, too, want a Host of ours."""
    request = get_head("/dev/decisions/m_1", host="evil.example")
    async with serving(management=management_app()) as listeners:
        assert (await send_raw(listeners.management_port, request)).status == 403


@pytest.mark.parametrize("path", ["/dev/verify-test", "/dev/decisions/m_1"])
async def test_production_has_no_development_routes(path: str) -> None:
    """Outside development and test they are 404."""
    async with serving(management=management_app(dev=False)) as listeners:
        answer = await send_raw(listeners.management_port, get_head(path))
    assert (answer.status, answer.json()) == (404, {"error": "not_found"})


async def test_the_development_route_plays_metas_verification_against_our_own_webhook(https: Https) -> None:
    """The verdict of each request is in the answer."""
    async with serving(public_app(Kept(), trusted=False), tls=https.server) as bot:
        app = management_app(public_url=f"https://127.0.0.1:{bot.public_port}")
        async with serving(management=app) as listeners:
            report = (await send_raw(listeners.management_port, get_head("/dev/verify-test"))).json()
    assert report["passed"] is True
    assert [check["name"] for check in report["checks"]] == ["right token", "wrong token", "missing parameters"]


async def test_the_development_route_says_so_when_the_webhook_gives_no_answer(unused_tcp_port: int) -> None:
    """A public listener that is gone is told, not an error of this route."""
    app = management_app(public_url=f"https://127.0.0.1:{unused_tcp_port}")
    async with serving(management=app) as listeners:
        report = (await send_raw(listeners.management_port, get_head("/dev/verify-test"))).json()
    assert report["passed"] is False
    assert "no answer" in report["error"]


@pytest.mark.parametrize(
    ("error", "name"), [(DatabaseUnavailable("gone"), "storage_unavailable"), (RuntimeError("x"), "unavailable")]
)
async def test_a_failing_route_is_a_503_in_json(error: Exception, name: str) -> None:
    """Nothing of the error leaves."""

    async def decision(_mid: str) -> Report | None:
        raise error

    request = get_head("/dev/decisions/m_1")
    async with serving(management=management_app(decision=decision)) as listeners:
        answer = await send_raw(listeners.management_port, request)
    assert (answer.status, answer.json()) == (503, {"error": name})
