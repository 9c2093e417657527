//! A notice as JSON: `type`, `timestamp`, `data`, as Standard Webhooks recommends.

use serde_json::{Map, Value, json};

use super::{Happened, Notice};

/// The body of the message. Arguments may hold secrets: they are in it only where the operator says so.
pub(super) fn body(notice: &Notice, show_arguments: bool) -> String {
    let kind = format!("request.{}", notice.happened.as_str());
    let data = match notice.happened {
        Happened::Test => Map::new(),
        Happened::Held | Happened::Approved | Happened::Rejected | Happened::Revoked => {
            data(notice, show_arguments)
        }
    };
    json!({"type": kind, "timestamp": notice.at, "data": data}).to_string()
}

fn data(notice: &Notice, show_arguments: bool) -> Map<String, Value> {
    let asks = notice.asks.iter().map(|ask| json!({"guard": ask.guard, "by": ask.by, "quorum": ask.quorum}));
    let mut data = Map::new();
    let mut set = |key: &str, value: Value| drop(data.insert(key.to_owned(), value));
    set("request", json!(notice.request));
    set("state", json!(notice.state));
    set("upstream", json!(notice.upstream));
    set("tool", json!(notice.tool));
    set("principal", json!(notice.principal));
    set("asks", asks.collect());
    set("expires", json!(notice.expires));
    set("facts", json!(notice.facts));
    set("look", json!(notice.command()));
    if let Some(after) = &notice.after {
        set("after", json!(after));
    }
    if let Some(by) = &notice.by {
        set("by", json!(by));
    }
    if let Some(left) = notice.left {
        set("left", json!(left));
    }
    if show_arguments {
        set("arguments", json!(notice.arguments));
        set("arguments_cut", json!(notice.is_cut));
    }
    data
}
