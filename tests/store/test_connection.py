"""The connection: every way to authenticate, and a server that comes and goes."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import nkeys
import pytest
import trustme
from nacl.signing import SigningKey

from buckets.objectstore import BucketConfig, BucketFull, ConnectOptions, ObjectStore, PermissionDenied, Unavailable
from tests.conftest import running_store
from tests.natsserver import NatsServer, free_port
from tests.store.helpers import pieces, read

PATIENCE = 20
PREFIXES = {"operator": 14 << 3, "account": 0, "user": 20 << 3}


Started = Callable[[str], NatsServer]


@pytest.fixture
def started() -> Iterator[Started]:
    """Start servers with the given addition to their configuration."""
    servers: list[NatsServer] = []

    def start(extra: str) -> NatsServer:
        server = NatsServer(extra)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.remove()


def seed(kind: str) -> bytes:
    return bytes(nkeys.encode_seed(bytes(SigningKey.generate()), PREFIXES[kind]))


def public(seed: bytes) -> str:
    return bytes(nkeys.from_seed(bytearray(seed)).public_key).decode()


async def works(server: NatsServer, **options: object) -> None:
    async with running_store(server, **options) as store:
        await store.create_bucket(BucketConfig("auth"))
        await store.put("auth", "x", pieces(b"data"))
        assert await read(store, "auth", "x") == b"data"
        assert store.state.connected
        assert store.state.server_version


async def test_by_user_and_password(started: Started) -> None:
    server = started('authorization { user: "files", password: "secret" }')
    await works(server, user="files", password="secret")


async def test_by_user_and_password_in_the_address(started: Started) -> None:
    server = started('authorization { user: "files", password: "secret" }')
    server.url = server.url.replace("nats://", "nats://files:secret@")
    await works(server)


async def test_by_token(started: Started) -> None:
    await works(started('authorization { token: "t0ken" }'), token="t0ken")


async def test_by_nkey_seed_given_or_in_a_file(started: Started, tmp_path: Path) -> None:
    user = seed("user")
    await works(started(f"authorization {{ users: [ {{ nkey: {public(user)} }} ] }}"), nkey_seed=user.decode())
    file = tmp_path / "user.nk"
    file.write_bytes(user)
    await works(started(f"authorization {{ users: [ {{ nkey: {public(user)} }} ] }}"), nkey_seed=str(file))


def jwt(issuer: bytes, subject: str, nats_claims: dict[str, object]) -> str:
    """A JWT as ``nsc`` signs them."""

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    claims = {
        "jti": "x",
        "iat": int(time.time()),
        "iss": public(issuer),
        "name": "files",
        "sub": subject,
        "nats": {"version": 2, **nats_claims},
    }
    signed = f"{part({'typ': 'JWT', 'alg': 'ed25519-nkey'})}.{part(claims)}"
    signature = nkeys.from_seed(bytearray(issuer)).sign(signed.encode())
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


async def test_by_credentials_file(started: Started, tmp_path: Path) -> None:
    operator, account, system, user = seed("operator"), seed("account"), seed("account"), seed("user")
    limits = {"subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1}
    storage = {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}
    account_jwt = jwt(operator, public(account), {"type": "account", "limits": {**limits, **storage}})
    system_jwt = jwt(operator, public(system), {"type": "account", "limits": limits})
    user_jwt = jwt(account, public(user), {"type": "user", "subs": -1, "data": -1, "payload": -1})
    server = started(
        f"operator: {jwt(operator, public(operator), {'type': 'operator'})}\nsystem_account: {public(system)}\nresolver: MEMORY\n"
        f"resolver_preload: {{ {public(account)}: {account_jwt}, {public(system)}: {system_jwt} }}"
    )
    creds = tmp_path / "user.creds"
    creds.write_text(
        f"-----BEGIN NATS USER JWT-----\n{user_jwt}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.decode()}\n------END USER NKEY SEED------\n"
    )
    await works(server, credentials=str(creds))


async def test_by_tls_with_a_client_certificate(started: Started, tmp_path: Path) -> None:
    ca = trustme.CA()
    issued = ca.issue_cert("127.0.0.1", "files@example.test")
    files = {"ca": ca.cert_pem, "cert": issued.cert_chain_pems[0], "key": issued.private_key_pem}
    paths = {name: str(tmp_path / name) for name in files}
    for name, pem in files.items():
        pem.write_to_path(paths[name])
    server = started(f'tls {{ ca_file: "{paths["ca"]}", cert_file: "{paths["cert"]}", key_file: "{paths["key"]}", verify: true }}')
    server.url = server.url.replace("nats://", "tls://")
    await works(server, tls_ca=paths["ca"], tls_cert=paths["cert"], tls_key=paths["key"])


async def test_in_a_jetstream_domain() -> None:
    server = NatsServer()
    server._config.write_text(server._config.read_text().replace("jetstream {", "jetstream { domain: hub,"))
    server.start()
    try:
        await works(server, domain="hub")
    finally:
        server.remove()


async def test_a_refused_login_is_unavailable_in_words(started: Started) -> None:
    server = started('authorization { user: "files", password: "secret" }')
    async with running_store(server, user="files", password="wrong", connect_wait=0.5) as store:
        with pytest.raises(Unavailable, match=r"(?i)authorization"):
            await store.buckets()
        assert not store.state.connected


async def test_an_absent_server_is_unavailable_in_bounded_time_and_noticed_when_it_comes(capfd: pytest.CaptureFixture[str]) -> None:
    server = NatsServer()
    async with running_store(server, connect_wait=0.3) as store:
        began = asyncio.get_running_loop().time()
        with pytest.raises(Unavailable, match="cannot be reached"):
            await store.buckets()
        assert asyncio.get_running_loop().time() - began < 5
        await asyncio.to_thread(server.start)
        await connected(store)
        assert await store.buckets() == []
    server.remove()
    assert "Traceback" not in capfd.readouterr().err


async def connected(store: ObjectStore) -> None:
    """Retry as a user would; each try waits for the connection itself."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await store.buckets()
                return
            except Unavailable:
                continue


