"""A site with three NATS servers, people, and buckets as a small company has them: for pictures, and for looking at pages."""

import asyncio
import contextlib
import io
import math
import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import quote

import httpx
from PIL import Image, ImageDraw

from tests.cluster import Cluster
from tests.site import Site

PEOPLE = ("maya", "jonas", "svc-render")
Clients: TypeAlias = dict[str, httpx.AsyncClient]
Colour: TypeAlias = tuple[int, int, int]
KB, MB, GB = 1024, 1024**2, 1024**3


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[tuple[Site, Clients]]:
    """The site with its data, and a client of each person."""
    cluster = Cluster()
    cluster.start()
    site = Site(",".join(cluster.urls))
    try:
        await cluster.ready()
        site.start()
        clients = {name: _client(site, name) for name in PEOPLE}
        await fill(clients)
        yield site, clients
        for client in clients.values():
            await client.aclose()
    finally:
        site.remove()
        cluster.remove()


async def fill(clients: Clients) -> None:
    """Buckets, files, versions, links and deletions."""
    maya = clients["maya"]
    for settings in BUCKETS:
        (await maya.post("buckets", json=settings)).raise_for_status()
    for bucket, files in FILES.items():
        for name, who, content in files:
            await put(clients[who], bucket, name, content)
    for number in range(6):
        await put(maya, "reports", "2026/budget.csv", table(12 + number))
    for who, text in (("jonas", PLAN[:4]), ("maya", PLAN[:6]), ("jonas", PLAN)):
        await put(clients[who], "reports", "2026/launch-plan.md", "\n".join(text).encode())
    for who, seed in (("svc-render", 8), ("maya", 3)):
        await put(clients[who], "reports", "2026/harbour-panorama.jpg", landscape(seed, 1800, 1000) + noise(8 * MB, seed))
    await link(maya, "reports", "2026/latest-model.onnx", "models", "detector/v4.onnx")
    for name in ("2026/old-notes.md", "2026/draft-1.pdf", "2026/draft-2.pdf"):
        (await clients["jonas"].delete(f"buckets/reports/objects/{quote(name, safe='')}")).raise_for_status()


async def put(client: httpx.AsyncClient, bucket: str, name: str, content: bytes) -> None:
    (await client.put(f"buckets/{bucket}/objects/{quote(name, safe='')}", content=content)).raise_for_status()


async def link(client: httpx.AsyncClient, bucket: str, name: str, to_bucket: str, to: str) -> None:
    headers = {"Content-Type": "application/vnd.nats-files.link+json"}
    address = f"buckets/{bucket}/objects/{quote(name, safe='')}"
    (await client.request("PUT", address, json={"bucket": to_bucket, "name": to}, headers=headers)).raise_for_status()


async def bustle(clients: Clients, seconds: float) -> None:
    """Changes as they come in the middle of a day: most are new files, some are replaced, renamed or deleted."""
    chance = random.Random()
    written: list[tuple[str, str]] = []
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        client, act = clients[chance.choice(PEOPLE)], chance.choices(("put", "replace", "rename", "delete"), (12, 3, 2, 2))[0]
        bucket, folder, kind = chance.choice(PLACES)
        name = f"{folder}/{chance.randrange(10_000):04}.{kind}"
        if act != "put" and written:
            bucket, name = written.pop(chance.randrange(len(written)))
        await _change(client, act if written else "put", bucket, name, chance.randbytes(chance.randrange(2 * KB, 300 * KB)))
        if act in ("put", "replace"):
            written.append((bucket, name))
        await asyncio.sleep(chance.uniform(0.02, 0.25))


async def _change(client: httpx.AsyncClient, act: str, bucket: str, name: str, content: bytes) -> None:
    address = f"buckets/{bucket}/objects/{quote(name, safe='')}"
    match act:
        case "rename":
            stem, _, kind = name.rpartition(".")
            (await client.patch(address, json={"name": f"{stem}-checked.{kind}"})).raise_for_status()
        case "delete":
            (await client.delete(address)).raise_for_status()
        case _:
            await put(client, bucket, name, content)


def landscape(seed: int, width: int, height: int) -> bytes:
    """Hills in the evening, as a JPEG."""
    chance = random.Random(seed)
    top, bottom = chance.choice(SKIES)
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for row in range(height):
        draw.line([(0, row), (width, row)], fill=_mix(top, bottom, row / height))
    sun = chance.uniform(0.2, 0.8) * width
    radius = height * 0.09
    draw.ellipse([sun - radius, height * 0.32 - radius, sun + radius, height * 0.32 + radius], fill=_mix(bottom, (255, 255, 255), 0.6))
    for layer in range(4):
        _hills(draw, chance, width, height, layer)
    stored = io.BytesIO()
    image.save(stored, "JPEG", quality=88)
    return stored.getvalue()


