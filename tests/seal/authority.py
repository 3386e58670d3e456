"""A laboratory's own authority: certificates for signatures in PDFs, and a service of time stamps on loopback."""

import http.server
import subprocess
import threading
from contextlib import contextmanager

CONFIG = """\
[tsa]
default_tsa = lab
[lab]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
certs = {folder}/tsa.pem
"""


def openssl(folder, *arguments):
    return subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True).stdout


def make(folder):
    """Make a root, certificates of tester, approver and a time stamp service, and PKCS #12 files of the people."""
    new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(
        folder, *new, "-x509", "-days", "30", "-subj", "/CN=Root", "-keyout", "root.key", "-out", "root.pem"
    )
    for name in ("tester", "approver", "tsa"):
        usage = (
            "extendedKeyUsage=critical,timeStamping"
            if name == "tsa"
            else "keyUsage=nonRepudiation,digitalSignature"
        )
        (folder / f"{name}.ext").write_text(usage)
        openssl(folder, *new, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        sign = ("x509", "-req", "-days", "30", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial")
        openssl(folder, *sign, "-in", f"{name}.csr", "-extfile", f"{name}.ext", "-out", f"{name}.pem")
        word = "pass:secret words" if name == "approver" else "pass:"
        export = ("pkcs12", "-export", "-inkey", f"{name}.key", "-in", f"{name}.pem", "-certfile", "root.pem")
        openssl(folder, *export, "-passout", word, "-out", f"{name}.p12")
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    return folder


@contextmanager
def time_stamps(folder):
    """Serve time stamps, and give the address."""

    class Service(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            (folder / "asked.tsq").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            reply = ("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "asked.tsq", "-out", "given.tsr")
            openssl(folder, *reply)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write((folder / "given.tsr").read_bytes())

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
