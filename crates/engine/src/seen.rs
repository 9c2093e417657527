//! What an agent saw of facts: the answers in which it was shown them, by the call that asked.
//!
//! Tracked readings ([`lastlook_kernel::Readings`]) tie an effect to what it shares a subject with; here a guard says by
//! name which call shows the agent which fact. Only tools that some fact names are kept.

use std::collections::{BTreeMap, VecDeque};

use lastlook_canon::{Json, canonical};
use lastlook_kernel::FactValue;

/// The most answers kept of one tool; the oldest leave first, and what has left counts as never seen.
const MOST_PER_TOOL: usize = 1024;
/// The most bytes of answers kept in all.
const MOST_BYTES: usize = 16 << 20;

/// One answer that was given to the client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SeenAnswer {
    /// The call's arguments, an object.
    pub(crate) args: Json,
    /// The answer reduced to a fact's value; null for an error answer: absence is a fact.
    pub(crate) value: Json,
    /// When it was given, in nanoseconds since the Unix epoch.
    pub(crate) given_ns: i64,
    bytes: usize,
}

impl SeenAnswer {
    pub(crate) fn new(args: Json, value: Json, given_ns: i64, bytes: usize) -> SeenAnswer {
        SeenAnswer { args, value, given_ns, bytes }
    }
}

/// The answers one client was given, newest last.
#[derive(Debug, Default)]
pub(crate) struct SeenAnswers {
    by_tool: BTreeMap<String, VecDeque<SeenAnswer>>,
    bytes: usize,
    /// Facts on which an own effect was confirmed, as they were found then, and when; oldest first.
    confirmed: VecDeque<(String, FactValue, i64)>,
}

impl SeenAnswers {
    /// Takes in an answer by this tool; an earlier one to the same call makes room for it.
    pub(crate) fn insert(&mut self, tool: &str, answer: SeenAnswer) {
        let of_tool = self.by_tool.entry(tool.to_owned()).or_default();
        if let Some(at) = of_tool.iter().position(|kept| equal(&kept.args, &answer.args)) {
            self.bytes -= of_tool.remove(at).map_or(0, |gone| gone.bytes);
        }
        self.bytes += answer.bytes;
        of_tool.push_back(answer);
        while of_tool.len() > MOST_PER_TOOL || self.bytes > MOST_BYTES {
            let Some(gone) = of_tool.pop_front() else { break };
            self.bytes -= gone.bytes;
        }
    }

    /// Takes in a fact on which an effect of the agent's own was confirmed: it is what the agent made of it.
    ///
    /// Design: what was read again after an own effect is a basis for `unchanged` only where `confirm` held on it.
    pub(crate) fn confirm(&mut self, question: String, value: FactValue, at_ns: i64) {
        self.confirmed.retain(|(known, ..)| *known != question);
        self.confirmed.push_back((question, value, at_ns));
        if self.confirmed.len() > MOST_PER_TOOL {
            self.confirmed.pop_front();
        }
    }

    /// The fact as it was found when an own effect on it was confirmed, and when.
    pub(crate) fn confirmed(&self, question: &str) -> Option<(FactValue, i64)> {
        let found = self.confirmed.iter().find(|(known, ..)| known == question);
        found.map(|(_, value, at_ns)| (value.clone(), *at_ns))
    }

    /// The newest answer by this tool to a call with these arguments; `exact`: with no others beside them.
    pub(crate) fn newest(&self, tool: &str, args: &Json, exact: bool) -> Option<&SeenAnswer> {
        let wanted = args.as_object().unwrap_or_default();
        self.by_tool.get(tool)?.iter().rev().find(|answer| {
            let has = |(name, value): &(String, Json)| {
                answer.args.get(name).is_some_and(|given| equal(given, value))
            };
            let count = answer.args.as_object().map_or(0, <[_]>::len);
            wanted.iter().all(has) && (!exact || count == wanted.len())
        })
    }
}

/// The same value whatever its spelling.
fn equal(a: &Json, b: &Json) -> bool {
    a == b || matches!((canonical(a), canonical(b)), (Ok(a), Ok(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use lastlook_canon::{Limits, parse};

    use super::*;

    fn json(text: &str) -> Json {
        parse(text.as_bytes(), &Limits::default()).unwrap()
    }

    fn seen(calls: &[(&str, &str)]) -> SeenAnswers {
        let mut answers = SeenAnswers::default();
        for (at, (args, value)) in calls.iter().enumerate() {
            answers.insert("get", SeenAnswer::new(json(args), json(value), at as i64, value.len()));
        }
        answers
    }

    #[test]
    fn the_newest_answer_to_the_same_call_counts() {
        let answers = seen(&[(r#"{"id":1}"#, "10"), (r#"{"id":2}"#, "20"), (r#"{"id":1.0}"#, "11")]);
        let value = |args, exact| answers.newest("get", &json(args), exact).map(|seen| seen.value.clone());
        assert_eq!(value(r#"{"id":1}"#, true), Some(json("11")));
        assert_eq!(value(r#"{"id":2}"#, true), Some(json("20")));
        assert_eq!(value(r#"{"id":3}"#, true), None);
        assert_eq!(answers.newest("put", &json("{}"), false), None);
    }

    #[test]
    fn further_arguments_count_only_for_exact_views() {
        let answers = seen(&[(r#"{"id":1,"verbose":true}"#, "10")]);
        assert!(answers.newest("get", &json(r#"{"id":1}"#), false).is_some());
        assert!(answers.newest("get", &json(r#"{"id":1}"#), true).is_none());
        assert!(answers.newest("get", &json(r#"{"id":1,"verbose":false}"#), false).is_none());
    }

    #[test]
    fn what_has_left_counts_as_never_seen() {
        let mut answers = SeenAnswers::default();
        for id in 0..=MOST_PER_TOOL {
            answers.insert("get", SeenAnswer::new(json(&format!(r#"{{"id":{id}}}"#)), json("1"), 0, 1));
        }
        assert!(answers.newest("get", &json(r#"{"id":0}"#), true).is_none());
        assert!(answers.newest("get", &json(r#"{"id":1}"#), true).is_some());
        assert_eq!(answers.bytes, MOST_PER_TOOL);
    }
}
