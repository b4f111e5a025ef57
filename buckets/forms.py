"""The forms of the pages: what people type becomes the domain's values, and refusals stand next to the field they are about."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext_lazy as _

from .errorwords import told
from .objectstore import BucketConfig, BucketExists, InvalidBucketName, ObjectStoreError, Storage
from .objectstore.names import BUCKET_NAME, BUCKET_NAME_RULE, MAX_BUCKET_NAME

SPANS = {"hours": 3600, "days": 86400, "weeks": 7 * 86400}
SPAN_WORDS = (("hours", _("hours")), ("days", _("days")), ("weeks", _("weeks")))
UNITS = {"MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}
COPIES = ((1, _("1 copy (R1)")), (3, _("3 copies (R3)")), (5, _("5 copies (R5)")))
MAX_NANOSECONDS = 2**63 - 1
MAX_BYTES = 2**63 - 1


class BucketForm(forms.Form):
    """A new bucket. ``config()`` gives what was asked for once the form is valid."""

    name = forms.CharField(max_length=MAX_BUCKET_NAME, strip=True)
    description = forms.CharField(required=False, max_length=4000, widget=forms.Textarea)
    ttl = forms.DecimalField(required=False, min_value=0, max_value=1_000_000, max_digits=12, label=_("Keep files for"))
    ttl_unit = forms.ChoiceField(choices=SPAN_WORDS, initial="days")
    limit = forms.DecimalField(required=False, min_value=0, max_value=1_000_000, max_digits=12, label=_("Size limit"))
    limit_unit = forms.ChoiceField(choices=[(unit, unit) for unit in UNITS], initial="GiB")
    replicas = forms.TypedChoiceField(coerce=int, initial=1, choices=COPIES)
    storage = forms.ChoiceField(initial="file", choices=[("file", _("On disk")), ("memory", _("In memory"))])
    compression = forms.BooleanField(required=False)
    unique_names = forms.BooleanField(required=False)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not BUCKET_NAME.match(name):
            raise forms.ValidationError(told(BUCKET_NAME_RULE))
        return name

    def clean(self) -> dict[str, object]:
        cleaned: dict[str, object] = super().clean() or {}
        if self._ttl() * 1_000_000_000 > MAX_NANOSECONDS:
            self.add_error("ttl", _("That is longer than the server can count: 292 years at most. Leave it empty to keep files for ever."))
        if self._limit() > MAX_BYTES:
            self.add_error("limit", _("That is more than the server can count. Leave it empty for no limit."))
        return cleaned

    def config(self) -> BucketConfig:
        data = self.cleaned_data
        return BucketConfig(
            name=data["name"],
            description=data["description"],
            ttl=self._ttl(),
            max_bytes=self._limit(),
            storage=Storage(data["storage"]),
            replicas=data["replicas"],
            compression=data["compression"],
            unique_names=data["unique_names"],
        )

    def refuse(self, error: ObjectStoreError) -> None:
        """Show the store's refusal where it belongs."""
        self.add_error("name" if isinstance(error, BucketExists | InvalidBucketName) else None, told(error))

    def _ttl(self) -> float:
        return float((self.cleaned_data.get("ttl") or 0) * SPANS.get(self.cleaned_data.get("ttl_unit", ""), 0))

    def _limit(self) -> int:
        return int((self.cleaned_data.get("limit") or 0) * UNITS.get(self.cleaned_data.get("limit_unit", ""), 0))


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Any number of files, at least one."""

    widget = ManyFilesInput

    def clean(self, data: object, initial: object = None) -> list[object]:
        files = list(data) if isinstance(data, Iterable) and not isinstance(data, str | bytes) else []
        if not files:
            raise forms.ValidationError(_("Choose at least one file."))
        return files


class UploadForm(forms.Form):
    """The upload for browsers without scripts."""

    chosen = ManyFilesField()
    folder = forms.CharField(required=False, strip=False, max_length=9000)
    replace = forms.BooleanField(required=False)
