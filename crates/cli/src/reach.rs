//! Which of our own files lie inside of what an upstream's command hands to it.

use std::path::{Path, PathBuf};

/// For each of `ours` that lies inside of a folder among the words of `command`: it, and that folder.
pub fn within_reach<'a>(
    ours: impl IntoIterator<Item = &'a Path>,
    command: &[String],
    cwd: Option<&Path>,
) -> Vec<(PathBuf, PathBuf)> {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    let base = cwd.unwrap_or(Path::new(""));
    let words = command.iter().skip(1).filter_map(|word| real(&base.join(word)));
    let handed: Vec<PathBuf> = words.filter(|path| path.is_dir()).collect();
    let inside = |ours: PathBuf| {
        let folder = handed.iter().find(|folder| ours.starts_with(folder))?.clone();
        Some((ours, folder))
    };
    ours.into_iter().filter_map(real).filter_map(inside).collect()
}
