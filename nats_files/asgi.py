"""The ASGI application: pages and API, WebSockets, lifespan. The same under uvicorn and under Daphne."""

import os

import django
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nats_files.settings")
django.setup(set_prefix=False)

from buckets.routing import websocket_urlpatterns  # noqa: E402

from .lifespan import Lifespan  # noqa: E402
from .streaming import StreamingHandler  # noqa: E402

http = StreamingHandler()
application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),  # type: ignore[arg-type]
        "lifespan": Lifespan(http.requests),
    }
)
