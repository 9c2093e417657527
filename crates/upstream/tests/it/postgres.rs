//! A PostgreSQL server of the test's own: its programs from the machine, everything else in a folder that goes with it.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, Weak};

use rustix::process::{Pid, Signal};
use tempfile::TempDir;

/// Whom the server runs as when the tests run as root, whom it refuses.
const SYSTEM_USER: &str = "postgres";

/// A running server; it ends when this is dropped.
pub struct Postgres {
    /// Holds the data, the socket and the log, until the server has ended.
    _folder: TempDir,
    programs: PathBuf,
    port: u16,
    server: Child,
}

impl Postgres {
    /// One server for all tests that run at the same time.
    pub fn shared() -> Arc<Postgres> {
        static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        shared.upgrade().unwrap_or_else(|| {
            let new = Arc::new(Postgres::start(&[]));
            *shared = Arc::downgrade(&new);
            new
        })
    }

    /// A server with these settings (`name=value`) beside those of the test.
    pub fn start(settings: &[&str]) -> Postgres {
        let programs = programs();
        let folder = tempfile::Builder::new().prefix("lastlook-pg-").tempdir().unwrap();
        give(folder.path());
        let data = folder.path().join("data");
        let made = as_system_user(&programs.join("initdb"))
            .args([
                "--no-sync",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--username=postgres",
                "--pgdata",
            ])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        for _ in 0..5 {
            if let Some((server, port)) = serve(&programs, folder.path(), settings) {
                return Postgres { _folder: folder, programs, port, server };
            }
        }
        panic!("the server does not start: {}", std::fs::read_to_string(folder.path().join("log")).unwrap());
    }

    /// The connection string of its only user, over TCP.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Runs SQL through `psql`, which nobody here wrote, and returns what it prints: fields with `|` between.
    pub fn sql(&self, sql: &str) -> String {
        let Output { status, stdout, stderr } = self.psql(sql);
        assert!(status.success(), "psql: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap().trim_end().to_owned()
    }

    fn psql(&self, sql: &str) -> Output {
        Command::new(self.programs.join("psql"))
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"])
            .args(["--dbname", &self.url(), "--command", sql])
            .output()
            .unwrap()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        stop(&mut self.server);
    }
}

/// At once: nothing of it is kept.
fn stop(server: &mut Child) {
    if server.try_wait().unwrap().is_none() {
        let pid = Pid::from_raw(server.id().cast_signed()).unwrap();
        rustix::process::kill_process(pid, Signal::QUIT).unwrap();
        server.wait().unwrap();
    }
}

/// Starts the server on a free port; `None` when the port was taken meanwhile.
fn serve(programs: &Path, folder: &Path, settings: &[&str]) -> Option<(Child, u16)> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let mut command = as_system_user(&programs.join("postgres"));
    command.arg("-D").arg(folder.join("data")).arg("-k").arg(folder).args(["-h", "127.0.0.1", "-p"]);
    command.arg(port.to_string());
    for setting in
        ["fsync=off", "shared_buffers=16MB", "max_connections=40", "autovacuum=off"].iter().chain(settings)
    {
        command.args(["-c", setting]);
    }
    let mut server = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
    loop {
        if server.try_wait().unwrap().is_some() {
            return None;
        }
        let ready = Command::new(programs.join("pg_isready"))
            .args(["--quiet", "--host=127.0.0.1", "--port", &port.to_string()])
            .status()
            .unwrap();
        if ready.success() {
            return Some((server, port));
        }
        // backoff: each question is a process of its own, and the server needs the processor to start.
        std::thread::sleep(std::time::Duration::from_millis(20)); // backoff: each question is a process of its own
    }
}

/// The newest PostgreSQL of the machine (Debian's folders), else the one on the `PATH`.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.map(|entry| entry.path()).filter(|path| path.join("bin/postgres").exists());
    if let Some(newest) = newest.max_by_key(|path| version(path)) {
        return newest.join("bin");
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).find(|folder| folder.join("postgres").exists());
    found.expect("no PostgreSQL on this machine; `cargo xtask tools` installs it")
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A program that becomes somebody else by `exec`, so that its pid is the program's.
fn as_system_user(program: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        let (user, group) = (format!("--reuid={SYSTEM_USER}"), format!("--regid={SYSTEM_USER}"));
        command.args([user, group, "--clear-groups".to_owned()]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/").stdin(Stdio::null());
    command
}

fn give(folder: &Path) {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    if is_root() {
        let given = Command::new("chown").arg(SYSTEM_USER).arg(folder).status().unwrap();
        assert!(given.success(), "the user `{SYSTEM_USER}` is not on this machine");
    }
}

/// Hands a file to the server's user, readable by nobody else: what it asks of a key.
pub fn give_key(file: &Path) {
    give(file);
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}
