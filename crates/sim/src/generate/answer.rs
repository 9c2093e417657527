//! Answers of read tools.

use lastlook_canon::Json;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

use super::json::{Numbers, value};

/// A whole JSON-RPC answer: mostly a result, sometimes an error, rarely neither.
pub fn answer() -> BoxedStrategy<Json> {
    prop_oneof![12 => result(), 3 => error(), 1 => neither()].boxed()
}

fn block() -> impl Strategy<Value = Json> {
    let text =
        select(&["size: 3", "size: 3\naccessed: 1", "size: 3\naccessed: 2", "accessed: 1\nsize: 4", ""][..]);
    text.prop_map(|text| Json::object([("type", Json::from("text")), ("text", Json::from(text))]))
}

fn result() -> BoxedStrategy<Json> {
    let content = weighted(0.9, proptest::collection::vec(block(), 0..3).prop_map(Json::Array));
    let structured = weighted(0.5, value(Numbers::AnySpelling));
    let is_error = weighted(0.4, any::<bool>().prop_map(Json::from));
    (id(), content, structured, is_error, meta())
        .prop_map(|(id, content, structured, is_error, meta)| {
            let members = [
                ("content", content),
                ("structuredContent", structured),
                ("isError", is_error),
                ("_meta", meta),
            ];
            let given = members.into_iter().filter_map(|(name, value)| Some((name, value?)));
            Json::object([("id", id), ("result", Json::object(given))])
        })
        .boxed()
}

fn error() -> BoxedStrategy<Json> {
    let message = select(&["no such order", "not today"][..]);
    (id(), select(vec![-32602_i64, 1]), message, meta())
        .prop_map(|(id, code, message, data)| {
            let members =
                [("code", Some(Json::from(code))), ("message", Some(Json::from(message))), ("data", data)];
            let given = members.into_iter().filter_map(|(name, value)| Some((name, value?)));
            Json::object([("id", id), ("error", Json::object(given))])
        })
        .boxed()
}

fn neither() -> BoxedStrategy<Json> {
    let both = [("result", Json::object::<String>([])), ("error", Json::object::<String>([]))];
    prop_oneof![
        Just(Json::object([("id", Json::from(1_i64))])),
        Just(Json::object(both)),
        Just(Json::object([("result", Json::from("done"))])),
        Just(Json::Null),
    ]
    .boxed()
}

fn id() -> impl Strategy<Value = Json> {
    select(vec![Json::from(1_i64), Json::from("x")])
}

fn meta() -> impl Strategy<Value = Option<Json>> {
    weighted(0.3, (0_i64..3).prop_map(|at| Json::object([("at", Json::from(at))])))
}
