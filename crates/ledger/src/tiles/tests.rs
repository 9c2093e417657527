use super::*;
use crate::tree::{empty_root, leaf_hash, root_of};
use std::cell::RefCell;
use std::collections::BTreeMap;
use tlog_tiles::tlog::{self, HashReader as _};

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

/// Their tiles have a height in the path; ours are always 8 high.
fn theirs(tile: &tlog_tiles::Tile) -> String {
    tile.path().replacen("tile/8/", "tile/", 1).replacen("tile/data/", "tile/entries/", 1)
}

#[test]
fn the_files_are_those_of_the_oracle() {
    let sizes =
        [0, 1, 2, 255, 256, 257, 511, 512, 513, 70_000, 65_535, 65_536, 65_537, 1 << 24, (1 << 24) + 1];
    for old in sizes {
        for new in sizes {
            let ours = new_tiles(old, new);
            let (bundles, tiles): (Vec<Tile>, Vec<Tile>) = ours.iter().partition(|tile| tile.level.is_none());
            let expected = if new < old { Vec::new() } else { tlog_tiles::Tile::new_tiles(8, old, new) };
            let spell = |tiles: Vec<Tile>| tiles.iter().map(ToString::to_string).collect::<Vec<_>>();
            assert_eq!(spell(tiles), expected.iter().map(theirs).collect::<Vec<_>>(), "{old} to {new}");
            let level_0: Vec<String> = expected.iter().filter(|it| it.level() == 0).map(theirs).collect();
            let level_0: Vec<String> = level_0.iter().map(|it| it.replacen("/0/", "/entries/", 1)).collect();
            assert_eq!(spell(bundles), level_0, "{old} to {new}");
        }
    }
}

#[test]
fn paths_are_those_of_c2sp() {
    let at = |level, index, width| Tile { level, index, width }.to_string();
    assert_eq!(at(Some(0), 1_234_067, 256), "tile/0/x001/x234/067");
    assert_eq!(at(None, 1_234_067, 1), "tile/entries/x001/x234/067.p/1");
    assert_eq!(at(Some(63), 0, 255), "tile/63/000.p/255");
    assert_eq!(at(Some(2), 1000, 256), "tile/2/x001/000");
    // The example of its text.
    let all: Vec<String> = new_tiles(0, 70_000).iter().map(ToString::to_string).collect();
    let starts = |with: &str| all.iter().filter(|it| it.starts_with(with)).count();
    assert_eq!([starts("tile/0/"), starts("tile/1/"), starts("tile/2/")], [274, 2, 1]);
    for partial in ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"] {
        assert!(all.iter().any(|it| it == partial), "{partial}");
    }
}

/// What a client of tiles has: files by their paths.
struct Files(RefCell<BTreeMap<String, Vec<u8>>>);

impl tlog_tiles::TileReader for Files {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        let files = self.0.borrow();
        Ok(tiles.iter().map(|tile| files[&theirs(tile)].clone()).collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

/// Files written as the log grows serve the oracle's client: it proves from them what it likes.
#[test]
fn the_oracle_reads_what_is_written() {
    let files = Files(RefCell::default());
    let mut before = 0;
    for size in [3, 256, 700, 65_536, 66_000, 66_001] {
        let all = leaves(size);
        let root = root_of(&all);
        let levels = levels(all.clone());
        for tile in new_tiles(before, size).into_iter().filter(|tile| tile.level.is_some()) {
            let bytes = tile.hashes(&levels).unwrap().iter().flat_map(|it| *it.as_bytes()).collect();
            files.0.borrow_mut().insert(tile.to_string(), bytes);
        }
        let reader = tlog_tiles::TileHashReader::new(size, tlog::Hash(*root.as_bytes()), &files);
        for index in [0, size / 2, size - 1] {
            let found = reader.read_hashes(&[tlog::stored_hash_index(0, index)]).unwrap();
            assert_eq!(found[0].0, *all[index as usize].as_bytes());
            let proof = tlog::prove_record(size, index, &reader).unwrap();
            let leaf = tlog::Hash(*all[index as usize].as_bytes());
            tlog::check_record(&proof, size, tlog::Hash(*root.as_bytes()), index, leaf).unwrap();
        }
        before = size;
    }
    assert_ne!(empty_root(), root_of(&leaves(1)));
}

#[test]
fn bundles_hold_what_the_leaves_hold() {
    let payloads: [&[u8]; 3] = [b"{}", b"", &[b'x'; 70_000]];
    let mut bytes = Vec::new();
    assert_eq!(payloads.map(|payload| bundle(&mut bytes, payload)), [true, true, false]);
    let found = unbundle(&bytes).unwrap();
    let kept: Vec<_> = found.iter().map(|entry| payload_of(entry)).collect();
    assert_eq!(kept, [Some(&b"{}"[..]), Some(&b""[..]), None]);
    assert_eq!(leaf_hash(found[0]), crate::leaf_of_payload(b"{}"));
    assert_eq!(found[2], b"");
    assert_eq!(unbundle(&bytes[..bytes.len() - 1]), None);
    assert_eq!(unbundle(&[0]), None);
    let mut other = leaf_data(b"{}");
    *other.last_mut().unwrap() = b'!';
    other.push(b'!');
    assert_eq!(payload_of(&other), None);
    assert_eq!(payload_of(b"DSSEv1 1 x 2 {}"), None);
    let longest = MAX_BUNDLED_BYTES - leaf_data(&[b'x'; 65_000]).len() + 65_000;
    assert!(bundle(&mut Vec::new(), &vec![b'x'; longest]));
    assert!(!bundle(&mut Vec::new(), &vec![b'x'; longest + 1]));
}
