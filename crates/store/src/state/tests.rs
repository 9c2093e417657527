use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use super::*;
use crate::conformance::samples::*;
use crate::{SqliteStore, Store as _};

struct Case {
    temp: TempDir,
}

impl Case {
    fn new() -> Self {
        Self { temp: tempfile::tempdir().unwrap() }
    }

    /// A complete state with one entry in it.
    fn used() -> (Self, StatePaths) {
        let case = Self::new();
        let dir = case.open().unwrap();
        let store = SqliteStore::open(&dir, dir.writer().unwrap(), None).unwrap();
        commit(&store, append(&store, "a"));
        (case, dir.paths().clone())
    }

    fn root(&self) -> PathBuf {
        self.temp.path().join("state")
    }

    fn open(&self) -> Result<StateDir, StateError> {
        StateDir::open(self.root())
    }

    /// Fails to open, with a message and a way out that both name what they are about.
    fn refused(&self, names: &str) -> StateError {
        let error = self.open().unwrap_err();
        assert!(error.to_string().contains(names), "`{error}` does not name {names}");
        assert!(!error.hint().is_empty());
        error
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_directory_is_for_its_owner_only_and_opens_again_as_the_same_state() {
    let case = Case::new();
    let dir = case.open().unwrap();
    let StatePaths { root, version, key, next_key: _, database, gate, writers, console: _, reserve, setup } =
        dir.paths();
    assert_eq!([root, writers].map(|path| mode(path)), [0o700, 0o700]);
    assert_eq!([version, key, database, gate, reserve, setup].map(|path| mode(path)), [0o600; 6]);
    assert_eq!(fs::read_to_string(version).unwrap(), "lastlook-state 1\n");
    assert_eq!(fs::metadata(reserve).unwrap().len(), 4 << 20);
    let again = case.open().unwrap();
    assert_eq!(again.state_id(), dir.state_id());
    assert_eq!(again.verifier_key(), dir.verifier_key());
    assert_eq!(again.verifier_key().name(), format!("lastlook/{}", dir.state_id()));
}

#[test]
fn two_states_have_different_ids_and_keys() {
    let [one, two] = [Case::new(), Case::new()].map(|case| case.open().unwrap());
    assert_ne!(one.state_id(), two.state_id());
    assert_ne!(one.verifier_key().public_bytes(), two.verifier_key().public_bytes());
}

#[test]
fn many_openers_of_a_new_directory_agree_on_one_state() {
    let case = Case::new();
    let open = || {
        std::thread::scope(|scope| {
            (0..6).map(|_| scope.spawn(|| case.open())).map(|it| it.join()).collect::<Vec<_>>()
        })
    };
    let keys: Vec<_> = open().into_iter().map(|dir| dir.unwrap().unwrap().verifier_key()).collect();
    assert!(keys.iter().all(|key| *key == keys[0]));
}

#[test]
fn a_state_whose_making_was_cut_short_is_completed() {
    let remove: [&[&str]; 4] = [
        &["version"],
        &["version", "reserve"],
        &["version", "lastlook.db", "reserve"],
        &["version", "lastlook.db", "reserve", "key"],
    ];
    for missing in remove {
        let case = Case::new();
        let first = case.open().unwrap();
        missing.iter().for_each(|name| fs::remove_file(case.root().join(name)).unwrap());
        fs::write(case.root().join("key.new"), "half a ke").unwrap();
        let dir = case.open().unwrap();
        assert_eq!(dir.verifier_key() == first.verifier_key(), !missing.contains(&"key"), "{missing:?}");
        let store = SqliteStore::open(&dir, dir.writer().unwrap(), None).unwrap();
        commit(&store, append(&store, "a"));
    }
}

#[test]
fn a_file_is_not_a_state_directory() {
    let case = Case::new();
    fs::write(case.root(), "").unwrap();
    assert!(matches!(case.refused("state"), StateError::NotADirectory { .. }));
    assert!(matches!(StateDir::open(case.root().join("below")), Err(StateError::NotADirectory { .. })));
}

#[test]
fn a_directory_with_other_things_in_it_is_left_alone() {
    let case = Case::new();
    fs::create_dir(case.root()).unwrap();
    fs::write(case.root().join("thesis.tex"), "").unwrap();
    assert!(matches!(case.refused("thesis.tex"), StateError::NotAState { .. }));
    assert_eq!(fs::read_dir(case.root()).unwrap().count(), 1);
}

#[test]
fn a_state_of_another_version_is_refused() {
    let (case, paths) = Case::used();
    for other in ["lastlook-state 2\n", "", "lastlook-state 1", "\u{0}\u{fffd}"] {
        fs::write(&paths.version, other).unwrap();
        assert!(matches!(case.refused("another version"), StateError::OtherVersion { .. }));
    }
}

#[test]
fn a_database_of_another_version_is_refused() {
    for other in [0, 7, 99] {
        let (case, paths) = Case::used();
        rusqlite::Connection::open(&paths.database)
            .unwrap()
            .pragma_update(None, "user_version", other)
            .unwrap();
        let error = case.refused("lastlook.db");
        assert!(
            matches!(error, StateError::DatabaseVersion { found, known: 6, .. } if found == other),
            "{error}"
        );
    }
}

#[test]
fn a_missing_key_is_never_replaced() {
    let (case, paths) = Case::used();
    fs::remove_file(&paths.key).unwrap();
    assert!(matches!(case.refused("key"), StateError::KeyMissing { .. }));
    fs::remove_file(&paths.version).unwrap();
    assert!(
        matches!(case.refused("key"), StateError::KeyMissing { .. }),
        "the logs it signed are still there"
    );
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let (case, paths) = Case::used();
    for mode in [0o640, 0o604, 0o660] {
        fs::set_permissions(&paths.key, Permissions::from_mode(mode)).unwrap();
        let error = case.refused(&format!("mode {mode:o}"));
        assert!(matches!(error, StateError::KeyExposed { .. }) && error.hint().contains("chmod 600"));
    }
}

#[test]
fn a_damaged_key_is_refused_and_says_how() {
    let (case, paths) = Case::used();
    let whole = fs::read_to_string(&paths.key).unwrap();
    for length in 0..whole.len() {
        fs::write(&paths.key, &whole.as_bytes()[..length]).unwrap();
        assert!(matches!(case.refused("key"), StateError::KeyDamaged { .. }), "cut at {length}");
    }
    for other in [format!("{whole}more\n"), whole.replace("seed ", "seed x"), whole.to_uppercase()] {
        fs::write(&paths.key, other).unwrap();
        assert!(matches!(case.refused("key"), StateError::KeyDamaged { .. }));
    }
    fs::write(&paths.key, [0xff; 90]).unwrap();
    assert!(matches!(case.refused("key"), StateError::KeyDamaged { .. }));
}

#[test]
fn a_key_of_another_state_is_refused() {
    let ((case, paths), (_other, others)) = (Case::used(), Case::used());
    let id = case.open().unwrap().state_id().to_owned();
    fs::copy(&others.key, &paths.key).unwrap();
    assert!(matches!(case.refused("key"), StateError::KeyForeign { .. }));
    // The right id with another seed is no better.
    let seed = fs::read_to_string(&others.key).unwrap().split_once('\n').unwrap().1.to_owned();
    fs::write(&paths.key, format!("state {id}\n{seed}")).unwrap();
    assert!(matches!(case.refused("key"), StateError::KeyForeign { .. }));
}

#[test]
fn a_missing_database_is_never_replaced() {
    let (case, paths) = Case::used();
    fs::remove_file(&paths.database).unwrap();
    assert!(matches!(case.refused("lastlook.db"), StateError::DatabaseMissing { .. }));
}

#[test]
fn a_database_that_is_not_one_is_named_with_the_way_out() {
    let (case, paths) = Case::used();
    let whole = fs::read(&paths.database).unwrap();
    let mut torn = whole.clone();
    torn[4096..8192].fill(0xa5);
    let mut bad_header = whole.clone();
    bad_header[16..24].fill(0);
    let broken: [(&str, &[u8]); 6] = [
        ("garbage", &[0xa5; 9_000]),
        ("text", b"# not a database\n"),
        ("empty", b""),
        ("cut short", &whole[..whole.len() / 2]),
        ("a torn page", &torn),
        ("a bad header", &bad_header),
    ];
    for (what, bytes) in broken {
        fs::write(&paths.database, bytes).unwrap();
        let error = case.refused("lastlook.db");
        assert!(matches!(error, StateError::DatabaseCorrupt { .. }), "{what}: {error}");
        assert!(error.hint().contains("back-up"), "{what}");
    }
}

#[test]
fn another_programs_database_is_refused() {
    let (case, paths) = Case::used();
    fs::remove_file(&paths.database).unwrap();
    rusqlite::Connection::open(&paths.database)
        .unwrap()
        .execute_batch("CREATE TABLE t (x); PRAGMA user_version = 9")
        .unwrap();
    assert!(matches!(case.refused("another program"), StateError::DatabaseCorrupt { .. }));
}

#[test]
fn a_directory_that_cannot_be_written_is_refused() {
    let (case, paths) = Case::used();
    fs::set_permissions(&paths.root, Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(case.temp.path(), Permissions::from_mode(0o755)).unwrap();
    let below = paths.root.join("below");
    // Permissions do not bind root: try as somebody else, on a thread that is.
    let results = std::thread::spawn(move || {
        if rustix::process::geteuid().is_root() {
            rustix::thread::set_thread_uid(rustix::process::Uid::from_raw(65_534)).unwrap();
        }
        [paths.root, below].map(|path| StateDir::open(path).unwrap_err())
    });
    for error in results.join().unwrap() {
        assert!(matches!(error, StateError::ReadOnly { .. }), "{error}");
        assert!(error.hint().contains("writable"));
    }
    fs::set_permissions(case.root(), Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn writers_get_the_lowest_free_slots_and_only_ended_ones_are_dead() {
    let case = Case::new();
    let dir = case.open().unwrap();
    let [one, two, three] = [(); 3].map(|()| dir.writer().unwrap());
    assert_eq!([&one, &two, &three].map(Writer::n), [1, 2, 3]);
    assert!(dir.dead_writers().unwrap().is_empty());
    drop((one, two));
    let numbers = |dead: &[DeadWriter]| dead.iter().map(DeadWriter::n).collect::<Vec<_>>();
    let dead = dir.dead_writers().unwrap();
    assert_eq!(numbers(&dead), [1, 2]);
    // Nobody else recovers them meanwhile, and nobody takes their slots.
    assert!(dir.dead_writers().unwrap().is_empty());
    assert_eq!(case.open().unwrap().writer().unwrap().n(), 4);
    drop(dead);
    assert_eq!(dir.writer().unwrap().n(), 1);
    assert_eq!(numbers(&dir.dead_writers().unwrap()), [1, 2, 4]);
}

#[test]
fn an_origin_names_the_state_and_the_writer() {
    let case = Case::new();
    let dir = case.open().unwrap();
    let store = SqliteStore::open(&dir, dir.writer().unwrap(), None).unwrap();
    let id = store.writer().unwrap();
    assert_eq!((id.n, id.origin.as_str()), (1, format!("lastlook/{}/1", dir.state_id()).as_str()));
}

#[test]
fn a_console_is_where_it_says_until_its_process_ends() {
    let case = Case::new();
    let dir = case.open().unwrap();
    let (one, other) = ("127.0.0.1:4100".parse().unwrap(), "[::1]:4200".parse().unwrap());
    assert_eq!(dir.console(), None);
    let announced = dir.announce_console(one).unwrap().unwrap();
    assert_eq!(mode(&dir.paths().console), 0o600);
    assert_eq!(case.open().unwrap().console(), Some(one));
    assert!(dir.announce_console(other).unwrap().is_none(), "a second one is not where the first is");
    assert_eq!(dir.console(), Some(one));
    drop(announced);
    assert!(!dir.paths().console.exists());
    assert_eq!(dir.console(), None);
    // One that was killed leaves its file, and nobody holds it.
    fs::write(&dir.paths().console, "127.0.0.1:4300\n").unwrap();
    assert_eq!(dir.console(), None);
    let announced = dir.announce_console(other).unwrap().unwrap();
    assert_eq!(dir.console(), Some(other));
    for elsewhere in ["192.0.2.1:80\n", "127.0.0.1:80", "", "http://127.0.0.1:80\n"] {
        fs::write(&dir.paths().console, elsewhere).unwrap();
        assert_eq!(dir.console(), None, "{elsewhere:?}");
    }
    drop(announced);
}

#[test]
fn a_key_that_is_a_link_or_another_users_is_refused_and_nothing_is_written_through_a_link() {
    let (case, paths) = Case::used();
    let elsewhere = case.temp.path().join("elsewhere");
    fs::rename(&paths.key, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &paths.key).unwrap();
    assert!(matches!(case.refused("key"), StateError::KeyNotAFile { .. }));
    fs::remove_file(&paths.key).unwrap();
    fs::create_dir(&paths.key).unwrap();
    assert!(matches!(case.refused("key"), StateError::KeyExposed { .. } | StateError::KeyNotAFile { .. }));
    fs::remove_dir(&paths.key).unwrap();
    fs::rename(&elsewhere, &paths.key).unwrap();
    // What is written is a new file, not what a link of that name leads to.
    fs::write(&elsewhere, "theirs").unwrap();
    let dir = case.open().unwrap();
    std::os::unix::fs::symlink(&elsewhere, paths.root.join("key.new")).unwrap();
    let passphrase = crate::sealed::Passphrase::new("correct horse".to_owned().into()).unwrap();
    dir.reseal_key(Some(&passphrase), &|_| {}).unwrap();
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "theirs");
    assert!(fs::symlink_metadata(&paths.key).unwrap().is_file());
    assert_eq!(mode(&paths.key), 0o600);
    // Only root can give a file away; elsewhere the check has nothing to find.
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&paths.key, Some(65_534), None).unwrap();
        assert!(matches!(case.refused("key"), StateError::NotYours { .. }));
    }
}

#[test]
fn a_directory_that_others_can_write_is_refused() {
    let (case, paths) = Case::used();
    for mode in [0o720, 0o702, 0o777] {
        fs::set_permissions(&paths.root, Permissions::from_mode(mode)).unwrap();
        let error = case.refused(&format!("mode {mode:o}"));
        assert!(matches!(error, StateError::Exposed { .. }) && error.hint().contains("chmod go-w"));
    }
    fs::set_permissions(&paths.root, Permissions::from_mode(0o755)).unwrap();
    case.open().unwrap();
}
