//! The hand that alters a database: it knows the tables, the formats and the tree as well as the program does, and leaves
//! nothing inconsistent that it can mend.

use std::path::Path;

use lastlook_ledger::{Checkpoint, Entry, SigningKey, Tree, leaf_of_payload};
use rusqlite::{Connection, params};

pub struct Hand {
    db: Connection,
    folder: std::path::PathBuf,
}

impl Hand {
    pub fn on(folder: &Path) -> Hand {
        let db = Connection::open(folder.join("lastlook.db")).unwrap();
        Hand { db, folder: folder.to_owned() }
    }

    /// Runs statements that must change something.
    pub fn sql(&self, sql: &str) {
        let before = self.db.total_changes();
        self.db.execute_batch(sql).unwrap();
        assert!(self.db.total_changes() > before, "nothing is changed by {sql}");
    }

    /// The payloads of a log, in order.
    pub fn payloads(&self, writer: u32) -> Vec<Vec<u8>> {
        let mut rows = self.db.prepare("SELECT payload FROM entries WHERE writer = ?1 ORDER BY seq").unwrap();
        rows.query_map([writer], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    pub fn origin(&self, writer: u32) -> String {
        let sql = "SELECT origin FROM logs WHERE writer = ?1";
        self.db.query_row(sql, [writer], |row| row.get(0)).unwrap()
    }

    pub fn note(&self, writer: u32) -> String {
        let sql = "SELECT note FROM logs WHERE writer = ?1";
        self.db.query_row(sql, [writer], |row| row.get(0)).unwrap()
    }

    pub fn put_note(&self, writer: u32, note: &str) {
        let sql = "UPDATE logs SET note = ?2 WHERE writer = ?1";
        assert_eq!(self.db.execute(sql, params![writer, note]).unwrap(), 1);
    }

    /// Makes these payloads the log: each row, its leaf, the log's size and the edge of its tree; not the checkpoint.
    ///
    /// Values stay with the entry they belong to; those of entries that are gone go too, and so do attempts that no log
    /// tells of any more.
    pub fn put(&self, writer: u32, payloads: &[Vec<u8>]) {
        let old = self.payloads(writer);
        let base = i64::from(writer) << 40;
        let mut values = Vec::new();
        for (at, payload) in payloads.iter().enumerate() {
            // An entry that was edited in its place keeps the values of that place.
            let from = old.iter().position(|old| old == payload).unwrap_or(at);
            let row = self.db.query_row(
                "SELECT seed, packed FROM \"values\" WHERE seq = ?1",
                [base + from as i64],
                |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?)),
            );
            values.extend(row.ok().map(|(seed, packed)| (base + at as i64, seed, packed)));
        }
        for table in ["entries", "\"values\""] {
            let sql = format!("DELETE FROM {table} WHERE seq >> 40 = ?1");
            self.db.execute(&sql, [writer]).unwrap();
        }
        for (at, payload) in payloads.iter().enumerate() {
            let entry = Entry::from_payload(payload).unwrap();
            let leaf = leaf_of_payload(payload).as_bytes().to_vec();
            self.db
                .execute(
                    "INSERT INTO entries (seq, attempt, kind, leaf, payload) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![base + at as i64, entry.attempt, entry.kind.as_str(), leaf, payload],
                )
                .unwrap();
        }
        for (seq, seed, packed) in values {
            let sql = "INSERT INTO \"values\" (seq, seed, packed) VALUES (?1, ?2, ?3)";
            self.db.execute(sql, params![seq, seed, packed]).unwrap();
        }
        let tree = tree(payloads);
        let edge: Vec<u8> = tree.frontier().iter().flat_map(|hash| *hash.as_bytes()).collect();
        let sql = "UPDATE logs SET size = ?2, frontier = ?3 WHERE writer = ?1";
        self.db.execute(sql, params![writer, payloads.len() as i64, edge]).unwrap();
        self.db.execute("DELETE FROM attempts WHERE id NOT IN (SELECT attempt FROM entries)", []).unwrap();
    }

    /// A checkpoint over these payloads as the log, by this key.
    pub fn sign(&self, writer: u32, payloads: &[Vec<u8>], key: &SigningKey) {
        let tree = tree(payloads);
        let checkpoint = Checkpoint { origin: self.origin(writer), size: tree.size(), root: tree.root() };
        self.put_note(writer, &key.sign_checkpoint(&checkpoint).unwrap());
    }

    /// The state's own key, from its file.
    pub fn key(&self) -> SigningKey {
        let file = std::fs::read_to_string(self.folder.join("key")).unwrap();
        let seed = file.lines().find_map(|line| line.strip_prefix("seed ")).unwrap();
        self.key_of(&parse_seed(seed))
    }

    /// Another key under the state's own name.
    pub fn another_key(&self) -> SigningKey {
        self.key_of(&[7; 32])
    }

    /// Puts that other key in the place of the state's own, wherever it is written down.
    pub fn put_another_key(&self) {
        let file = self.folder.join("key");
        let text = std::fs::read_to_string(&file).unwrap();
        let first = text.lines().next().unwrap();
        std::fs::write(&file, format!("{first}\nseed {}\n", "07".repeat(32))).unwrap();
        let sql = "UPDATE meta SET value = ?1 WHERE name = 'verifier'";
        let verifier = self.another_key().verifier().to_string();
        assert_eq!(self.db.execute(sql, [verifier]).unwrap(), 1);
    }

    fn key_of(&self, seed: &[u8; 32]) -> SigningKey {
        let name = self.origin(1);
        SigningKey::from_seed(name.rsplit_once('/').unwrap().0, seed).unwrap()
    }
}

fn tree(payloads: &[Vec<u8>]) -> Tree {
    Tree::from_leaf_hashes(payloads.iter().map(|payload| leaf_of_payload(payload)))
}

fn parse_seed(hex: &str) -> [u8; 32] {
    let digits = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap();
    std::array::from_fn(digits)
}

/// A payload that says something else instead, in as many bytes or more.
pub fn edited(payload: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(payload).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    text.replace(from, to).into_bytes()
}
