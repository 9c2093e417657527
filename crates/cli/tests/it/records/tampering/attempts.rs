//! The attempts, each with what it does to a copy of the record.

use std::path::Path;

use lastlook_ledger::Entry;

use super::hand::{Hand, edited};
use super::scene::Scene;
use super::{Attempt, Takes};

const fn database(what: &'static str, act: fn(&Scene, &Path)) -> Attempt {
    Attempt { what, takes: Takes::Database, act }
}

const fn folder(what: &'static str, act: fn(&Scene, &Path)) -> Attempt {
    Attempt { what, takes: Takes::Folder, act }
}

const fn old_copy(what: &'static str, act: fn(&Scene, &Path)) -> Attempt {
    Attempt { what, takes: Takes::OldCopy, act }
}

const fn key(what: &'static str, act: fn(&Scene, &Path)) -> Attempt {
    Attempt { what, takes: Takes::Key, act }
}

type Log = Vec<Vec<u8>>;

/// Changes the first log, and all that stands beside it, except the checkpoint.
fn altered(copy: &Path, change: impl FnOnce(&mut Log)) {
    let hand = Hand::on(copy);
    let mut log = hand.payloads(1);
    change(&mut log);
    hand.put(1, &log);
}

/// The last attempt of the first log is made one that failed, in all places but the checkpoint.
fn failed(copy: &Path) {
    altered(copy, |log| {
        let last = log.last_mut().unwrap();
        *last = edited(last, "\"succeeded\"", "\"failed\"");
        let id = Entry::from_payload(last).unwrap().attempt;
        Hand::on(copy).sql(&format!("UPDATE attempts SET state = 'failed' WHERE id = '{id}'"));
    });
}

/// An entry about another attempt, which never was.
fn of_another_attempt(payload: &[u8]) -> Vec<u8> {
    let mut entry = Entry::from_payload(payload).unwrap();
    entry.attempt = format!("0{}", entry.attempt);
    entry.to_payload().unwrap()
}

/// Everything that is tried. The first log holds an edit (0 and 1), a refusal (2 and 3) and an edit (4 and 5).
pub const ATTEMPTS: &[Attempt] = &[
    database("an entry is edited", |_, copy| {
        Hand::on(copy).sql(
            "UPDATE entries SET payload = CAST(replace(CAST(payload AS TEXT), '\"succeeded\"', '\"failed\"') AS BLOB)
             WHERE kind = 'outcome' AND writer = 1",
        );
    }),
    database("an entry is edited, and the tree and the attempt are made to agree", |_, copy| {
        failed(copy);
    }),
    database("an entry is made something that is none", |_, copy| {
        Hand::on(copy).sql("UPDATE entries SET payload = x'7b7d' WHERE kind = 'refused'");
    }),
    database("an entry is filed under another kind", |_, copy| {
        Hand::on(copy).sql("UPDATE entries SET kind = 'outcome' WHERE kind = 'refused'");
    }),
    database("an entry is dropped, and a gap is left", |_, copy| {
        Hand::on(copy).sql("DELETE FROM entries WHERE kind = 'refused'");
    }),
    database("an entry is dropped, and those behind it move up", |_, copy| {
        altered(copy, |log| drop(log.remove(1)));
    }),
    database("the last entry is dropped", |_, copy| altered(copy, |log| drop(log.pop()))),
    database("two entries change places", |_, copy| altered(copy, |log| log.swap(1, 2))),
    database("an entry is inserted", |_, copy| {
        altered(copy, |log| log.insert(2, of_another_attempt(&log[3])));
    }),
    database("an entry is added at the end", |_, copy| {
        altered(copy, |log| log.push(of_another_attempt(&log[3])));
    }),
    database("an entry is there twice, another is gone", |_, copy| {
        altered(copy, |log| log[3] = log[1].clone());
    }),
    database("an entry of the state's other log takes an entry's place", |_, copy| {
        let other = Hand::on(copy).payloads(2);
        altered(copy, |log| log[1] = other[1].clone());
    }),
    database("an entry of another state's log takes an entry's place", |scene, copy| {
        let other = Hand::on(&scene.stranger()).payloads(1);
        altered(copy, |log| log[1] = other[1].clone());
    }),
    database("an entry of the same log as it went on elsewhere takes an entry's place", |scene, copy| {
        let fork = scene.fork("fork");
        let other = Hand::on(&fork).payloads(1);
        std::fs::remove_dir_all(fork).unwrap();
        altered(copy, |log| log[2] = other[2].clone());
    }),
    database("another state's log takes a log's place, with its checkpoint", |scene, copy| {
        let other = Hand::on(&scene.stranger());
        let hand = Hand::on(copy);
        hand.put(1, &other.payloads(1));
        hand.put_note(1, &other.note(1));
    }),
    database("the state's other log takes a log's place, with its checkpoint", |_, copy| {
        let hand = Hand::on(copy);
        hand.put(1, &hand.payloads(2));
        hand.put_note(1, &hand.note(2));
    }),
    database("the checkpoint is altered", |_, copy| {
        Hand::on(copy).sql("UPDATE logs SET note = replace(note, char(10) || '6' || char(10), char(10) || '7' || char(10)) WHERE writer = 1");
    }),
    database("the checkpoint is removed", |_, copy| Hand::on(copy).sql("UPDATE logs SET note = ''")),
    old_copy("an older checkpoint is put back, the entries stay", |scene, copy| {
        Hand::on(copy).put_note(1, &Hand::on(&scene.back_up()).note(1));
    }),
    database("an entry is edited and the log signed with another key", |_, copy| {
        let hand = Hand::on(copy);
        failed(copy);
        hand.sign(1, &hand.payloads(1), &hand.another_key());
    }),
    folder("the same, and that key is put in the place of the state's own", |_, copy| {
        let hand = Hand::on(copy);
        failed(copy);
        for writer in [1, 2] {
            hand.sign(writer, &hand.payloads(writer), &hand.another_key());
        }
        hand.put_another_key();
    }),
    old_copy("a log is cut off, together with its checkpoint", |scene, copy| {
        altered(copy, |log| log.truncate(2));
        Hand::on(copy).put_note(1, &Hand::on(&scene.back_up()).note(1));
    }),
    database("a log is removed whole", |_, copy| {
        let hand = Hand::on(copy);
        hand.put(2, &[]);
        hand.sql("DELETE FROM logs WHERE writer = 2");
    }),
    old_copy("an old back-up is restored", |scene, copy| scene.restore(copy)),
    old_copy("an old back-up is restored, and goes on, not yet as far", |scene, copy| {
        scene.restore(copy);
        scene.go_on(copy, 1);
    }),
    old_copy(
        "two copies of one record each go on (a fork); the other one's checkpoint is what was kept",
        |scene, copy| {
            scene.restore(copy);
            scene.go_on(copy, 3);
        },
    ),
    key("the record is rewritten from an entry on, and signed", |_, copy| {
        let hand = Hand::on(copy);
        failed(copy);
        hand.sign(1, &hand.payloads(1), &hand.key());
    }),
    key("an attempt is removed without a trace, and the log signed", |_, copy| {
        let hand = Hand::on(copy);
        altered(copy, |log| drop(log.drain(2..4)));
        hand.sign(1, &hand.payloads(1), &hand.key());
    }),
    database("what an attempt came to is edited beside the log", |_, copy| {
        Hand::on(copy).sql("UPDATE attempts SET state = 'failed' WHERE state = 'refused'");
    }),
    database("values are edited beside the log", |_, copy| {
        Hand::on(copy).sql("UPDATE \"values\" SET seed = zeroblob(32)");
    }),
];
