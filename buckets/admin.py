"""Django's own admin: grants and tokens, for superusers (staff need the model permissions as usual)."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from .models import ApiToken, Grant
from .views.login import limited

if TYPE_CHECKING:
    _GrantAdmin = admin.ModelAdmin[Grant]
    _ApiTokenAdmin = admin.ModelAdmin[ApiToken]
else:
    _GrantAdmin = _ApiTokenAdmin = admin.ModelAdmin

admin.site.login = limited(admin.site.login)  # type: ignore[assignment, method-assign]


@admin.register(Grant)
class GrantAdmin(_GrantAdmin):
    list_display = ("bucket", "user", "group", "role", "created")
    list_filter = ("role", "bucket")
    search_fields = ("bucket", "user__username", "group__name")
    autocomplete_fields = ("user", "group")


@admin.register(ApiToken)
class ApiTokenAdmin(_ApiTokenAdmin):
    """Shows and revokes; a token is made by ``manage.py create_token``, which can show it once."""

    list_display = ("user", "name", "created", "last_used", "expires")
    search_fields = ("user__username", "name")
    readonly_fields = ("user", "created", "last_used")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
