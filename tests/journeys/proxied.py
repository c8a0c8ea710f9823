# SPDX-License-Identifier: Apache-2.0
"""A real nginx with a file of examples/nginx, Counterfoil behind it, and a site that knows nothing of either."""

import datetime as dt
import shutil
import ssl
import subprocess
import threading
from dataclasses import dataclass, field
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.background import wait_until
from support.processes import RunningService, free_port

NGINX = Path(__file__).resolve().parents[2] / "examples" / "nginx"
MISSING = (
    "No nginx was found, and these tests mean nothing without one. Install it, such as by `apt-get install nginx-light`"
    " or `dnf install nginx`, so that nginx is on the PATH or in /usr/sbin."
)
STOP_SECONDS = 15
_FRAME = """daemon off; master_process off; pid {folder}/nginx.pid;
events {{ worker_connections 128; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  include {folder}/example.conf;
}}
"""
_PAGE = b"<!doctype html><html lang=en><title>Wiki</title><link rel=icon href=data:,><h1>Wiki</h1>"


@dataclass
class Visit:
    """What the site was asked, and all headers that it could take for the proxy's word."""

    path: str
    headers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def identity(self) -> dict[str, str]:
        """Who it is, as frameworks read it that take an underscore for a hyphen."""
        named = [(name.lower().replace("_", "-"), value) for name, value in self.headers]
        found = [(name, value) for name, value in named if name.startswith("remote-")]
        assert len(dict(found)) == len(found), "of two headers a framework may believe either"
        return dict(found)


class Wiki:
    """The site: it believes whatever it is told."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.visits))
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def visit(self, path: str) -> Visit:
        """The only visit since the last time."""
        assert [visit.path for visit in self.visits] == [path]
        return self.visits.pop()

    def stop(self) -> None:
        """Be gone."""
        self._server.shutdown()
        self._server.server_close()


class Proxied:
    """`layout` names the file; `issuer` and `site` are the two addresses that it gives, with the port of this run."""

    def __init__(self, layout: str, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.wiki = Wiki()
        one = layout == "one-host"
        self.issuer = f"https://www.example.com:{self.port}/auth" if one else f"https://id.example.com:{self.port}"
        self.site = f"https://{'www' if one else 'wiki'}.example.com:{self.port}"
        self.service = RunningService(folder, public_url=self.issuer, trusted_proxies="127.0.0.1/32", **settings)
        if not one:
            callback = f"{self.site}/.counterfoil/callback"
            self.service.told(
                *("applications", "add", "Wiki", "--client-id", "wiki", "--dpop", "optional"),
                *("--redirect-uri", callback),
            )
        self._write(layout)

    def __enter__(self) -> Self:
        self.service.start()
        self._nginx = subprocess.Popen(
            [nginx(), "-p", self.folder, "-c", self.folder / "nginx.conf", "-e", self.folder / "nginx.log"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        wait_until(self._listens, "nginx to listen")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._nginx.terminate()
        self._nginx.wait(STOP_SECONDS)
        self.service.stop()
        self.wiki.stop()

    def ask(self, url: str, method: str = "GET", **headers: str) -> tuple[int, str]:
        """A request that no browser would send: its status and where it leads."""
        host, _, path = url.removeprefix("https://").partition("/")
        sent = {"Host": host} | {name.replace("__", "-"): value for name, value in headers.items()}
        connection = HTTPSConnection("127.0.0.1", self.port, timeout=10, context=_anybody())
        try:
            connection.request(method, f"/{path}", headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Location", "")
        finally:
            connection.close()

    def _write(self, layout: str) -> None:
        text = (NGINX / f"{layout}.conf").read_text("utf-8")
        for shown, real in (
            ("listen 443 ssl", f"listen 127.0.0.1:{self.port} ssl"),
            ("https://wiki.example.com", f"https://wiki.example.com:{self.port}"),
            ("https://www.example.com", f"https://www.example.com:{self.port}"),
            ("127.0.0.1:8080", f"127.0.0.1:{self.service.port}"),
            ("127.0.0.1:8000", f"127.0.0.1:{self.wiki.port}"),
            ("/etc/ssl/certs/example.com.pem", f"{self.folder}/certificate.pem"),
            ("/etc/ssl/private/example.com.key", f"{self.folder}/key.pem"),
        ):
            text = text.replace(shown, real)
        (self.folder / "example.conf").write_text(text, "utf-8")
        (self.folder / "nginx.conf").write_text(_FRAME.format(folder=self.folder), "utf-8")
        _write_certificate(self.folder)

    def _listens(self) -> bool:
        log = self.folder / "nginx.log"
        assert self._nginx.poll() is None, f"nginx ended by itself:\n{log.read_text('utf-8')}"
        try:
            return self.ask(f"{self.issuer}/health/ready")[0] == 200
        except OSError:
            return False


def nginx() -> str:
    """Where it is; a sentence where it is not."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise AssertionError(MISSING)
    return program


def _anybody() -> ssl.SSLContext:
    """The certificate is of this run: nobody has signed it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.com")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("*.example.com")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*private))


def _handler(visits: list[Visit]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            # Pages of one host share its icon, and a browser asks for it whenever it likes.
            if self.path != "/favicon.ico":
                visits.append(Visit(self.path, list(self.headers.items())))
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(_PAGE)

        do_POST = do_GET  # noqa: N815 - the library's own name

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    return Handler
