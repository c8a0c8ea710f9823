# SPDX-License-Identifier: Apache-2.0
"""Several replicas on one PostgreSQL behind a real nginx with examples/nginx/replicas.conf, which notes who answers."""

import contextlib
import http.client
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from journeys.proxied import NGINX, STOP_SECONDS, nginx
from support.background import wait_until
from support.processes import RunningService, free_port

_FRAME = """daemon off; master_process off; pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  log_format answered "$request_method $uri $upstream_addr $status";
  access_log {log};
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  include {folder}/replicas.conf;
}}
"""
_TLS = ("    ssl_certificate     /etc/ssl/certs/example.com.pem;\n",
        "    ssl_certificate_key /etc/ssl/private/example.com.key;\n")  # fmt: skip
_SERVERS = "    server 127.0.0.1:8080 fail_timeout=2s;\n    server 127.0.0.1:8081 fail_timeout=2s;\n"


class Answered(NamedTuple):
    """A request, the port of the replica that answered it (the last one that was asked), and how."""

    method: str
    path: str
    port: int
    status: int


class Balancer:
    """nginx; the address is known before it runs, as its replicas are told.

    `loaded`: for a benchmark, which says itself from where its people come, and who answered is not noted.
    """

    def __init__(self, folder: Path, *, loaded: bool = False) -> None:
        self.folder = folder
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._loaded = loaded
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def pid(self) -> int:
        """Of its one process."""
        return self._nginx.pid

    @property
    def answered(self) -> list[Answered]:
        """Every request so far, in the order in which they ended; those for its health aside."""
        lines = (line.split(" ") for line in (self.folder / "access.log").read_text("utf-8").splitlines())
        found = [Answered(line[0], line[1], int(line[-2].rpartition(":")[2]), int(line[-1])) for line in lines]
        return [each for each in found if not each.path.startswith("/health/")]

    @contextmanager
    def before(self, ports: Sequence[int], hosts: Sequence[str] = ()) -> Iterator[None]:
        """Run in front of these, which listen on loopback where no `hosts` are given."""
        self._write(ports, hosts or ["127.0.0.1"] * len(ports))
        self.start()
        try:
            yield
        finally:
            self._nginx.terminate()
            self._nginx.wait(STOP_SECONDS)

    def start(self) -> None:
        """As it was set up last, on the same port."""
        self._nginx = subprocess.Popen(
            [nginx(), "-p", self.folder, "-c", self.folder / "nginx.conf", "-e", self.folder / "nginx.log"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        wait_until(self.is_ready, "nginx and a replica to answer")

    def kill(self) -> None:
        """SIGKILL."""
        self._nginx.kill()
        self._nginx.wait()

    def is_ready(self) -> bool:
        """Whether a replica answers through it; each time it is the next one's turn."""
        assert self._nginx.poll() is None, f"nginx ended:\n{(self.folder / 'nginx.log').read_text('utf-8')}"
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", "/health/ready")
                return connection.getresponse().status == http.client.OK
            finally:
                connection.close()
        return False

    def _write(self, ports: Sequence[int], hosts: Sequence[str]) -> None:
        text = (NGINX / "replicas.conf").read_text("utf-8")
        servers = "".join(
            f"    server {host}:{port} fail_timeout=2s;\n" for host, port in zip(hosts, ports, strict=True)
        )
        changes = [("listen 443 ssl", f"listen 127.0.0.1:{self.port}"), (_SERVERS, servers)]
        changes += [(line, "") for line in _TLS]
        if self._loaded:
            changes.append(("X-Forwarded-For $remote_addr", "X-Forwarded-For $http_x_forwarded_for"))
        for shown, real in changes:
            assert shown in text, f"examples/nginx/replicas.conf holds no {shown!r} any more"
            text = text.replace(shown, real)
        (self.folder / "replicas.conf").write_text(text, "utf-8")
        log = "off" if self._loaded else f"{self.folder}/access.log answered"
        (self.folder / "nginx.conf").write_text(_FRAME.format(folder=self.folder, log=log), "utf-8")


class Replicas:
    """Running ones, behind `balancer`."""

    def __init__(self, balancer: Balancer, services: list[RunningService]) -> None:
        self.balancer, self.services = balancer, services
        self.address = balancer.address
        self.url = services[0].settings["database_url"]

    def by_port(self, port: int) -> RunningService:
        """The one that listens there."""
        return next(service for service in self.services if service.port == port)


@contextmanager
def replicas(
    folder: Path,
    database_url: str,
    count: int = 2,
    build: type[RunningService] = RunningService,
    /,
    *,
    loaded: bool = False,
    **settings: str,
) -> Iterator[Replicas]:
    """So many, set up alike; the database is migrated. `build` is another one than ours."""
    balancer = Balancer(folder / "nginx", loaded=loaded)
    values = {"trusted_proxies": "127.0.0.1/32"} | settings
    services = [
        build(folder / f"replica-{number}", database_url=database_url, public_url=balancer.address, **values)
        for number in range(1, count + 1)
    ]
    with ExitStack() as stack:
        for service in services:
            stack.enter_context(service)
        stack.enter_context(balancer.before([service.port for service in services]))
        yield Replicas(balancer, services)
