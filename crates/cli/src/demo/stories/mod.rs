//! The stories, one file each.

mod killed;
mod race;
mod stale;

use super::stage::Stage;

/// A story: its folder's name, its title, and how it goes.
pub struct Story {
    /// The name of its folder.
    pub name: &'static str,
    /// What it is about, in one line.
    pub title: &'static str,
    /// Tells it.
    pub tell: fn(&mut Stage<'_>) -> anyhow::Result<()>,
}

/// All stories, in the order they are told.
pub const ALL: [Story; 3] = [
    Story {
        name: "stale",
        title: "Between an agent's reading and its action, somebody changes the file",
        tell: stale::tell,
    },
    Story { name: "race", title: "Two agents act on the same reading at the same moment", tell: race::tell },
    Story { name: "killed", title: "A boundary is killed in the middle of an action", tell: killed::tell },
];
