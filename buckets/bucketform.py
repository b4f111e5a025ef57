"""The forms of a bucket and of its history: what people type becomes the domain's values, and refusals stand next to the field they are
about. Sizes and times are typed as people write them (``quantities``)."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .errorwords import told
from .objectstore import (
    BucketChange,
    BucketConfig,
    BucketExists,
    BucketStatus,
    HistoryChange,
    HistoryConfig,
    InvalidBucketName,
    Placement,
    Storage,
)
from .objectstore.names import BUCKET_NAME, BUCKET_NAME_RULE, MAX_BUCKET_NAME
from .quantities import DAY, NotUnderstood, parse_size, parse_span, size_text, span_text

Pair: TypeAlias = tuple[str, str]

MAX_SECONDS = (2**63 - 1) // 1_000_000_000
MAX_BYTES = 2**63 - 1
MAX_PAIRS = 100
MAX_TAGS = 20
MAX_KEEP_DAYS = 36_500
COPIES = (1, 3, 5)
SEEN_FIRST = {"name", "description", "ttl", "limit"}
STORAGES = ((Storage.FILE.value, gettext_lazy("On disk")), (Storage.MEMORY.value, gettext_lazy("In memory")))


class SizeField(forms.CharField):
    """Bytes; 0 for an empty field: no limit."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        return _read(parse_size, text, MAX_BYTES, gettext_lazy("That is more than the server can count. Leave it empty for no limit."))

    def prepare_value(self, value: Any) -> Any:
        return (size_text(value) if value else "") if isinstance(value, int) else value


class SpanField(forms.CharField):
    """Seconds; 0 for an empty field: for ever."""

    longest: float = MAX_SECONDS
    too_long: Promise = gettext_lazy("That is longer than the server can count: 292 years at most. Leave it empty to keep files for ever.")

    def to_python(self, value: Any) -> Any:
        return _read(parse_span, super().to_python(value) or "", self.longest, self.too_long)

    def prepare_value(self, value: Any) -> Any:
        return (span_text(value) if value else "") if isinstance(value, int | float) else value


class KeepField(SpanField):
    """How long old versions are kept, in seconds; 0: no such rule."""

    longest = MAX_KEEP_DAYS * DAY
    too_long = gettext_lazy("Old versions can be kept for 100 years at most. Leave it empty for no such rule.")


def _read(parse: Any, text: str, most: float, too_much: Promise) -> Any:
    if not text:
        return 0
    try:
        found = parse(text)
    except NotUnderstood as error:
        raise forms.ValidationError(str(error)) from None
    if found > most:
        raise forms.ValidationError(str(too_much))
    return found


def copies_words(count: int) -> str:
    words = ngettext("%(count)d copy", "%(count)d copies", count) % {"count": count}
    return f"{words} (R{count})"


def _copies(*others: int) -> list[tuple[int, str]]:
    return [(count, copies_words(count)) for count in sorted({*COPIES, *others})]


