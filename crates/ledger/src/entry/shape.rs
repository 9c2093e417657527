//! The members of an entry's body, by kind: `spec/entry.md` in a table.
//!
//! Listed members must have the shape given here wherever they stand; members that are not listed may be anything.

use super::view::{Seen, View};
use super::{Kind, MAX_INTEGER};
use crate::commit::Commitment;
use lastlook_canon::Digest;

/// What a member must be.
enum Shape {
    Text,
    Code,
    Flag,
    Count,
    Hex,
    Time,
    Commitment,
    One(&'static [&'static str]),
    Object(&'static [Rule]),
    List(&'static [Rule]),
    OrNull(&'static Shape),
}

/// A member, whether it must be there, and what it must be.
type Rule = (&'static str, bool, Shape);

/// A member that is not as it should be.
pub(super) struct Fault {
    pub member: String,
    pub problem: &'static str,
}

const REQUIRED: bool = true;
const OPTIONAL: bool = false;

const PRINCIPAL: Shape = Shape::Object(&[("id", REQUIRED, Shape::Text), ("asserted", REQUIRED, Shape::Flag)]);
const CLASS: Shape = Shape::Object(&[
    ("is", REQUIRED, Shape::One(&["read", "write", "destructive"])),
    ("by", REQUIRED, Shape::One(&["declared", "hinted", "default", "profile"])),
]);
const FIELDS: Shape = Shape::Object(&[("root", REQUIRED, Shape::Hex), ("size", REQUIRED, Shape::Count)]);
const REASONS: Shape = Shape::List(&[("code", REQUIRED, Shape::Code)]);
const BASIS: Shape = Shape::List(&[
    ("tool", REQUIRED, Shape::Text),
    ("was", REQUIRED, Shape::Commitment),
    ("params", REQUIRED, Shape::Commitment),
    ("rebased_ms", OPTIONAL, Shape::OrNull(&Shape::Count)),
]);
const FACTS: Shape = Shape::List(&[
    ("tool", REQUIRED, Shape::Text),
    ("was", OPTIONAL, Shape::OrNull(&Shape::Commitment)),
    ("now", OPTIONAL, Shape::OrNull(&Shape::Commitment)),
]);
const CHILD: Shape = Shape::OrNull(&Shape::Object(&[]));
const CLOSURE: Shape = Shape::One(&["transactional", "conditional", "adjacent", "delegated", "observed"]);

const ALL: &[Rule] = &[
    ("mode", REQUIRED, Shape::One(&["enforce", "audit"])),
    ("principal", REQUIRED, PRINCIPAL),
    ("definition", OPTIONAL, Shape::OrNull(&Shape::Hex)),
    ("class", OPTIONAL, CLASS),
    ("idempotency_key", OPTIONAL, Shape::Text),
    ("fields", OPTIONAL, FIELDS),
];
const CALL: &[Rule] = &[("upstream", REQUIRED, Shape::Text), ("tool", REQUIRED, Shape::Text)];
const NO_CALL: &[Rule] = &[("upstream", OPTIONAL, Shape::Text), ("tool", OPTIONAL, Shape::Text)];
const ARMED: &[Rule] = &[
    ("arguments", REQUIRED, Shape::Commitment),
    ("basis", REQUIRED, BASIS),
    ("compared", OPTIONAL, Shape::Count),
    ("uncompared", OPTIONAL, Shape::Count),
    ("missing", OPTIONAL, Shape::Count),
    ("blind", OPTIONAL, Shape::Flag),
    ("child", OPTIONAL, CHILD),
];
const REFUSED: &[Rule] = &[
    ("armed", REQUIRED, Shape::Flag),
    ("verdict", REQUIRED, Shape::One(&["deny"])),
    ("reasons", REQUIRED, REASONS),
    ("facts", OPTIONAL, FACTS),
    ("arguments", OPTIONAL, Shape::Commitment),
    ("decide_ns", OPTIONAL, Shape::Count),
    ("gap_ns", OPTIONAL, Shape::Count),
];
const OUTCOME: &[Rule] = &[
    ("verdict", REQUIRED, Shape::OrNull(&Shape::One(&["allow", "deny"]))),
    ("reasons", OPTIONAL, REASONS),
    ("outcome", REQUIRED, Shape::One(&["succeeded", "failed", "unknown"])),
    ("evidence", REQUIRED, Shape::Code),
    ("confirmation", REQUIRED, Shape::One(&["confirmed", "contradicted", "unconfirmed"])),
    ("closure", OPTIONAL, CLOSURE),
    ("sent", OPTIONAL, Shape::Hex),
    ("facts", OPTIONAL, FACTS),
    ("gap_ns", OPTIONAL, Shape::Count),
    ("decide_ns", OPTIONAL, Shape::Count),
    ("begun_ns", OPTIONAL, Shape::Count),
    ("tail_ns", OPTIONAL, Shape::Count),
    ("answer", OPTIONAL, Shape::Commitment),
    ("rebased", OPTIONAL, Shape::Count),
    ("settles", OPTIONAL, Shape::Flag),
];
const HELD: &[Rule] = &[
    ("verdict", OPTIONAL, Shape::One(&["hold"])),
    ("arguments", OPTIONAL, Shape::Commitment),
    ("asked", OPTIONAL, Shape::Commitment),
    ("asks", OPTIONAL, ASKS),
    ("epoch", OPTIONAL, Shape::Count),
    ("after", OPTIONAL, Shape::Text),
];
const ASKS: Shape = Shape::List(&[
    ("guard", REQUIRED, Shape::Text),
    ("digest", REQUIRED, Shape::Hex),
    ("by", REQUIRED, Shape::Text),
    ("quorum", REQUIRED, Shape::Count),
]);
const OPERATOR: &[Rule] = &[
    ("as", REQUIRED, Shape::One(OPERATORS_WORDS)),
    ("reason", REQUIRED, Shape::Text),
    ("by", REQUIRED, PRINCIPAL),
    ("from", OPTIONAL, Shape::Hex),
    ("to", OPTIONAL, Shape::Hex),
    ("scope", OPTIONAL, SCOPE),
    ("approver", OPTIONAL, APPROVER),
    ("signed", OPTIONAL, Shape::Text),
    ("log", OPTIONAL, LOG),
    ("heads", OPTIONAL, HEADS),
    ("lost", OPTIONAL, HEADS),
];
const LOG: Shape = Shape::Object(&[("origin", REQUIRED, Shape::Text), ("first", REQUIRED, Shape::Hex)]);
const HEADS: Shape = Shape::List(&[
    ("origin", REQUIRED, Shape::Text),
    ("size", REQUIRED, Shape::Count),
    ("root", REQUIRED, Shape::Hex),
]);
const OPERATORS_WORDS: &[&str] = &[
    "succeeded",
    "failed",
    "reloaded",
    "accepted",
    "halted",
    "resumed",
    "approver-added",
    "approver-removed",
    "approved",
    "rejected",
    "revoked",
    "granted",
    "grant-revoked",
    "key-rotated",
    "log-opened",
    "log-found",
    "log-continued",
    "restored",
    "doubt-ended",
];
const SCOPE: Shape = Shape::Object(&[
    ("of", REQUIRED, Shape::One(&["all", "upstream", "tool", "principal", "agent"])),
    ("name", OPTIONAL, Shape::Text),
]);
const APPROVER: Shape = Shape::Object(&[
    ("name", REQUIRED, Shape::Text),
    ("key", REQUIRED, Shape::Text),
    ("fingerprint", REQUIRED, Shape::Hex),
    ("by", REQUIRED, Shape::Text),
]);

const READS: &[Rule] = &[
    ("calls", OPTIONAL, CALLS),
    ("others", OPTIONAL, Shape::Count),
    ("first", OPTIONAL, Shape::Time),
    ("last", OPTIONAL, Shape::Time),
];
const CALLS: Shape = Shape::List(&[
    ("upstream", REQUIRED, Shape::Text),
    ("tool", REQUIRED, Shape::Text),
    ("count", REQUIRED, Shape::Count),
]);

/// Whether the body has what its kind requires, and nothing listed has another shape.
pub(super) fn check<'a>(kind: Kind, body: impl View<'a>) -> Result<(), Fault> {
    let (call, own) = match kind {
        Kind::Armed => (CALL, ARMED),
        Kind::Refused => (CALL, REFUSED),
        Kind::Outcome => (CALL, OUTCOME),
        Kind::Held => (CALL, HELD),
        Kind::Confirmation => (CALL, &[] as &[Rule]),
        Kind::Operator => (NO_CALL, OPERATOR),
        Kind::Reads => (NO_CALL, READS),
    };
    [ALL, call, own].into_iter().try_for_each(|rules| members(rules, body))?;
    match kind {
        Kind::Refused => reasons_given(body),
        Kind::Outcome => outcome(body),
        Kind::Armed | Kind::Held | Kind::Confirmation | Kind::Operator | Kind::Reads => Ok(()),
    }
}

/// Between the members of an outcome: what was sent has a closure; a refusal that was not enforced is an audit's.
fn outcome<'a>(body: impl View<'a>) -> Result<(), Fault> {
    let text = |name| body.member(name).and_then(View::text);
    let has = |name| body.member(name).is_some();
    if has("sent") && !has("closure") {
        return Err(fault("closure", "is missing, though something was sent"));
    }
    match text("verdict") {
        Some("deny") if text("mode") != Some("audit") => {
            Err(fault("verdict", "is `deny` outside audit mode"))
        }
        Some("deny") => reasons_given(body),
        None if has("sent") => Err(fault("verdict", "is null, though something was sent")),
        _ => Ok(()),
    }
}

fn reasons_given<'a>(body: impl View<'a>) -> Result<(), Fault> {
    let given = body.member("reasons").is_some_and(|reasons| reasons.items().next().is_some());
    if given { Ok(()) } else { Err(fault("reasons", "gives no reason")) }
}

