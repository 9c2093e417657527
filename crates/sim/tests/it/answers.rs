//! What a reading compares of an answer.

use lastlook_canon::Json;
use lastlook_kernel::{Ignore, comparable};
use lastlook_sim::generate::answer::answer;
use lastlook_sim::generate::json::{Numbers, value};
use lastlook_sim::generate::spelling::{choices, spell};
use lastlook_sim::model::answer::compared;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::json;

/// An answer with this in its `structuredContent` under `/at`, and these lines in its first text.
fn told(at: &Json, lines: &[&str], rest: &Json) -> Json {
    let block = Json::object([("type", Json::from("text")), ("text", Json::from(lines.join("\n")))]);
    let structured = Json::object([("at", at.clone()), ("rest", rest.clone())]);
    let result = Json::object([("content", Json::Array(vec![block])), ("structuredContent", structured)]);
    Json::object([("id", Json::from(1_i64)), ("result", result)])
}

proptest! {
    #![proptest_config(config!("answers"))]

    #[test]
    fn two_answers_are_one_reading_only_if_they_say_the_same(
        one in answer(),
        other in answer(),
        mut spelt in choices(false),
    ) {
        let digest = |answer: &Json| comparable(answer, &[]).map(|compared| compared.digest);
        prop_assert_eq!(digest(&one).is_some(), compared(&one).is_some());
        prop_assert_eq!(digest(&one) == digest(&other), compared(&one) == compared(&other));
        prop_assert_eq!(digest(&one), digest(&json(&spell(&one, &mut spelt))));
    }

    #[test]
    fn what_may_move_is_all_that_may_move(
        (was, now) in (value(Numbers::AnySpelling), value(Numbers::AnySpelling)),
        (rest, other_rest) in (value(Numbers::Plain), value(Numbers::Plain)),
        lines in proptest::collection::vec(select(&["size: 3", "size: 4", "accessed: 1", "accessed: 2"][..]), 0..4),
        other_lines in proptest::collection::vec(select(&["size: 3", "accessed: 1", "accessed: 2"][..]), 0..4),
    ) {
        let rules = [
            Ignore { pointer: "/structuredContent/at".to_owned(), line_prefix: None },
            Ignore { pointer: "/content/0/text".to_owned(), line_prefix: Some("accessed:".to_owned()) },
        ];
        let digest = |answer: &Json| comparable(answer, &rules).unwrap().digest;
        let kept = |lines: &[&'static str]| -> Vec<&str> {
            lines.iter().copied().filter(|line| !line.starts_with("accessed:")).collect()
        };
        let (one, other) = (told(&was, &lines, &rest), told(&now, &other_lines, &other_rest));
        let only = |rest: &Json, lines: &[&'static str]| {
            compared(&told(&Json::Null, &kept(lines), rest))
        };
        let same = only(&rest, &lines) == only(&other_rest, &other_lines);
        prop_assert_eq!(digest(&one) == digest(&other), same);
    }
}
