//! A log as static files: <https://c2sp.org/tlog-tiles>. `spec/tiles.md` says what of it is ours.
//!
//! A *tile* holds up to 256 neighbouring hashes of one level, a *bundle* up to 256 neighbouring entries. Full ones never change,
//! so whoever keeps such files needs only the new ones.

#[cfg(test)]
mod tests;

use crate::entry::{PAYLOAD_TYPE, pre_auth_encoding};
use crate::tree::{Hash, root_of};
use std::fmt;

/// How many hashes or entries a full tile or bundle holds.
pub const WIDTH: u64 = 256;
/// The largest entry that a bundle can hold, in bytes: its length stands in two.
pub const MAX_BUNDLED_BYTES: usize = u16::MAX as usize;

/// One file: a tile of hashes, or a bundle of entries. Its `Display` form is its path below the log's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// Which level of hashes, the leaves being level 0; nothing: entries.
    pub level: Option<u8>,
    /// Its place in its level, from 0.
    pub index: u64,
    /// How many hashes or entries it holds, 1 to [`WIDTH`].
    pub width: u64,
}

impl Tile {
    /// Whether nothing can be added to it.
    pub fn is_full(&self) -> bool {
        self.width == WIDTH
    }

    /// The same place, full.
    pub fn full(self) -> Tile {
        Tile { width: WIDTH, ..self }
    }

    /// The place of its first hash or entry in its level.
    pub fn start(&self) -> u64 {
        self.index.saturating_mul(WIDTH)
    }

    /// The hashes of a tile; nothing for a bundle, or when the levels do not reach so far.
    pub fn hashes<'a>(&self, levels: &'a [Vec<Hash>]) -> Option<&'a [Hash]> {
        let level = levels.get(usize::from(self.level?))?;
        let start = usize::try_from(self.start()).ok()?;
        level.get(start..start.checked_add(usize::try_from(self.width).ok()?)?)
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Some(level) => write!(f, "tile/{level}/")?,
            None => f.write_str("tile/entries/")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for (left, group) in groups.iter().enumerate().rev() {
            if left > 0 { write!(f, "x{group:03}/")? } else { write!(f, "{group:03}")? }
        }
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// The files of a tree of `new` entries that one of `old` entries had not: bundles first, then tiles, level by level.
pub fn new_tiles(old: u64, new: u64) -> Vec<Tile> {
    let mut tiles = Vec::new();
    new_of(None, old, new, &mut tiles);
    let (mut level, mut old, mut new) = (0, old, new);
    while new > 0 {
        new_of(Some(level), old, new, &mut tiles);
        (level, old, new) = (level + 1, old / WIDTH, new / WIDTH);
    }
    tiles
}

/// Those of one level, which had `old` hashes and has `new`.
fn new_of(level: Option<u8>, old: u64, new: u64, tiles: &mut Vec<Tile>) {
    if old >= new {
        return;
    }
    let full = (old / WIDTH)..(new / WIDTH);
    tiles.extend(full.map(|index| Tile { level, index, width: WIDTH }));
    let rest = new % WIDTH;
    if rest > 0 {
        tiles.push(Tile { level, index: new / WIDTH, width: rest });
    }
}

/// The hashes of every level: the leaves, then the roots of full tiles of the level below.
pub fn levels(leaves: Vec<Hash>) -> Vec<Vec<Hash>> {
    const FULL: usize = WIDTH as usize;
    let mut levels = vec![leaves];
    loop {
        let below = levels.last().map(Vec::as_slice).unwrap_or_default();
        let above: Vec<Hash> = below.chunks_exact(FULL).map(root_of).collect();
        if above.is_empty() {
            return levels;
        }
        levels.push(above);
    }
}

/// Adds an entry to a bundle. One that is too large stands there with no bytes, which is no entry, and has to be kept beside it;
/// then this is false.
pub fn bundle(bundle: &mut Vec<u8>, payload: &[u8]) -> bool {
    let entry = leaf_data(payload);
    let length = u16::try_from(entry.len());
    bundle.extend(length.unwrap_or_default().to_be_bytes());
    if length.is_ok() {
        bundle.extend(entry);
    }
    length.is_ok()
}

/// The entries of a bundle, each as its leaf holds it; nothing if the bytes do not end with an entry.
pub fn unbundle(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        bytes = rest;
    }
    Some(entries)
}

/// What the leaf of an entry holds: the pre-authentication encoding (DSSE) of its payload.
pub fn leaf_data(payload: &[u8]) -> Vec<u8> {
    pre_auth_encoding(PAYLOAD_TYPE, payload)
}

/// The payload in what a leaf holds; nothing if it is of something else.
pub fn payload_of(leaf_data: &[u8]) -> Option<&[u8]> {
    let rest = leaf_data.strip_prefix(format!("DSSEv1 {} {PAYLOAD_TYPE} ", PAYLOAD_TYPE.len()).as_bytes())?;
    let space = rest.iter().position(|byte| *byte == b' ')?;
    let (length, payload) = rest.split_at_checked(space)?;
    let payload = payload.get(1..)?;
    (payload.len().to_string().as_bytes() == length).then_some(payload)
}