fn members<'a>(rules: &[Rule], object: impl View<'a>) -> Result<(), Fault> {
    rules.iter().try_for_each(|(name, required, shape)| match object.member(name) {
        Some(value) => fits(shape, value).map_err(|it| it.below(name)),
        None if *required => Err(fault(name, "is missing")),
        None => Ok(()),
    })
}

fn fits<'a>(shape: &Shape, value: impl View<'a>) -> Result<(), Fault> {
    let seen = value.seen();
    let (fits, problem) = match shape {
        Shape::OrNull(_) if seen == Seen::Null => return Ok(()),
        Shape::OrNull(shape) => return fits(shape, value),
        Shape::Object(rules) => match seen {
            Seen::Object => return members(rules, value),
            _ => (false, "is not an object"),
        },
        Shape::List(rules) => match seen {
            Seen::Array => {
                return value.items().enumerate().try_for_each(|(i, item)| element(rules, i, item));
            }
            _ => (false, "is not an array"),
        },
        Shape::Text => (value.text().is_some(), "is not a string"),
        Shape::Code => {
            (value.text().is_some_and(is_code), "is not a code of lower-case words joined by hyphens")
        }
        Shape::Flag => (seen == Seen::Flag, "is not true or false"),
        Shape::Count => (matches!(seen, Seen::Number(Some(0..=MAX_INTEGER))), "is not a count"),
        Shape::Hex => {
            (value.text().and_then(Digest::from_hex).is_some(), "is not 64 lower-case hexadecimal digits")
        }
        Shape::Time => {
            (value.text().is_some_and(is_time), "is not RFC 3339 in UTC with nine fractional digits")
        }
        Shape::Commitment => (Commitment::seen_in(value).is_some(), "is not a commitment"),
        Shape::One(words) => {
            (value.text().is_some_and(|word| words.contains(&word)), "is not one of its words")
        }
    };
    if fits { Ok(()) } else { Err(fault("", problem)) }
}

