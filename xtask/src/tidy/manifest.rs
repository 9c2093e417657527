//! What the rules need to know of a `Cargo.toml`.

use toml::Table;

use super::tree::{Tree, lines};

/// One dependency line of a manifest.
pub struct Dependency {
    pub name: String,
    /// For tests only.
    pub dev: bool,
    /// Taken from the root manifest by `workspace = true`.
    pub inherited: bool,
}

/// A manifest and the folder name of its crate.
pub struct Manifest<'a> {
    pub path: &'a str,
    pub text: &'a str,
    pub folder: &'a str,
    pub table: Table,
}

impl Manifest<'_> {
    /// Every dependency, of every kind and for every target.
    pub fn dependencies(&self) -> Vec<Dependency> {
        let mut tables = vec![&self.table];
        let targets = self.table.get("target").and_then(toml::Value::as_table);
        tables.extend(targets.into_iter().flat_map(|all| all.values().filter_map(toml::Value::as_table)));
        let mut found = Vec::new();
        for (kind, dev) in
            [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)]
        {
            for section in tables.iter().filter_map(|table| table.get(kind)?.as_table()) {
                found.extend(section.iter().map(|(name, value)| Dependency {
                    name: name.clone(),
                    dev,
                    inherited: value.get("workspace").and_then(toml::Value::as_bool) == Some(true),
                }));
            }
        }
        found
    }

    /// The first line that begins with this name, or 0.
    pub fn line_of(&self, name: &str) -> usize {
        let is_it = |line: &str| {
            line.trim_start().strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '.', '=']))
        };
        lines(self.text).find(|(_, line)| is_it(line)).map_or(0, |(number, _)| number)
    }
}

/// The manifests of `crates/*` and `xtask`. What does not parse is left to cargo, which says it better.
pub fn members(tree: &Tree) -> Vec<Manifest<'_>> {
    tree.ending("/Cargo.toml")
        .filter_map(|(path, text)| {
            let folder = path.strip_suffix("/Cargo.toml")?;
            let folder = folder.strip_prefix("crates/").unwrap_or(folder);
            let is_member = !folder.contains('/');
            is_member.then(|| Some(Manifest { path, text, folder, table: text.parse().ok()? }))?
        })
        .collect()
}

/// The manifest at the top of the repository.
pub fn root(tree: &Tree) -> Option<Manifest<'_>> {
    let text = tree.text("Cargo.toml")?;
    Some(Manifest { path: "Cargo.toml", text, folder: "", table: text.parse().ok()? })
}
