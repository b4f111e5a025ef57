"""The site's addresses."""

from django.contrib import admin
from django.urls import include, path

handler400 = "nats_files.answers.bad_request"
urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("buckets.api.urls", namespace="api")),
    path("", include("buckets.urls")),
]
