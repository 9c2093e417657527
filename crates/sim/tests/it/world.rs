//! A small world, and the calls with which an agent reads it.

use lastlook_canon::{Digest, Json};
use lastlook_kernel::comparable;
use lastlook_sim::generate::story::{Acts, Ends, Reads, THINGS};

use crate::support::json;

/// The world: a value for each thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    pub values: [u8; THINGS],
}

impl World {
    /// What a read tool answers.
    fn answer(&self, tool: &str, arguments: &Json) -> Json {
        let text = match tool {
            "show" => format!("it is {}", self.values[named(arguments.get("path"))]),
            "size" => format!(
                "it is {}",
                if self.values[named(arguments.get("file"))] > 1 { "large" } else { "small" }
            ),
            "both" => {
                let paths = arguments.get("paths").and_then(Json::as_array).unwrap();
                paths.iter().map(|path| format!("{};", self.values[named(Some(path))])).collect()
            }
            _ => format!("{:?}", self.values),
        };
        let block = Json::object([("type", Json::from("text")), ("text", Json::from(text))]);
        Json::object([
            ("id", Json::from(1_i64)),
            ("result", Json::object([("content", Json::Array(vec![block]))])),
        ])
    }

    /// The digest of what a call would be answered now.
    pub fn says(&self, tool: &str, params: &[u8]) -> Digest {
        comparable(&self.answer(tool, &json(str::from_utf8(params).unwrap())), &[]).unwrap().digest
    }
}

/// The thing a path names, whatever its spelling.
fn named(path: Option<&Json>) -> usize {
    let path = path.and_then(Json::as_str).unwrap();
    path.trim_end_matches('/').chars().last().and_then(|digit| digit.to_digit(10)).unwrap() as usize
}

/// The call that an agent reads with.
pub fn call_of(reads: Reads) -> (&'static str, String) {
    match reads {
        Reads::Show(thing) => ("show", format!(r#"{{"path":"box/thing{thing}"}}"#)),
        Reads::Size(thing) => ("size", format!(r#"{{"file":"./box//thing{thing}","limit":1}}"#)),
        Reads::Both(one, other) => {
            ("both", format!(r#"{{"paths":["box/thing{one}","box/./thing{other}"]}}"#))
        }
        Reads::All => ("all", "{}".to_owned()),
    }
}

/// An act on one thing that goes smoothly.
pub fn set(thing: usize, to: u8) -> Acts {
    Acts {
        things: vec![thing],
        to,
        destructive: false,
        unreadable: None,
        ends: Ends::Done,
        not_rebased: None,
        meanwhile: None,
    }
}
