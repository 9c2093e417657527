//! Exports as static files: written bit by bit, read by somebody else's client, verified anywhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lastlook_ledger::{
    Checkpoint, CosigningKey, Digest, Entry, Hash, Kind, SigningKey, Tree, leaf_of_payload, open_checkpoint,
};
use tlog_tiles::tlog::{self, HashReader as _};

use super::rig::{Witness, act, asked, key, ok, run, world};
use crate::guards::world::{Lost, World};
use crate::records::rig::{Said, copy};

/// Every file below a folder, by its path there.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for item in std::fs::read_dir(next).unwrap().map(|item| item.unwrap().path()) {
            if item.is_dir() {
                folders.push(item);
            } else {
                found.insert(item.strip_prefix(folder).unwrap().to_owned(), std::fs::read(item).unwrap());
            }
        }
    }
    found
}

/// The folder of the one log with entries.
fn log_folder(export: &Path) -> PathBuf {
    let all = files(export);
    let checkpoint = all.keys().find(|path| path.ends_with("checkpoint")).unwrap();
    export.join(checkpoint.parent().unwrap())
}

/// Somebody else's client of tiles.
struct Theirs(PathBuf);

impl tlog_tiles::TileReader for Theirs {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        let read = |tile: &tlog_tiles::Tile| {
            std::fs::read(self.0.join(tile.path().replacen("tile/8/", "tile/", 1)))
                .map_err(|_| tlog::Error::InvalidTile)
        };
        tiles.iter().map(read).collect()
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

/// Verifies an export as a stranger does.
fn verify(world: &World, export: &Path, more: &[&str]) -> Said {
    let key = key(world);
    let dir = export.display().to_string();
    run(world, &[&["verify", "--tiles", &dir, "--key", &key], more].concat())
}

#[test]
fn an_export_grows_with_its_log_and_is_read_by_others() {
    let world = world();
    let export = world.at("export");
    let dir = export.display().to_string();
    let witness = Witness::start(&world, "w1");
    world.configure(&witness.section("kim"));
    let mut agent = world.agent();
    let mut n = 6;
    let mut acts = |agent: &mut crate::client::Client, many: u64| {
        for _ in 0..many {
            act(agent, n);
            n += 1;
        }
    };
    acts(&mut agent, 2);
    assert!(ok(&world, &["log", "export", &dir]).contains("4 entries, 4 of them new, in 2 files"));
    let before = files(&log_folder(&export));
    acts(&mut agent, 126);
    agent.close();
    assert_eq!(asked(&world).0, 0);
    // 256 entries: the first tile and bundle are full, and what was partial is gone.
    assert!(ok(&world, &["log", "export", &dir]).contains("256 entries, 252 of them new, in 3 files"));
    let folder = log_folder(&export);
    let now = files(&folder);
    let names: Vec<String> = now.keys().map(|path| path.display().to_string()).collect();
    assert_eq!(names, ["checkpoint", "tile/0/000", "tile/1/000.p/1", "tile/entries/000"]);
    assert!(now[Path::new("tile/entries/000")].starts_with(&before[Path::new("tile/entries/000.p/4")]));
    // Nothing is new, and nothing is written but the checkpoint.
    assert!(ok(&world, &["log", "export", &dir]).contains("0 of them new, in 0 files"));
    let mut agent = world.agent();
    acts(&mut agent, 1);
    agent.close();
    ok(&world, &["log", "export", &dir]);
    let log_key = ok(&world, &["keys", "export"]).trim().parse().unwrap();
    let note = std::fs::read_to_string(folder.join("checkpoint")).unwrap();
    let checkpoint = open_checkpoint(&note, &[log_key]).unwrap();
    assert_eq!(checkpoint.size, 258);
    assert!(note.contains("\u{2014} witness.example/w1 "), "{note}");
    // Theirs reads the tiles, and proves with them what ours says of the entries.
    let theirs = Theirs(folder.clone());
    let root = tlog::Hash(*checkpoint.root.as_bytes());
    let reader = tlog_tiles::TileHashReader::new(258, root, &theirs);
    let bundle = std::fs::read(folder.join("tile/entries/001.p/2")).unwrap();
    let length = usize::from(u16::from_be_bytes([bundle[0], bundle[1]]));
    let entry = &bundle[2..2 + length];
    let payload = &entry[entry.iter().position(|byte| *byte == b'{').unwrap()..];
    Entry::from_payload(payload).unwrap();
    assert_eq!(reader.read_hashes(&[tlog::stored_hash_index(0, 256)]).unwrap(), [tlog::record_hash(entry)]);
    let proof = tlog::prove_record(258, 256, &reader).unwrap();
    tlog::check_record(&proof, 258, root, 256, tlog::record_hash(entry)).unwrap();
    let said = verify(&world, &export, &["--witness", &witness.key]);
    assert!(
        said.code == 0 && said.out.contains("all 258 entries") && said.out.contains("witnessed"),
        "{said:?}"
    );
    let plain = verify(&world, &export, &[]);
    assert!(plain.out.replace("\n            ", " ").contains("truncation is not detectable"), "{plain:?}");
    let other = CosigningKey::from_seed("w", &[3; 32]).unwrap().verifier().to_string();
    verify(&world, &export, &["--witness", &other]).fails(1, "(checkpoint-not-witnessed)");
    altered(&world, &folder);
}

/// Every way in which a file of an export can be another.
fn altered(world: &World, folder: &Path) {
    let copied = world.at("altered");
    let with = |change: &dyn Fn(&Path)| {
        let _ = std::fs::remove_dir_all(&copied);
        copy(folder, &copied);
        change(&copied);
        verify(world, &copied, &[])
    };
    let edit = |name: &'static str, change: fn(&mut Vec<u8>)| {
        move |folder: &Path| {
            let mut bytes = std::fs::read(folder.join(name)).unwrap();
            change(&mut bytes);
            std::fs::write(folder.join(name), bytes).unwrap();
        }
    };
    assert_eq!(with(&|_| {}).code, 0);
    for tile in ["tile/0/000", "tile/0/001.p/2", "tile/1/000.p/1"] {
        with(&edit(tile, |bytes| bytes.truncate(bytes.len() - 1))).fails(1, "(tile-size)");
        with(&edit(tile, |bytes| bytes.extend([0; 32]))).fails(1, "(tile-size)");
        with(&edit(tile, |bytes| bytes[7] ^= 1)).fails(1, "(tile-mismatch)");
        with(&|folder| std::fs::remove_file(folder.join(tile)).unwrap()).fails(1, "(tile-missing)");
    }
    for bundle in ["tile/entries/000", "tile/entries/001.p/2"] {
        with(&edit(bundle, |bytes| bytes.truncate(bytes.len() - 1))).fails(1, "(tile-size)");
        with(&edit(bundle, |bytes| bytes.push(0))).fails(1, "(tile-size)");
        with(&edit(bundle, |bytes| bytes.extend([0, 0]))).fails(1, "(tile-size)");
        with(&edit(bundle, |bytes| bytes[5] ^= 1)).fails(1, "(entry-statement)");
        with(&|folder| std::fs::remove_file(folder.join(bundle)).unwrap()).fails(1, "(tile-missing)");
        // An entry left out, and said to lie beside it.
        with(&edit(bundle, |bytes| {
            let length = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
            bytes.drain(2..2 + length);
            bytes[..2].fill(0);
        }))
        .fails(1, "(tile-missing)");
    }
    with(&edit("checkpoint", |bytes| bytes.truncate(40))).fails(1, "(checkpoint-unsigned)");
    with(&|folder| std::fs::remove_file(folder.join("checkpoint")).unwrap()).fails(2, "there is no export");
    // The full one in the place of the partial one, as another writer may have it.
    let said = with(&|folder| {
        let bytes = std::fs::read(folder.join("tile/0/001.p/2")).unwrap();
        std::fs::remove_dir_all(folder.join("tile/0/001.p")).unwrap();
        std::fs::write(folder.join("tile/0/001"), [bytes, vec![9; 8192 - 64]].concat()).unwrap();
    });
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn an_export_is_continued_by_its_own_log_only() {
    let mut world = world();
    world.set("LASTLOOK_HEADS", "");
    let export = world.at("export");
    let dir = export.display().to_string();
    let mut agent = world.agent();
    act(&mut agent, 6);
    agent.close();
    copy(&world.at("state"), &world.at("back-up"));
    let mut agent = world.agent();
    act(&mut agent, 7);
    agent.close();
    ok(&world, &["log", "export", &dir]);
    let kept = files(&export);
    std::fs::remove_dir_all(world.at("state")).unwrap();
    copy(&world.at("back-up"), &world.at("state"));
    run(&world, &["log", "export", &dir]).fails(1, "(log-cut-short)");
    let mut agent = world.agent();
    for n in 8..11 {
        act(&mut agent, n);
    }
    agent.close();
    run(&world, &["log", "export", &dir]).fails(1, "(log-replaced)");
    assert_eq!(files(&export), kept, "what was exported before is as it was");
    let other = super::rig::world();
    let mut agent = other.agent();
    act(&mut agent, 6);
    agent.close();
    std::fs::create_dir_all(log_folder(&export)).unwrap();
    verify(&other, &export, &[]).fails(1, "(checkpoint-unknown-key)");
    run(&other, &["verify", "--tiles", &dir]).fails(2, "--key");
}

/// An entry that no bundle can hold, appended as a writer would: it is kept beside its bundle, and verified there.
#[test]
fn an_entry_that_is_too_large_for_a_bundle_stands_beside_it() {
    let world = world();
    world.loses(Lost::Older);
    let mut agent = world.agent();
    act(&mut agent, 6);
    agent.close();
    append(&world, &"x".repeat(70_000));
    ok(&world, &["verify", "--logs"]);
    let export = world.at("export");
    let said = ok(&world, &["log", "export", &export.display().to_string()]);
    assert!(said.contains("3 entries") && said.contains("1 too large for a bundle"), "{said}");
    let large = log_folder(&export).join("large/2");
    let bytes = std::fs::read(&large).unwrap();
    assert!(bytes.len() > 70_000 && bytes.starts_with(b"DSSEv1 "));
    assert_eq!(verify(&world, &export, &[]).code, 0);
    let last = bytes.len() - 10_000;
    std::fs::write(&large, [&bytes[..last], b"y", &bytes[last + 1..]].concat()).unwrap();
    verify(&world, &export, &[]).fails(1, "(log-root)");
    std::fs::remove_file(&large).unwrap();
    verify(&world, &export, &[]).fails(1, "(tile-missing)");
}

/// Appends a `held` entry with this much in it to the log, signed with the state's own key.
fn append(world: &World, filling: &str) {
    let database = rusqlite::Connection::open(world.at("state/lastlook.db")).unwrap();
    let (origin, size): (String, i64) = database
        .query_row("SELECT origin, size FROM logs WHERE size > 0 AND writer = 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let file = std::fs::read_to_string(world.at("state/key")).unwrap();
    let digits = file.lines().find_map(|line| line.strip_prefix("seed ")).unwrap();
    let mut seed = [0; 32];
    for (at, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap();
    }
    let entry = Entry {
        kind: Kind::Held,
        origin: origin.clone(),
        attempt: "large".to_owned(),
        time: "2026-05-17T09:30:00.123456789Z".to_owned(),
        action: Digest::of("lastlook/test-action", &[]),
        body: serde_json::json!({
            "mode": "enforce", "principal": {"id": "User::\"ada\"", "asserted": true}, "upstream": "notes",
            "tool": "write_note", "filling": filling,
        }),
    };
    let payload = entry.to_payload().unwrap();
    let leaf = leaf_of_payload(&payload);
    let first_seq = 1_i64 << 40;
    let mut rows = database.prepare("SELECT leaf FROM entries WHERE seq >= ?1 ORDER BY seq").unwrap();
    let leaves = rows.query_map([first_seq], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let mut tree = Tree::from_leaf_hashes(leaves.map(|leaf| Hash::from_slice(&leaf.unwrap()).unwrap()));
    assert_eq!(tree.size(), size as u64);
    tree.push(leaf);
    let name = origin.rsplit_once('/').unwrap().0;
    let key = SigningKey::from_seed(name, &seed).unwrap();
    let checkpoint = Checkpoint { origin: origin.clone(), size: tree.size(), root: tree.root() };
    let note = key.sign_checkpoint(&checkpoint).unwrap();
    let frontier: Vec<u8> = tree.frontier().iter().flat_map(|hash| *hash.as_bytes()).collect();
    database
        .execute(
            "INSERT INTO entries (seq, attempt, kind, leaf, payload) VALUES (?1, 'large', 'held', ?2, ?3)",
            rusqlite::params![first_seq + size, &leaf.as_bytes()[..], payload],
        )
        .unwrap();
    database
        .execute(
            "UPDATE logs SET size = ?1, frontier = ?2, note = ?3 WHERE origin = ?4",
            rusqlite::params![size + 1, frontier, note, origin],
        )
        .unwrap();
}