async def test_it_reconnects_however_often_the_server_goes(fresh_nats_server: NatsServer) -> None:
    async with running_store(fresh_nats_server, connect_wait=0.3) as store:
        await store.create_bucket(BucketConfig("stays"))
        for number in range(3):
            await asyncio.to_thread(fresh_nats_server.kill)
            with pytest.raises(Unavailable):
                await store.put("stays", f"{number}", pieces(b"x" * 3_000_000))
            await asyncio.to_thread(fresh_nats_server.start)
            await connected(store)
            await store.put("stays", f"{number}", pieces(b"x" * 3_000_000))
            assert len(await read(store, "stays", f"{number}")) == 3_000_000


async def test_a_put_that_loses_its_server_goes_on_when_it_is_back(fresh_nats_server: NatsServer) -> None:
    async with running_store(fresh_nats_server) as store:
        await store.create_bucket(BucketConfig("stays"))

        async def source() -> AsyncIterator[bytes]:
            for number in range(40):
                if number == 20:
                    await asyncio.to_thread(fresh_nats_server.kill)
                    await asyncio.to_thread(fresh_nats_server.start)
                yield bytes([number]) * 500_000

        info = await store.put("stays", "x", source())
        assert await read(store, "stays", "x") == b"".join(bytes([number]) * 500_000 for number in range(40))
        assert (await store.bucket("stays")).stream.messages == info.chunks + 1


async def test_a_read_goes_on_after_a_restart_of_the_server(fresh_nats_server: NatsServer) -> None:
    data = b"0123456789abcdef" * 2_000_000
    async with running_store(fresh_nats_server) as store:
        await store.create_bucket(BucketConfig("stays"))
        await store.put("stays", "x", pieces(data))
        received = b""
        async with await store.get("stays", "x") as reader:
            async for piece in reader:
                if not received:
                    await asyncio.to_thread(fresh_nats_server.stop)
                    await asyncio.to_thread(fresh_nats_server.start)
                received += piece
        assert received == data


async def test_a_subject_that_the_user_may_not_use_is_told_at_once(started: Started) -> None:
    allowed = '"$JS.API.STREAM.LIST", "$JS.API.INFO", "_INBOX.>"'
    server = started(f'authorization {{ users: [ {{ user: a, password: b, permissions: {{ publish: [{allowed}], subscribe: ">" }} }} ] }}')
    async with running_store(server, user="a", password="b") as store:
        assert await store.buckets() == []
        with pytest.raises(PermissionDenied, match=r"(?i)js\.api\.stream"):
            await asyncio.wait_for(store.create_bucket(BucketConfig("no")), 3)


async def test_an_account_without_room_is_full(started: Started) -> None:
    server = started("accounts { A { users: [ { user: a, password: b } ], jetstream { max_file: 1000000 } } }")
    async with running_store(server, user="a", password="b") as store:
        await store.create_bucket(BucketConfig("small"))
        with pytest.raises(BucketFull):
            await store.put("small", "x", pieces(b"x" * 5_000_000), chunk_size=100_000)
        assert (await store.bucket("small")).stream.messages == 0


async def test_without_jetstream_it_is_unavailable(tmp_path: Path) -> None:
    server = NatsServer()
    server._config.write_text(f"listen: 127.0.0.1:{server.port}\n")
    server.start()
    try:
        async with running_store(server) as store:
            with pytest.raises(Unavailable, match="JetStream"):
                await store.buckets()
    finally:
        server.remove()


async def test_closing_before_it_ever_connected_ends_at_once() -> None:
    store = ObjectStore(ConnectOptions(servers=(f"nats://127.0.0.1:{free_port()}",)))
    await store.start()
    await asyncio.wait_for(store.close(), 5)
