//! A certificate that only those trust who are told to.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A key and a certificate for `localhost`, in a folder that goes with it.
pub struct Certificate {
    _folder: tempfile::TempDir,
    pub key: PathBuf,
    pub certificate: PathBuf,
}

impl Certificate {
    pub fn new() -> Certificate {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
            // Not an authority: clients take none of those for a server's.
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args(["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let (key, certificate) = (folder.path().join("key.pem"), folder.path().join("cert.pem"));
        Certificate { _folder: folder, key, certificate }
    }
}

/// Runs one test of this program again with `variable` set, and with `certificate` as the only root if there is one.
///
/// Root certificates come from the environment, which a running test cannot change.
pub fn run_again(test: &str, variable: &str, value: &str, certificate: &Path) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(variable, value)
        .env("SSL_CERT_FILE", certificate)
        .output()
        .unwrap()
}
