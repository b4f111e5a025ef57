"""The site's addresses."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.i18n import set_language

from buckets.language import texts

handler400 = "nats_files.answers.bad_request"
urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("buckets.api.urls", namespace="api")),
    path("language", set_language, name="language"),
    path(f"texts/<str:language>.{settings.TEXTS_VERSION}.js", texts, name="texts"),
    path("", include("buckets.urls")),
]
