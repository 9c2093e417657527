use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use lastlook_upstream::source::file::read;
use lastlook_upstream::source::{Bounds, Got, SourceError};

use crate::{BOUNDS, refused, run, shown, value};

fn look(path: impl AsRef<Path>) -> Result<Got, SourceError> {
    run(read(path.as_ref(), &BOUNDS))
}

/// SHA-256 of `hello\n`.
const HELLO: &str = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().canonicalize().unwrap();
    (folder, real)
}

/// A file last written at `seconds` after the Unix epoch, and a nanosecond.
fn hello(path: &Path, seconds: u64) {
    std::fs::write(path, "hello\n").unwrap();
    let at = SystemTime::UNIX_EPOCH + Duration::new(seconds, 1);
    std::fs::File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
}

#[test]
fn a_file_is_its_digest_size_and_time() {
    let (_kept, folder) = folder();
    let path = folder.join("a");
    hello(&path, 1_000_000_000);
    let got = look(&path).unwrap();
    let expect =
        format!(r#"{{"exists":true,"mtime":"2001-09-09T01:46:40.000000001Z","sha256":"{HELLO}","size":6}}"#);
    assert_eq!(shown(&got.value), expect);
    assert_eq!(got.version.as_deref(), Some(HELLO));
    assert_eq!(got.as_of_ns, Some(1_000_000_000_000_000_001));
}

#[test]
fn the_bound_on_bytes_is_not_one_on_the_file() {
    let (_kept, folder) = folder();
    std::fs::write(folder.join("a"), vec![0; 3 << 20]).unwrap();
    let got = run(read(&folder.join("a"), &Bounds { max_bytes: 10, ..BOUNDS })).unwrap();
    assert_eq!(got.value.get("size").and_then(|size| size.as_i64()), Some(3 << 20));
}

#[test]
fn nothing_there_is_a_fact() {
    let (_kept, folder) = folder();
    hello(&folder.join("a"), 1);
    for name in ["b", "b/c", "a/b"] {
        assert_eq!(value(look(folder.join(name))), r#"{"exists":false}"#, "{name}");
    }
}

#[test]
fn what_is_no_file_is_named_and_not_opened() {
    let (_kept, folder) = folder();
    assert_eq!(value(look(&folder)), r#"{"exists":true,"kind":"folder"}"#);
    assert!(Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap().success());
    assert_eq!(value(look(folder.join("pipe"))), r#"{"exists":true,"kind":"fifo"}"#);
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket")).unwrap();
    assert_eq!(value(look(folder.join("socket"))), r#"{"exists":true,"kind":"socket"}"#);
    assert_eq!(value(look("/dev/zero")), r#"{"exists":true,"kind":"device"}"#);
}

#[test]
fn links_anywhere_on_the_way_are_resolved_and_shown() {
    let (_kept, folder) = folder();
    std::fs::create_dir(folder.join("real")).unwrap();
    hello(&folder.join("real/a"), 1);
    symlink("real/a", folder.join("one")).unwrap();
    symlink("one", folder.join("two")).unwrap();
    symlink(folder.join("two"), folder.join("three")).unwrap();
    symlink("real", folder.join("in")).unwrap();
    symlink("../real/../in", folder.join("real/up")).unwrap();
    let real = folder.join("real/a");
    for name in ["one", "two", "three", "in/a", "real/up/a"] {
        let got = look(folder.join(name)).unwrap();
        assert_eq!(got.value.get("target").and_then(|target| target.as_str()), real.to_str(), "{name}");
        assert_eq!(got.version.as_deref(), Some(HELLO), "{name}");
    }
    for name in ["real/a", "real//a", "real/./a"] {
        assert_eq!(look(folder.join(name)).unwrap().value.get("target"), None, "{name}");
    }
    assert_eq!(
        value(look(folder.join("in"))),
        format!(r#"{{"exists":true,"kind":"folder","target":"{}"}}"#, folder.join("real").display())
    );
}

#[test]
fn links_to_nothing_show_where_they_lead() {
    let (_kept, folder) = folder();
    symlink("gone/away", folder.join("one")).unwrap();
    symlink("../elsewhere/./one", folder.join("up")).unwrap();
    symlink(".", folder.join("here")).unwrap();
    let parent = folder.parent().unwrap();
    for (name, target) in [
        ("one", folder.join("gone/away")),
        ("one/more", folder.join("gone/away/more")),
        ("up", parent.join("elsewhere/one")),
        ("here/new", folder.join("new")),
    ] {
        let expect = format!(r#"{{"exists":false,"target":"{}"}}"#, target.display());
        assert_eq!(value(look(folder.join(name))), expect, "{name}");
    }
    symlink("round", folder.join("round")).unwrap();
    assert!(matches!(look(folder.join("round")), Err(SourceError::NotPlain(_))));
}

#[test]
fn a_path_that_is_none_is_refused() {
    assert_eq!(refused(look("a/b")), "the path of a file has to be absolute");
    refused(look("/a\0b"));
    refused(look(format!("/{}", "x".repeat(300))));
}

#[test]
fn a_file_that_keeps_changing_is_no_fact() {
    let (_kept, folder) = folder();
    let path = folder.join("a");
    std::fs::write(&path, vec![0; 4 << 20]).unwrap();
    let over = AtomicBool::new(false);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            for byte in (0..=u8::MAX).cycle().take_while(|_| !over.load(Ordering::SeqCst)) {
                std::os::unix::fs::FileExt::write_at(&file, &[byte], 1).unwrap();
            }
        });
        // A writer that the system let wait has changed nothing meanwhile: then there is a digest, rightly.
        let refused = loop {
            let got = look(&path);
            if got.is_err() || begun.elapsed() > BOUNDS.timeout {
                break got;
            }
        };
        over.store(true, Ordering::SeqCst);
        assert_eq!(
            refused,
            Err(SourceError::NotPlain("the file kept changing while it was read".to_owned()))
        );
    });
}

#[test]
fn a_file_that_is_replaced_by_whole_files_is_one_of_them() {
    let (_kept, folder) = folder();
    let path = folder.join("a");
    let (ones, twos) = (vec![1; 1 << 20], vec![2; 1 << 20]);
    std::fs::write(&path, &ones).unwrap();
    let digests: Vec<String> = [&ones, &twos]
        .map(|bytes| {
            std::fs::write(folder.join("b"), bytes).unwrap();
            look(folder.join("b")).unwrap().version.unwrap()
        })
        .to_vec();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                for bytes in [&twos, &ones] {
                    std::fs::write(folder.join("new"), bytes).unwrap();
                    std::fs::rename(folder.join("new"), &path).unwrap();
                }
            }
        });
        for _ in 0..20 {
            match look(&path) {
                Ok(got) => assert!(digests.contains(&got.version.unwrap())),
                Err(error) => assert!(matches!(error, SourceError::NotPlain(_)), "{error:?}"),
            }
        }
        over.store(true, Ordering::SeqCst);
    });
}

#[test]
fn a_file_too_large_for_its_time_is_late() {
    let (_kept, folder) = folder();
    let path = folder.join("a");
    // Sparse: takes no room, and an hour to read.
    std::fs::File::create(&path).unwrap().set_len(1 << 42).unwrap();
    let bounds = Bounds { timeout: Duration::from_millis(200), ..BOUNDS };
    assert_eq!(run(read(&path, &bounds)), Err(SourceError::Late));
}