class SettingsForm(forms.Form):
    """What of a bucket can be changed later. ``change(status)`` gives what is to be, once the form is valid."""

    description = forms.CharField(required=False, max_length=4000)
    ttl = SpanField(required=False)
    limit = SizeField(required=False)
    replicas = forms.TypedChoiceField(coerce=int, initial=1)
    compression = forms.BooleanField(required=False)
    unique_names = forms.BooleanField(required=False)
    cluster = forms.CharField(required=False, max_length=200)
    tags = forms.CharField(required=False, max_length=1000)
    fast_ingest = forms.BooleanField(required=False)
    atomic = forms.BooleanField(required=False)
    direct = forms.BooleanField(required=False)

    def __init__(
        self, data: QueryDict | None = None, *, config: BucketConfig | None = None, initial: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.stored: list[Pair] = list(config.metadata.items()) if config is not None else []
        self.pairs = _pairs(data) if data is not None else self.stored
        self.fields["replicas"].choices = _copies(*([config.replicas] if config else []))  # type: ignore[attr-defined]

    @classmethod
    def of(cls, status: BucketStatus, data: QueryDict | None = None) -> "SettingsForm":
        config = status.config
        initial = {
            "description": config.description,
            "ttl": config.ttl,
            "limit": config.max_bytes,
            "replicas": config.replicas,
            "compression": config.compression,
            "unique_names": config.unique_names,
            "cluster": config.placement.cluster,
            "tags": ", ".join(config.placement.tags),
            "fast_ingest": status.fast_ingest,
            "atomic": status.atomic,
            "direct": status.direct,
        }
        return cls(data, config=config, initial=initial)

    @property
    def pair_rows(self) -> list[Pair]:
        """With a spare one."""
        return [*self.pairs, ("", "")]

    @property
    def metadata_error(self) -> str:
        return str(next(iter(self.errors.get("metadata", [])), "")) if self.is_bound else ""

    @property
    def wrong_below(self) -> bool:
        """Whether something is wrong with what is not seen at first."""
        return self.is_bound and bool(set(self.errors) - SEEN_FIRST)

    def clean_tags(self) -> tuple[str, ...]:
        tags = tuple(tag for each in self.cleaned_data["tags"].split(",") if (tag := each.strip()))
        if len(tags) > MAX_TAGS:
            raise forms.ValidationError(_("There may be %(count)d at most.") % {"count": MAX_TAGS})
        return tags

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        names = [name for name, _value in self.pairs]
        if not all(names):
            self.errors["metadata"] = self.error_class([_("A value has no name.")])
        elif len(set(names)) < len(names):
            self.errors["metadata"] = self.error_class([_("A name stands here twice.")])
        elif len(names) > MAX_PAIRS:
            self.errors["metadata"] = self.error_class([_("There may be %(count)d at most.") % {"count": MAX_PAIRS}])
        return cleaned

    @property
    def metadata(self) -> dict[str, str]:
        """What a browser made other line ends of, and nobody touched, is as it was."""
        known = {(name, _in_box(value)): value for name, value in self.stored}
        return {name: known.get((name, _in_box(value)), value.replace("\r\n", "\n")) for name, value in self.pairs}

    @property
    def placement(self) -> Placement:
        return Placement(self.cleaned_data["cluster"].strip(), self.cleaned_data["tags"])

    def change(self, status: BucketStatus) -> BucketChange:
        """What differs from ``status``. What is sealed in it is left as it is."""
        data, config = self.cleaned_data, status.config
        description = (
            config.description
            if _in_box(data["description"]) == _in_box(config.description.strip())
            else data["description"].replace("\r\n", "\n")
        )
        wanted: dict[str, Any] = {
            "description": (description, config.description),
            "replicas": (data["replicas"], config.replicas),
            "compression": (data["compression"], config.compression),
            "metadata": (self.metadata, dict(config.metadata)),
            "placement": (self.placement, config.placement),
            "unique_names": (data["unique_names"], config.unique_names),
            "direct": (data["direct"], status.direct),
        }
        if not status.sealed:
            wanted |= {
                "ttl": (data["ttl"], config.ttl),
                "max_bytes": (data["limit"], config.max_bytes),
                "fast_ingest": (data["fast_ingest"], status.fast_ingest),
                "atomic": (data["atomic"], status.atomic),
            }
        return BucketChange(**{name: new for name, (new, old) in wanted.items() if new != old})

    def refuse(self, error: Exception) -> None:
        """Show a refusal where it belongs."""
        self.add_error("name" if isinstance(error, BucketExists | InvalidBucketName) and "name" in self.fields else None, told(error))


class HistoryForm(forms.Form):
    """A history's settings. 0 is no limit, or no such rule."""

    history_limit = SizeField(required=False)
    keep_versions = forms.IntegerField(required=False, min_value=0, max_value=1_000_000)
    keep_for = KeepField(required=False)
    history_replicas = forms.TypedChoiceField(coerce=int, required=False, empty_value=None)
    history_compression = forms.BooleanField(required=False)

    def __init__(self, data: QueryDict | None = None, *, config: HistoryConfig | None = None) -> None:
        config = config or HistoryConfig()
        initial = {
            "history_limit": config.max_bytes,
            "keep_versions": config.keep_versions or None,
            "keep_for": config.keep_days * DAY,
            "history_replicas": config.replicas or 0,
            "history_compression": config.compression,
        }
        super().__init__(data, initial=initial)
        same = [] if config.replicas else [(0, _("As many as the bucket"))]
        self.fields["history_replicas"].choices = [*same, *_copies(*([config.replicas] if config.replicas else []))]  # type: ignore[attr-defined]

    def settings(self) -> HistoryChange:
        """All that the form says."""
        data = self.cleaned_data
        return HistoryChange(
            replicas=data["history_replicas"] or None,
            compression=data["history_compression"],
            max_bytes=data["history_limit"],
            keep_versions=data["keep_versions"] or 0,
            keep_days=data["keep_for"] / DAY,
        )

    def change(self, config: HistoryConfig) -> HistoryChange:
        """What differs from ``config``."""
        wanted = self.settings()
        return HistoryChange(**{name: new for name in wanted.__slots__ if (new := getattr(wanted, name)) != getattr(config, name)})


class BucketForm(SettingsForm):
    """A new bucket. ``config()`` gives what was asked for once the form is valid; of its history see ``HistoryForm``."""

    name = forms.CharField(max_length=MAX_BUCKET_NAME, strip=True)
    storage = forms.ChoiceField(initial=Storage.FILE.value, choices=STORAGES)
    history = forms.BooleanField(required=False)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not BUCKET_NAME.match(name):
            raise forms.ValidationError(told(BUCKET_NAME_RULE))
        return name

    def config(self) -> BucketConfig:
        data = self.cleaned_data
        return BucketConfig(
            name=data["name"],
            description=data["description"].replace("\r\n", "\n"),
            ttl=data["ttl"],
            max_bytes=data["limit"],
            storage=Storage(data["storage"]),
            replicas=data["replicas"],
            compression=data["compression"],
            metadata=self.metadata,
            placement=self.placement,
            unique_names=data["unique_names"],
        )


def _pairs(data: QueryDict) -> list[Pair]:
    names, values = data.getlist("meta_name"), data.getlist("meta_value")
    return [(name, value) for name, value in zip(names, values, strict=False) if name or value]


def _in_box(text: str) -> str:
    """``text`` as it comes back from a field of many lines."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
