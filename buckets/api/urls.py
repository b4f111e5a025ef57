"""The JSON API, version 1."""

from django.urls import path, re_path, register_converter

from . import buckets, objects
from .converters import AnyName
from .endpoint import endpoint, nothing_here

register_converter(AnyName, "anyname")

app_name = "api"

one_object = {"GET": objects.get_object, "HEAD": objects.get_object, "PUT": objects.put_object, "DELETE": objects.delete_object}

urlpatterns = [
    path("buckets", endpoint(GET=buckets.list_buckets, POST=buckets.create_bucket), name="buckets"),
    path("buckets/<str:bucket>", endpoint(GET=buckets.get_bucket, DELETE=buckets.delete_bucket), name="bucket"),
    path(
        "buckets/<str:bucket>/objects",
        endpoint(**one_object | {"GET": objects.list_or_get, "HEAD": objects.list_or_get}),
        name="objects",
    ),
    path("buckets/<str:bucket>/objects/<anyname:name>", endpoint(**one_object), name="object"),
    re_path(r"", nothing_here),
]
