from django.urls import path

from .consumers import LiveFilesConsumer

websocket_urlpatterns = [path("ws/buckets/<str:bucket>", LiveFilesConsumer.as_asgi())]  # type: ignore[arg-type]
