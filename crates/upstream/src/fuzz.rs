//! Any bytes as what an MCP peer writes. How to look longer than the corpus: docs/internals/testing.md.

use std::io::Read;

use lastlook_canon::Limits;

use crate::frames::{FrameReader, Incoming, lines};
use crate::message::{Message, read};
use crate::{salvage_id, without_members, without_progress_token};

/// Gives its bytes in pieces of one size.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let size = self.1.min(into.len()).min(self.0.len());
        let (piece, rest) = self.0.split_at(size);
        into[..size].copy_from_slice(piece);
        self.0 = rest;
        Ok(size)
    }
}

/// Whole lines, and nothing in the place of each that is too large.
fn cut(bytes: &[u8], piece: usize, max: usize) -> Vec<Option<Vec<u8>>> {
    let mut reader = FrameReader::new(Pieces(bytes, piece), max);
    let mut seen = Vec::new();
    loop {
        let (range, ended) = match reader.next_lines().unwrap() {
            Incoming::Lines(range) => (range, false),
            Incoming::End(range) => (range, true),
            Incoming::TooLarge(_) => {
                seen.push(None);
                continue;
            }
        };
        seen.extend(lines(reader.bytes(range)).map(|line| Some(line.to_vec())));
        if ended {
            return seen;
        }
    }
}

#[test]
fn frames() {
    bolero::check!(name = "frames").with_iterations(0).for_each(|bytes: &[u8]| {
        let Some((&first, bytes)) = bytes.split_first() else { return };
        let mut whole: Vec<Vec<u8>> =
            bytes.split_inclusive(|byte| *byte == b'\n').map(<[_]>::to_vec).collect();
        whole.iter_mut().filter(|line| !line.ends_with(b"\n")).for_each(|line| line.push(b'\n'));
        let roomy = cut(bytes, usize::from(first) + 1, usize::MAX);
        assert_eq!(roomy, whole.iter().cloned().map(Some).collect::<Vec<_>>(), "however it arrives");
        // With a limit, byte by byte, exactly what is longer is dropped.
        let max = usize::from(first);
        let kept = whole.into_iter().map(|line| (line.len() - 1 <= max).then_some(line));
        assert_eq!(cut(bytes, 1, max), kept.collect::<Vec<_>>());
    });
}

#[test]
fn message() {
    bolero::check!(name = "message").with_iterations(0).for_each(|frame: &[u8]| {
        let salvaged = salvage_id(frame);
        let Ok(message) = read(frame, &Limits::default()) else { return };
        // Numbers that no double holds are read by nobody else.
        let second = serde_json::from_slice::<serde_json::Value>(frame).ok();
        let json = |raw: &[u8]| serde_json::from_slice::<serde_json::Value>(raw).ok();
        let at = |name: &str| second.as_ref().and_then(|second| second.get(name)).cloned();
        let (id, params) = match message {
            Message::Request { id, method, params } => {
                assert!(second.is_none() || at("method") == Some(method.as_ref().into()));
                (Some(id), params)
            }
            Message::Notification { method, params } => {
                assert!(second.is_none() || at("method") == Some(method.as_ref().into()));
                assert!(at("id").is_none());
                (None, params)
            }
            Message::Response { id, result } => {
                assert!(at("method").is_none());
                assert!(second.is_none() || at("result") == result.and_then(json));
                (id, None)
            }
        };
        if let Some(id) = id {
            assert!(second.is_none() || at("id") == json(id), "the id is what another reader finds");
            // Too long a one is given up, and so is one whose key is spelt with escapes; another one is never found.
            assert!(salvaged.as_deref().is_none_or(|found| found == id), "{salvaged:?}");
        }
        let Some(params) = params else { return };
        assert!(second.is_none() || at("params") == json(params));
        // What is cut out of the params leaves all else as it was.
        let Some(mut expected) = json(params) else { return };
        if let Some(meta) = expected.get_mut("_meta").and_then(|meta| meta.as_object_mut()) {
            meta.remove("progressToken");
        }
        assert_eq!(json(&without_progress_token(params)), Some(expected.clone()));
        if let Some(members) = expected.as_object_mut() {
            members.remove("_meta");
            assert_eq!(without_members(params, &["_meta"]).and_then(|cut| json(&cut)), Some(expected));
        }
    });
}
