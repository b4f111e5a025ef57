"""The ASGI application: pages and API, WebSockets, lifespan. The same under uvicorn and under Daphne."""

import os

import django
from channels.auth import AuthMiddlewareStack
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.signals import request_started
from django.db import close_old_connections, reset_queries
from django.urls import re_path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nats_files.settings")
django.setup(set_prefix=False)

from buckets.routing import websocket_urlpatterns  # noqa: E402

from .lifespan import Lifespan  # noqa: E402
from .observed import Observed  # noqa: E402
from .origins import SameOrigin  # noqa: E402
from .streaming import StreamingHandler  # noqa: E402

NOT_FOUND = 4404


class Unknown(AsyncWebsocketConsumer):
    """Where there is nothing; the router alone would write a traceback."""

    async def connect(self) -> None:
        await self.close(NOT_FOUND)


if not settings.DEBUG:
    # A change of thread before each request; what they do is done after each as well, or is for DEBUG.
    request_started.disconnect(close_old_connections)
    request_started.disconnect(reset_queries)
http = StreamingHandler()
websocket = URLRouter([*websocket_urlpatterns, re_path("", Unknown.as_asgi())])  # type: ignore[arg-type, list-item]
application = Observed(
    ProtocolTypeRouter(
        {
            "http": http,
            "websocket": SameOrigin(AuthMiddlewareStack(websocket)),
            "lifespan": Lifespan(http.requests),
        }
    )
)
