//! Configurations that are written with words in the place of what only a test knows.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::tools;

/// Copies a configuration from beside these tests into a folder, each word replaced, and the policies beside it.
pub fn filled(name: &str, into: &Path, words: &[(&str, &Path)]) -> PathBuf {
    changed(name, into, words, |text| text)
}

/// The same with a change of the operator's mind.
pub fn changed(
    name: &str,
    into: &Path,
    words: &[(&str, &Path)],
    change: impl Fn(String) -> String,
) -> PathBuf {
    let source = tools::here(name);
    let mut text = change(std::fs::read_to_string(&source).unwrap());
    for (word, value) in words {
        let word = format!("\"{word}\"");
        assert!(text.contains(&word), "{word} is not in {name}");
        text = text.replace(&word, &serde_json::to_string(value.to_str().unwrap()).unwrap());
    }
    let file = into.join(source.file_name().unwrap());
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let policy = source.with_extension("cedar");
    if policy.exists() {
        std::fs::copy(&policy, file.with_extension("cedar")).unwrap();
    }
    file
}
