from django.urls import path

from .consumers import LiveFilesConsumer
from .liveconsumer import LiveDashboardConsumer
from .objectconsumer import LivePageConsumer

websocket_urlpatterns = [
    path("ws/buckets/<str:bucket>", LiveFilesConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/live", LiveDashboardConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/pages/<str:bucket>", LivePageConsumer.as_asgi()),  # type: ignore[arg-type]
]
