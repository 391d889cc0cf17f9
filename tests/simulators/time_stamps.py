"""A time-stamping authority on loopback (RFC 3161): `openssl ts` behind HTTP, with a certificate of its own."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests import certified

CONFIGURATION = """
[tsa]
default_tsa = tsa_config
[tsa_config]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/root.pem
signer_key = {folder}/tsa-key.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@contextmanager
def time_stamps(folder: Path) -> Iterator[str]:
    """Serve time-stamps and yield the address. Its root is that of the tests' certificates."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a time-stamping authority of")
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = certified.certificate(key, name="Test clock", usage=ExtendedKeyUsageOID.TIME_STAMPING)
    (folder / "tsa.pem").write_text(certified.pem(leaf))
    (folder / "tsa-key.pem").write_text(certified.key_pem(key))
    (folder / "root.pem").write_text(certified.pem(certified.root()))
    (folder / "serial").write_text("01")
    (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder))

    class Clock(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (folder / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            command = [
                "openssl",
                "ts",
                "-reply",
                "-config",
                str(folder / "tsa.cnf"),
                "-queryfile",
                str(folder / "query"),
            ]
            answer = subprocess.run(command, capture_output=True, check=True, timeout=30).stdout
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Clock)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
