"""Certificates for test servers: an authority, a server certificate for localhost and 127.0.0.1, a client certificate."""

import dataclasses
import pathlib
import subprocess


@dataclasses.dataclass(frozen=True)
class Tls:
    """Paths of PEM files."""

    ca: pathlib.Path
    server_cert: pathlib.Path
    server_key: pathlib.Path
    client_cert: pathlib.Path
    client_key: pathlib.Path

    def server_options(self):
        return [f"--ssl-ca={self.ca}", f"--ssl-cert={self.server_cert}", f"--ssl-key={self.server_key}"]


def make_tls(folder, names=("DNS:localhost", "IP:127.0.0.1"), days=2):
    """Makes a new authority and what it signs in `folder`; `names` are those the server certificate is good for."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", days, "-subj", "/CN=Sluice test authority",
            "-keyout", folder / "ca-key.pem", "-out", folder / "ca.pem")
    sign(folder, "server", "/CN=Sluice test server", f"subjectAltName={','.join(names)}", days)
    sign(folder, "client", "/CN=Sluice test client", "extendedKeyUsage=clientAuth", days)
    return Tls(folder / "ca.pem", folder / "server.pem", folder / "server-key.pem", folder / "client.pem",
               folder / "client-key.pem")


def sign(folder, name, subject, extension, days):
    request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
    extensions.write_text(extension + "\n")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", folder / f"{name}-key.pem",
            "-out", request)
    # MySQL 5.6 reads keys in their old form only; the others read both.
    openssl("rsa", "-traditional", "-in", folder / f"{name}-key.pem", "-out", folder / f"{name}-key.pem")
    openssl("x509", "-req", "-in", request, "-CA", folder / "ca.pem", "-CAkey", folder / "ca-key.pem", "-CAcreateserial",
            "-days", days, "-extfile", extensions, "-out", folder / f"{name}.pem")


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(f"openssl {arguments[0]} failed:\n{done.stdout}")
