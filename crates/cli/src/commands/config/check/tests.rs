use std::fs;
use std::path::{Path, PathBuf};

use super::*;

/// A file, with permissions that nobody objects to.
fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    path
}

/// The exit code, or the message of what is wrong.
fn check(text: &str, policy: Option<&str>, json: bool) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let config = file(folder.path(), "lastlook.toml", text);
    if let Some(policy) = policy {
        file(folder.path(), "policy.cedar", policy);
    }
    let place = Place { state: None, heads: None, config: Some(config), json };
    match run(&place) {
        Ok(code) => Ok(format!("{code:?}")),
        Err(failure) => Err(format!("{failure:?}").replace(&folder.path().display().to_string(), "DIR")),
    }
}

#[test]
fn a_file_without_mistakes_is_fine() {
    let success = Ok(format!("{:?}", ExitCode::SUCCESS));
    assert_eq!(check("", None, false), success);
    let policy = "[policy]\nfile = \"policy.cedar\"";
    assert_eq!(check(policy, Some("permit(principal, action, resource);"), true), success);
}

#[test]
fn mistakes_in_the_file_and_in_its_policies_are_errors() {
    for (text, policy, expect) in [
        ("x = 1", None, "unknown key `x`"),
        ("[policy]\nfile = \"policy.cedar\"", None, "there is no policy file at `DIR/policy.cedar`"),
        ("[policy]\nfile = \"policy.cedar\"", Some("permit(principal, action"), "policy.cedar"),
    ] {
        let failure = check(text, policy, false).unwrap_err();
        assert!(failure.contains(expect) && failure.contains("code: 2"), "{failure}");
        // For programs the answer is on standard output, with the same exit code.
        assert_eq!(check(text, policy, true), Ok(format!("{:?}", ExitCode::from(USAGE))));
    }
}

#[test]
fn a_problem_has_its_line_and_its_character() {
    let error = Config::parse("[defaults]\nmode = \"é\"\n  x = 1", "lastlook.toml").unwrap_err();
    let problems = problems(&error);
    let places: Vec<_> = problems.iter().map(|p| (p["line"].as_u64(), p["column"].as_u64())).collect();
    assert_eq!(places, [(Some(2), Some(8)), (Some(3), Some(3))]);
    assert_eq!(file_of(&error), Some("lastlook.toml"));
}

#[test]
fn the_summary_counts_what_there_is() {
    let config =
        Config::parse("upstream.a.command = ['a']\nupstream.b.command = ['b']\n[tool.'a.x']", "f").unwrap();
    assert_eq!(summary(&config, 1), "f: no mistakes; 2 upstreams, 1 tool, 1 policy\n");
    assert_eq!(summary(&Config::parse("", "f").unwrap(), 0), "f: no mistakes; nothing but defaults\n");
}
