"""The sandbox as an aiohttp application, for a server of its own or inside a development server."""

from collections.abc import AsyncIterator

from aiohttp import web

from igbot.sandbox.control import SANDBOX, add_control_routes
from igbot.sandbox.graph import Sandbox
from igbot.sandbox.routes import GraphRoutes

MAX_BODY = 4 * 1024 * 1024


def make_app(sandbox: Sandbox) -> web.Application:
    """An application that answers as Meta's Graph API does, with control routes under `/sandbox/`.

    As long as it runs, so does the sandbox's way back to the bot. It may be served plainly: it has no secrets of
    anyone's, and belongs on loopback.
    """
    app = web.Application(client_max_size=MAX_BODY)
    app[SANDBOX] = sandbox
    add_control_routes(app)
    graph = GraphRoutes(sandbox)
    app.router.add_route("*", "/{path:.*}", graph.handle)
    app.on_shutdown.append(graph.stop)

    async def post_back(_app: web.Application) -> AsyncIterator[None]:
        async with sandbox.running():
            yield

    app.cleanup_ctx.append(post_back)
    return app
