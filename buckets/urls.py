from django.contrib.auth import views as auth
from django.urls import path

from .views import editing, files, health, home, login, objects
from .views.history import place, rewind, trash, versions

urlpatterns = [
    path("", home.home, name="home"),
    path("sidebar", home.sidebar, name="sidebar"),
    path("buckets/new", home.bucket_new, name="bucket_new"),
    path("buckets/<str:bucket>/", files.files, name="files"),
    path("buckets/<str:bucket>/upload", files.upload_form, name="upload_form"),
    path("buckets/<str:bucket>/delete", files.delete_objects, name="delete_objects"),
    path("buckets/<str:bucket>/object", objects.object_page, name="object"),
    path("buckets/<str:bucket>/object/raw", objects.raw, name="object_raw"),
    path("buckets/<str:bucket>/object/text", editing.edit_text, name="object_text"),
    path("buckets/<str:bucket>/object/details", editing.edit_details, name="object_details"),
    path("buckets/<str:bucket>/object/verify", objects.verify, name="object_verify"),
    path("buckets/<str:bucket>/object/delete", objects.delete, name="object_delete"),
    path("buckets/<str:bucket>/object/undelete", objects.undelete, name="object_undelete"),
    path("buckets/<str:bucket>/history/on", place.switch_on, name="history_on"),
    path("buckets/<str:bucket>/versions", versions.versions, name="versions"),
    path("buckets/<str:bucket>/versions/compare", versions.compare_two, name="version_compare"),
    path("buckets/<str:bucket>/versions/restore", versions.restore, name="version_restore"),
    path("buckets/<str:bucket>/versions/remove", versions.remove, name="version_remove"),
    path("buckets/<str:bucket>/trash", trash.trash, name="trash"),
    path("buckets/<str:bucket>/trash/restore", trash.restore, name="trash_restore"),
    path("buckets/<str:bucket>/trash/erase", trash.erase, name="trash_erase"),
    path("buckets/<str:bucket>/rewind", rewind.rewind, name="rewind"),
    path("buckets/<str:bucket>/rewind/restore", rewind.restore, name="rewind_restore"),
    path("login", login.login, name="login"),
    path("logout", auth.LogoutView.as_view(next_page="login"), name="logout"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
