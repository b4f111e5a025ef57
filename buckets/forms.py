"""The upload for browsers without scripts. (Of buckets: ``bucketform``.)"""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext_lazy as _


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