fn element<'a>(rules: &[Rule], index: usize, item: impl View<'a>) -> Result<(), Fault> {
    match item.seen() {
        Seen::Object => members(rules, item).map_err(|it| it.below(&index.to_string())),
        _ => Err(fault(&index.to_string(), "is not an object")),
    }
}

impl Fault {
    fn below(self, step: &str) -> Fault {
        let member = if self.member.is_empty() { step.to_owned() } else { format!("{step}/{}", self.member) };
        Fault { member, ..self }
    }
}

fn fault(member: &str, problem: &'static str) -> Fault {
    Fault { member: member.to_owned(), problem }
}

/// Lower-case words of letters and digits joined by single hyphens: `fact-changed`.
fn is_code(text: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    text.len() <= 64 && text.split('-').all(word)
}

/// `YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ` of a day that exists; no leap seconds, as in POSIX time.
pub(crate) fn is_time(text: &str) -> bool {
    const FORM: &[u8; 30] = b"0000-00-00T00:00:00.000000000Z";
    let form = |(byte, form): (u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == *form };
    if text.len() != FORM.len() || !text.bytes().zip(FORM).all(form) {
        return false;
    }
    let number =
        |from, to| text.get(from..to).and_then(|digits| digits.parse::<u16>().ok()).unwrap_or(u16::MAX);
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day) && number(11, 13) < 24 && number(14, 16) < 60 && number(17, 19) < 60
}
