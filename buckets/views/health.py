"""Is the process alive, and can it do its work? For load balancers: no login, and nothing that an outsider should not know."""

import asyncio

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from ..services import draining, jetstream, runtime

DATABASE_SECONDS = 5.0
NO_STORE = {"Cache-Control": "no-store"}


@require_safe
async def healthz(request: HttpRequest) -> HttpResponse:
    """Liveness: answers as long as the process does, whatever it depends on."""
    return HttpResponse("ok\n", content_type="text/plain", headers=NO_STORE)


@require_safe
async def readyz(request: HttpRequest) -> HttpResponse:
    """Readiness: 200 when NATS, its JetStream and the database are there, else 503, with the state of each; "stopping" once the process is
    about to end, whatever else there is. In a few seconds at most."""
    if draining.is_draining():
        return JsonResponse({"status": "stopping"}, status=503, headers={**NO_STORE, "Retry-After": "5"})
    connected = (await runtime.store()).state.connected
    jetstream, database = await asyncio.gather(_jetstream_is_there(connected), _database_is_there())
    states = {"nats": connected, "jetstream": jetstream, "database": database}
    words = {name: "ok" if there else "unavailable" for name, there in states.items()}
    ready = all(states.values())
    headers = NO_STORE if ready else {**NO_STORE, "Retry-After": "5"}
    body = {"status": "ok" if ready else "unavailable", **words}
    return JsonResponse(body, status=200 if ready else 503, headers=headers)


async def _jetstream_is_there(connected: bool) -> bool:
    """Asked at most every few seconds, however often somebody wants to know."""
    return connected and await jetstream.answers()


async def _database_is_there() -> bool:
    try:
        async with asyncio.timeout(DATABASE_SECONDS):
            await sync_to_async(_ask_database)()
    except (DatabaseError, TimeoutError):
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
