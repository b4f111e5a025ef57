"""Each finding in two sentences: what is wrong, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ..words import duration, grouped
from .model import Finding

WORDS: Mapping[str, tuple[str, str]] = {
    "nats_away": (
        gettext_noop("NATS cannot be reached."),
        gettext_noop(
            "Start a NATS server, or see whether NATS_URL and the way there are right. The site tries all the time. NATS client: %(error)s"
        ),
    ),
    "connection_away": (
        gettext_noop("One of the site's connections to NATS is away."),
        gettext_noop("It is tried again all the time. If that takes long, look at the server's log. NATS client: %(error)s"),
    ),
    "nats_slow": (
        gettext_noop("NATS takes %(milliseconds)s ms to answer a ping."),
        gettext_noop("Look at the network between the site and the server, and at how busy both are."),
    ),
    "jetstream_away": (
        gettext_noop("NATS is there, but its JetStream does not answer."),
        gettext_noop(
            "In a cluster more than half of the servers must run. On a single server JetStream may be switched off, still starting, or out "
            "of disk space: its log says so."
        ),
    ),
    "account_denied": (
        gettext_noop("The site's NATS user may not ask what its account may use."),
        gettext_noop("Everything else works. Allow it to publish to $JS.API.INFO to see limits and use here."),
    ),
    "buckets_denied": (
        gettext_noop("The site's NATS user may not list the buckets."),
        gettext_noop("Allow it to publish to $JS.API.STREAM.LIST and the other subjects that the documentation names."),
    ),
    "buckets_away": (
        gettext_noop("NATS does not list the buckets."),
        gettext_noop("It may be busy, or choosing a new leader: then it passes in a few seconds."),
    ),
    "account_files_full": (
        gettext_noop("The account uses %(percent)s%% of the disk space that it may use."),
        gettext_noop("Delete something, shorten histories, or raise the account's limit in the server's configuration."),
    ),
    "account_memory_full": (
        gettext_noop("The account uses %(percent)s%% of the memory that it may use."),
        gettext_noop("Delete something from buckets that are kept in memory, or raise the account's limit in the server's configuration."),
    ),
    "account_streams_full": (
        gettext_noop("The account has %(percent)s%% of the streams that it may have."),
        gettext_noop("Each bucket and each history is one. Delete what nobody needs, or raise the account's limit."),
    ),
    "account_consumers_full": (
        gettext_noop("The account has %(percent)s%% of the consumers that it may have."),
        gettext_noop("Each process of the site has one for each bucket that somebody looks at. Raise the account's limit."),
    ),
    "no_leader": (
        gettext_noop("%(bucket)s has no leader: nothing in it can be read or changed."),
        gettext_noop("%(needed)s of the %(replicas)s servers that keep it must run and reach each other. Start those that are missing."),
    ),
    "no_leader_alone": (
        gettext_noop("%(bucket)s has no leader: nothing in it can be read or changed."),
        gettext_noop("The one server that keeps it must run. With 3 replicas it would outlive the loss of a server."),
    ),
    "no_leader_unknown": (
        gettext_noop("%(bucket)s has no leader: nothing in it can be read or changed."),
        gettext_noop("More than half of the servers that keep it must run and reach each other. Start those that are missing."),
    ),
    "server_away": (
        gettext_noop("The server %(server)s is away. Copies of buckets and histories that are missing: %(copies)s."),
        gettext_noop("All works with the other copies, but with less safety. Start the server %(server)s."),
    ),
    "server_behind": (
        gettext_noop("The server %(server)s is behind. Copies of buckets and histories that are not up to date: %(copies)s."),
        gettext_noop("They catch up by themselves. If that takes long, look at the disk and the network of %(server)s."),
    ),
    "uploads_away": (
        gettext_noop("Uploads in pieces cannot go on: what is known of them does not answer."),
        gettext_noop(
            "More than half of the servers that keep the stream KV_nats-files-uploads must run. With NATS_UPLOADS_REPLICAS=3 it would "
            "outlive the loss of a server."
        ),
    ),
    "replicas_missing": (
        gettext_noop("%(bucket)s has %(known)s copies; it should have %(replicas)s."),
        gettext_noop("The cluster has too few servers for it at the moment. Start those that are missing, or ask for fewer replicas."),
    ),
    "bucket_full": (
        gettext_noop("%(bucket)s is %(percent)s%% full."),
        gettext_noop("Uploads that do not fit are refused. Delete something, or raise its size limit in its settings."),
    ),
    "history_no_leader": (
        gettext_noop("The history of %(bucket)s has no leader: no version can be read, and replacing a file waits in vain."),
        gettext_noop("More than half of the servers that keep it must run and reach each other. Start those that are missing."),
    ),
    "history_stopped": (
        gettext_noop("The history of %(bucket)s copies nothing: versions that other clients replace may get lost."),
        gettext_noop("NATS says: %(error)s. If it does not go on by itself, switch the history off and on again in the bucket's settings."),
    ),
    "history_behind": (
        gettext_noop("The history of %(bucket)s is %(time)s behind."),
        gettext_noop(
            "%(messages)s messages are still to be copied. Replacing files waits for that. If it grows, the server's disk is too slow, or "
            "the history's limits leave no room."
        ),
    ),
    "watch_silent": (
        gettext_noop("The site has heard nothing of %(bucket)s for %(time)s."),
        gettext_noop("What pages show of it may be out of date. The site begins anew by itself; if it stays so, look at the server's log."),
    ),
    "orphans_doubtful": (
        gettext_noop("%(bucket)s has data that may belong to a file whose metadata is broken: %(count)s uploads."),
        gettext_noop("It is left alone. Delete the broken file, and it goes with the next search for leftovers."),
    ),
    "stopping": (
        gettext_noop("This server is being stopped."),
        gettext_noop("Transfers that have begun go on for a while; new ones go to another server, or wait for this one to start again."),
    ),
    "site_busy": (
        gettext_noop("This server of the site was busy for %(milliseconds)s ms at a time."),
        gettext_noop("Pages answer late then. Give it a faster processor, or run a second server of the site beside it."),
    ),
    "transfers_waiting": (
        gettext_noop("%(waiting)s transfers wait for their turn; %(running)s are under way."),
        gettext_noop("If that is often so, raise MAX_TRANSFERS, or run a second server of the site beside this one."),
    ),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A finding for its reader: ``what`` is wrong, and what ``todo``."""

    finding: Finding
    what: str
    todo: str


def told(finding: Finding) -> Told:
    what, todo = WORDS[finding.code]
    values = {key: grouped(value) if isinstance(value, int) else value for key, value in finding.values.items()}
    values["bucket"] = finding.bucket
    values["time"] = time_span(int(finding.values.get("seconds", 0)))
    return Told(finding, (_(what) % values).strip(), (_(todo) % values).strip())


def time_span(seconds: int) -> str:
    """Of days, hours and minutes what people want to know: from two of a unit on, in whole ones."""
    unit = next((unit for unit in (86400, 3600, 60) if seconds >= 2 * unit), 1)
    return duration(seconds // unit * unit)
