"""The JSON API, version 1. Every route is described in docs/api.md, and by its handler for the OpenAPI document."""

from django.urls import path, re_path, register_converter

from . import archives, buckets, bulk, description, health, histories, jobs, links, objects, rewind, together, uploads, versions
from .converters import AnyName
from .endpoint import endpoint, nothing_here

register_converter(AnyName, "anyname")

app_name = "api"

one_object = {
    "GET": objects.get_object,
    "HEAD": objects.get_object,
    "PUT": objects.put_object,
    "PATCH": objects.patch_object,
    "DELETE": objects.delete_object,
}
its_versions = {"GET": versions.list_versions, "DELETE": versions.remove}

urlpatterns = [
    path("buckets", endpoint(GET=buckets.list_buckets, POST=buckets.create_bucket), name="buckets"),
    path(
        "buckets/<str:bucket>",
        endpoint(GET=buckets.get_bucket, PATCH=buckets.update_bucket, DELETE=buckets.delete_bucket),
        name="bucket",
    ),
    path("buckets/<str:bucket>/seal", endpoint(POST=buckets.seal_bucket), name="seal"),
    path("buckets/<str:bucket>/history", endpoint(GET=histories.describe, DELETE=histories.remove_history), name="history"),
    path("buckets/<str:bucket>/history/prune", endpoint(POST=histories.prune), name="prune"),
    path("buckets/<str:bucket>/effects", endpoint(POST=jobs.preview), name="effects"),
    path("buckets/<str:bucket>/jobs", endpoint(GET=jobs.list_jobs, POST=jobs.begin), name="jobs"),
    path("buckets/<str:bucket>/jobs/<str:kind>", endpoint(DELETE=jobs.cancel), name="job"),
    path(
        "buckets/<str:bucket>/objects",
        endpoint(**one_object | {"GET": objects.list_or_get, "HEAD": objects.list_or_get}),
        name="objects",
    ),
    path("buckets/<str:bucket>/objects/<anyname:name>", endpoint(**one_object), name="object"),
    path("buckets/<str:bucket>/versions", endpoint(**its_versions, POST=versions.restore), name="versions"),
    path(
        "buckets/<str:bucket>/versions/<anyname:name>/restore",
        endpoint(GET=versions.list_of_longer, DELETE=versions.remove_of_longer, POST=versions.restore),
        name="restore-version",
    ),
    path("buckets/<str:bucket>/versions/<anyname:name>", endpoint(**its_versions), name="versions-of"),
    path("buckets/<str:bucket>/upload", endpoint(POST=together.upload), name="upload-files"),
    path("buckets/<str:bucket>/delete", endpoint(POST=bulk.delete), name="delete"),
    path("buckets/<str:bucket>/move", endpoint(POST=bulk.move), name="move"),
    path("buckets/<str:bucket>/copy", endpoint(POST=bulk.copy), name="copy"),
    path("buckets/<str:bucket>/undelete", endpoint(POST=bulk.undelete), name="undelete"),
    path("buckets/<str:bucket>/restore", endpoint(POST=bulk.restore), name="restore"),
    path("buckets/<str:bucket>/trash", endpoint(GET=rewind.list_trash), name="trash"),
    path("buckets/<str:bucket>/rewind", endpoint(POST=rewind.rewind), name="rewind"),
    path("buckets/<str:bucket>/archive", endpoint(GET=archives.get_archive, POST=archives.make_archive), name="download-archive"),
    path("buckets/<str:bucket>/links", endpoint(GET=links.list_links), name="links"),
    path("buckets/<str:bucket>/links/follow", endpoint(POST=links.follow), name="links-follow"),
    path("uploads", uploads.collection, name="uploads"),
    path("uploads/<str:upload>", uploads.resource, name="upload"),
    path("archives", endpoint(GET=histories.list_archives), name="archives"),
    path("archives/<str:bucket>", endpoint(DELETE=histories.remove_archive), name="archive"),
    path("archives/<str:bucket>/restore", endpoint(POST=histories.bring_back), name="bring-back"),
    path("health", endpoint(GET=health.get_health), name="health"),
    path("openapi.json", endpoint(GET=description.openapi), name="openapi"),
    re_path(r"", nothing_here),
]
