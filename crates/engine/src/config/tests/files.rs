use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;

use tempfile::TempDir;

use super::*;

struct Home {
    dir: TempDir,
    variables: HashMap<&'static str, OsString>,
}

impl Home {
    fn new() -> Self {
        Self { dir: TempDir::new().unwrap(), variables: HashMap::new() }
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.dir.path().join(relative)
    }

    /// Writes a file whose principal tells it from others.
    fn file(&self, relative: &str) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("principal.id = 'File::\"{relative}\"'")).unwrap();
        set_mode(&path, 0o644);
        path
    }

    fn set(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.insert(name, value.into());
        self
    }

    fn find(&self, explicit: Option<&Path>) -> Result<Option<Config>, ConfigError> {
        find::find(explicit, |name| self.variables.get(name).cloned())
    }

    /// Which file was found, or the message with the folder's own name taken out.
    fn found(&self, explicit: Option<&Path>) -> String {
        match self.find(explicit) {
            Ok(Some(config)) => config.principal.unwrap(),
            Ok(None) => "nothing".to_owned(),
            Err(error) => render(&error).replace(&self.dir.path().display().to_string(), "DIR"),
        }
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

#[test]
fn the_explicit_file_wins_then_the_variable_then_the_users_folder() {
    let home = Home::new();
    let (explicit, variable) = (home.file("explicit.toml"), home.file("variable.toml"));
    home.file("xdg/lastlook/lastlook.toml");
    home.file(".config/lastlook/lastlook.toml");
    let (xdg, own) = (home.path("xdg"), home.path(""));
    let home = home.set("HOME", own);
    assert_eq!(home.found(None), r#"File::".config/lastlook/lastlook.toml""#);
    let home = home.set("XDG_CONFIG_HOME", xdg);
    assert_eq!(home.found(None), r#"File::"xdg/lastlook/lastlook.toml""#);
    let home = home.set("LASTLOOK_CONFIG", variable);
    assert_eq!(home.found(None), r#"File::"variable.toml""#);
    assert_eq!(home.found(Some(&explicit)), r#"File::"explicit.toml""#);
    let config = home.find(Some(&explicit)).unwrap().unwrap();
    assert_eq!(config.path, explicit);
}

#[test]
fn without_a_file_there_is_no_configuration() {
    assert_eq!(Home::new().found(None), "nothing");
    let home = Home::new();
    let (own, empty) = (home.path(""), OsString::new());
    assert_eq!(home.set("HOME", own).set("LASTLOOK_CONFIG", empty).found(None), "nothing");
    // Relative folders would be the working directory's.
    assert_eq!(Home::new().set("HOME", ".").set("XDG_CONFIG_HOME", ".").found(None), "nothing");
}

#[test]
fn files_that_cannot_be_believed_are_refused() {
    let home = Home::new();
    let [binary, large, open, shared] =
        ["binary.toml", "large.toml", "open.toml", "shared.toml"].map(|n| home.file(n));
    fs::write(&binary, b"a = \"\xff\"").unwrap();
    fs::write(&large, vec![b'#'; MAX_BYTES as usize + 1]).unwrap();
    set_mode(&open, 0o666);
    set_mode(&shared, 0o664);
    let mut shown = String::new();
    for path in [&home.path("missing.toml"), &home.path("binary.toml/x"), &home.path(""), &binary, &large] {
        shown += &home.found(Some(path));
    }
    if cfg!(unix) {
        shown += &home.found(Some(&open));
        shown += &home.found(Some(&shared));
    }
    let missing = home.path("missing.toml");
    let home = home.set("LASTLOOK_CONFIG", missing);
    shown += &home.found(None);
    shown += &home.set("LASTLOOK_CONFIG", "lastlook.toml").found(None);
    snapshot("files_that_cannot_be_believed", &shown);
}

#[test]
fn mistakes_in_a_file_name_the_file() {
    let home = Home::new();
    let path = home.file("lastlook.toml");
    fs::write(&path, "x = 1").unwrap();
    assert!(home.found(Some(&path)).contains("[DIR/lastlook.toml:1:1]"), "{}", home.found(Some(&path)));
}

#[test]
fn policy_files_stand_beside_the_configuration_and_are_held_to_its_rules() {
    let home = Home::new();
    let path = home.file("etc/lastlook.toml");
    let read = |text: &str| {
        fs::write(&path, text).unwrap();
        let read = home.find(Some(&path)).unwrap().unwrap().policy.unwrap().read();
        read.map_err(|error| render(&error).replace(&home.dir.path().display().to_string(), "DIR"))
    };
    let (policy, entities) = (home.file("etc/p.cedar"), home.file("e.json"));
    fs::write(&policy, "permit").unwrap();
    fs::write(&entities, "[]").unwrap();
    assert_eq!(read("policy.file = 'p.cedar'"), Ok(("permit".to_owned(), None)));
    let both = format!("policy = {{ file = '{}', entities = '../e.json' }}", policy.display());
    assert_eq!(read(&both), Ok(("permit".to_owned(), Some("[]".to_owned()))));
    let mut shown = read("policy.file = 'q.cedar'").unwrap_err();
    shown += &read("policy = { file = 'p.cedar', entities = 'e.json' }").unwrap_err();
    shown += &read("policy.file = '.'").unwrap_err();
    fs::write(&policy, b"\xff").unwrap();
    shown += &read("policy.file = 'p.cedar'").unwrap_err();
    fs::write(&policy, vec![b'#'; MAX_BYTES as usize + 1]).unwrap();
    shown += &read("policy.file = 'p.cedar'").unwrap_err();
    if cfg!(unix) {
        set_mode(&policy, 0o664);
        shown += &read("policy.file = 'p.cedar'").unwrap_err();
    }
    snapshot("policy_files_are_held_to_the_rules", &shown);
}