def table(rows: int) -> bytes:
    chance = random.Random(7)
    lines = ["month,team,planned,spent"]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(rows * 4):
        month = start + timedelta(days=31 * (number // 4))
        team, planned, spent = TEAMS[number % len(TEAMS)], chance.randrange(20, 90), chance.randrange(18, 95)
        lines.append(f"{month:%Y-%m},{team},{planned}00,{spent}00")
    return "\n".join(lines).encode()


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def pdf(title: str) -> bytes:
    """The least that viewers take for a PDF, with a title."""
    page = f"BT /F1 28 Tf 72 720 Td ({title}) Tj ET"
    font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    parts = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1{font}>>>>>>",
        f"<</Length {len(page)}>>stream\n{page}\nendstream",
    )
    body = "%PDF-1.4\n" + "".join(f"{number} 0 obj{part}endobj\n" for number, part in enumerate(parts, 1))
    return (body + "trailer<</Root 1 0 R>>\n").encode()


def _client(site: Site, name: str) -> httpx.AsyncClient:
    site.add_user(name)
    site.manage("grant", name, "*", "admin")
    token = site.manage("create_token", name).strip()
    return httpx.AsyncClient(base_url=f"{site.url}/api/v1/", headers={"Authorization": f"Bearer {token}"}, timeout=60)


def _hills(draw: Any, chance: random.Random, width: int, height: int, layer: int) -> None:
    base, phase, swing = height * (0.5 + layer * 0.13), chance.uniform(0, 6), height * chance.uniform(0.04, 0.1)
    line = [
        (x, base + swing * math.sin(phase + x / width * (4 + 2.5 * layer)) + swing / 3 * math.sin(x / width * 23 + phase))
        for x in range(0, width + 8, 8)
    ]
    draw.polygon([(0, height), *line, (width, height)], fill=_mix((86, 128, 158), (24, 42, 66), layer / 3))


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


PLACES = (
    ("uploads", "camera-3", "jpg"),
    ("uploads", "camera-7", "jpg"),
    ("models", "runs", "log"),
    ("reports", "2026/drafts", "md"),
)
TEAMS = ("Design", "Platform", "Field", "Office")
SKIES: Sequence[tuple[Colour, Colour]] = (
    ((92, 196, 222), (200, 160, 226)),
    ((64, 98, 187), (247, 173, 132)),
    ((38, 60, 120), (240, 140, 160)),
    ((120, 200, 240), (250, 232, 190)),
)
PLAN = (
    "# Launch plan",
    "",
    "The new harbour sensors go live in **three steps**.",
    "",
    "1. Two weeks beside the old ones",
    "2. The old ones are read only at night",
    "3. Switch them off, keep their data",
    "",
    "| step | who | until |",
    "| --- | --- | --- |",
    "| beside | Field | 12 December |",
    "| at night | Platform | 9 January |",
)
BUCKETS: Sequence[dict[str, Any]] = (
    {"name": "reports", "description": "What we hand to customers", "replicas": 3, "max_bytes": 256 * MB, "history": {"keep_days": 90}},
    {"name": "models", "description": "Trained models and their runs", "replicas": 3, "max_bytes": 64 * MB, "compression": True},
    {"name": "uploads", "description": "Cameras write here", "replicas": 1, "ttl_seconds": 30 * 86400, "max_bytes": 512 * MB},
    {"name": "config", "description": "", "replicas": 3, "history": {"keep_versions": 50}},
)
PIPELINE = b"""stages:
  - name: collect
    from: uploads
    every: 5m
  - name: detect
    model: detector/v4.onnx
    threshold: 0.72
  - name: report
    to: reports/2026
"""
FILES: dict[str, Sequence[tuple[str, str, bytes]]] = {
    "reports": (
        *(
            (f"2026/photos/site-{number:02}.jpg", "maya", landscape(number + 20, 900, 600) + noise(number * 70 * KB))
            for number in range(1, 13)
        ),
        *((f"2026/drafts/chapter-{number}.md", "jonas", b"# Chapter\n\nTo be written.\n") for number in range(1, 6)),
        ("2026/harbour-panorama.jpg", "svc-render", landscape(8, 1600, 900) + noise(7 * MB)),
        ("2026/q3-report.pdf", "maya", pdf("Third quarter 2026") + noise(2 * MB)),
        ("2026/orders-2026-09.parquet", "svc-render", noise(13 * MB)),
        ("2026/pipeline.yaml", "jonas", PIPELINE),
        ("2026/sensor-dump.tar.zst", "svc-render", noise(38 * MB)),
        ("2026/contract-signed.pdf", "maya", pdf("Contract") + noise(640 * KB)),
        ("2026/old-notes.md", "jonas", b"# Notes\n"),
        ("2026/draft-1.pdf", "jonas", pdf("Draft")),
        ("2026/draft-2.pdf", "jonas", pdf("Draft")),
        ("2025/annual-report.pdf", "maya", pdf("2025") + noise(5 * MB)),
    ),
    "models": (
        ("detector/v3.onnx", "svc-render", noise(18 * MB)),
        ("detector/v4.onnx", "svc-render", noise(21 * MB)),
        ("runs/0412.log", "svc-render", b"epoch 1 loss 0.92\nepoch 2 loss 0.61\n" * 400),
    ),
    "uploads": tuple(
        (f"camera-{number % 4 + 1}/{number:04}.jpg", "svc-render", landscape(number, 640, 420) + noise(number * 90 * KB))
        for number in range(24)
    ),
    "config": (("site.toml", "jonas", b'[site]\nname = "Harbour"\n'), ("cameras.json", "jonas", b'{"cameras": [1, 2, 3, 4]}\n')),
}
