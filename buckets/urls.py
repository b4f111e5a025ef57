from django.contrib.auth import views as auth
from django.urls import path

from .views import files, health, home, login

urlpatterns = [
    path("", home.home, name="home"),
    path("sidebar", home.sidebar, name="sidebar"),
    path("buckets/new", home.bucket_new, name="bucket_new"),
    path("buckets/<str:bucket>/", files.files, name="files"),
    path("buckets/<str:bucket>/upload", files.upload_form, name="upload_form"),
    path("buckets/<str:bucket>/delete", files.delete_objects, name="delete_objects"),
    path("login", login.login, name="login"),
    path("logout", auth.LogoutView.as_view(next_page="login"), name="logout"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
