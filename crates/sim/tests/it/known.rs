//! Where kernel and text differ today, each with its smallest case.
//!
//! These tests say what the kernel does, not what it should do. When it is put right, its test here fails: delete it, and
//! lift the exclusion it names, so that the property covers the case from then on.

use lastlook_canon::Json;
use lastlook_kernel::{
    Action, Definition, GateView, Limits, Moment, Principal, Reading, Readings, SubjectRules, Subjects,
    Verdict,
};
use lastlook_sim::case::{Inputs, RecordedFact, RecordedReading, RecordedUnreadable, RecordedValue};
use lastlook_sim::generate::digest_of;
use lastlook_sim::generate::story::{Acts, Reads, Step};

use crate::boundary::{Boundary, codes, tell};
use crate::i10_once::some_case;
use crate::support::json;
use crate::world::set;

fn of(arguments: &str) -> Subjects {
    Subjects::of(&json(arguments), None, &SubjectRules::default())
}

fn touches(effect: &str, reading: &str) -> bool {
    of(reading).all_among(&of(effect))
}

/// I4: `42` and `42.0` are one request with one digest, and an effect in the second spelling is blind.
///
/// Exclusion: `Numbers::Plain` in [`crate::subjects`].
#[test]
fn an_integer_spelt_otherwise_is_no_subject() {
    let reading = r#"{"order_id":42}"#;
    let digest = |arguments: &str| {
        let principal = Principal { id: "ada".to_owned(), asserted: true };
        Action::new("shop", "refund", None, principal, json(arguments)).unwrap().digest()
    };
    for spelling in [r#"{"order_id":42.0}"#, r#"{"order_id":42e0}"#, r#"{"order_id":4.2e1}"#] {
        assert_eq!(digest(reading), digest(spelling));
        assert!(!touches(spelling, reading), "{spelling}");
    }
    assert!(!touches(r#"{"id":-0}"#, r#"{"id":0}"#));
}

/// A path is measured before it is normalized: short names gain a subject by a detour, and any name loses it by a long one.
///
/// Exclusion: `stays_a_name` in [`crate::subjects`].
#[test]
fn a_detour_makes_a_path_a_subject_or_none() {
    assert!(!touches(r#"{"path":"go"}"#, r#"{"path":"./go"}"#));
    let long = format!(r#"{{"path":"{}plan.md"}}"#, "./".repeat(256));
    assert!(!touches(&long, r#"{"path":"plan.md"}"#));
}

/// A member at its default is a setting only if the default's spelling is the schema's.
///
/// Exclusion: `schema_without_spelt_defaults` in [`crate::subjects`].
#[test]
fn a_default_is_compared_by_its_spelling() {
    let schema = json(r#"{"properties":{"range":{"default":{"from":"main","to":"HEAD"}}}}"#);
    let subjects = |arguments: &str| {
        Subjects::of(&json(arguments), Some(&schema), &SubjectRules::default()).iter().count()
    };
    assert_eq!(subjects(r#"{"range":{"from":"main","to":"HEAD"}}"#), 0);
    assert_eq!(subjects(r#"{"range":{"to":"HEAD","from":"main"}}"#), 2);
}

/// A closed choice that a schema states through `anyOf` or `$ref` (as `Optional` and `Enum` types become) is not seen.
///
/// Exclusion: the generated schemas know neither word.
#[test]
fn a_closed_choice_behind_a_reference_is_a_subject() {
    for unit in [r#"{"anyOf":[{"enum":["metric"]},{"type":"null"}]}"#, r##"{"$ref":"#/$defs/Unit"}"##] {
        let text = format!(r#"{{"properties":{{"unit":{unit}}},"$defs":{{"Unit":{{"enum":["metric"]}}}}}}"#);
        let found = Subjects::of(&json(r#"{"unit":"metric"}"#), Some(&json(&text)), &SubjectRules::default());
        assert!(!found.is_empty(), "{unit}");
    }
}

/// An integer under a pointer goes by the pointer's last token as it is written, not by the nearest member's name.
///
/// Exclusion: `pointers` in [`crate::subjects`].
#[test]
fn a_pointer_names_its_integer_by_an_index_or_an_escape() {
    let call = json(r#"{"ids":[7],"a/b":7}"#);
    let at = |pointer: &str| Subjects::at(&call, &[pointer.to_owned()]);
    assert!(!at("/ids").all_among(&at("/ids/0")));
    assert!(!at("/a~1b").all_among(&of(r#"{"a/b":7}"#)));
}

/// The arguments as a whole go by no name, which is taken for the empty one: with `not_subjects = [""]` every call is about
/// nothing, and no reading is ever compared.
///
/// Exclusion: `NOT_SUBJECTS` in `generate::json` has no empty name.
#[test]
fn an_empty_name_that_is_no_subject_takes_all_with_it() {
    let rules = SubjectRules { not_subjects: [String::new()].into() };
    assert!(Subjects::of(&json(r#"{"path":"plan.md"}"#), None, &rules).is_empty());
}

fn readings(limits: Limits, given: &[(&str, &str)]) -> Readings {
    let mut readings = Readings::new(limits);
    for (order, (tool, path)) in (1..).zip(given) {
        let params = format!(r#"{{"path":"{path}"}}"#);
        readings.insert(Reading {
            tool: (*tool).to_owned(),
            subjects: of(&params),
            params: params.into_bytes().into(),
            digest: digest_of("A"),
            value: None,
            order,
            answered_at: Moment(order),
            rebased: None,
        });
    }
    readings
}

/// The tombstones are full, the same one is left once more, nothing is dropped: and yet nothing counts as unread any more.
///
/// Exclusion: one read tool where tombstones are few, in `generate::reads`.
#[test]
fn a_tombstone_left_twice_overflows() {
    let limits = Limits { readings: 1, tombstones: 1, ..Limits::default() };
    let readings = readings(limits, &[("look", "plan.md"), ("stat", "plan.md"), ("look", "todo.md")]);
    assert_eq!(readings.touched(&of(r#"{"path":"never.md"}"#), u64::MAX).basis.missing, 1);
}

/// Once tombstones were dropped, an effect about nothing is `basis-missing`, although it could never have touched one.
///
/// Exclusion: `agree_on` in [`crate::readings`].
#[test]
fn an_effect_about_nothing_misses_what_was_forgotten() {
    let limits = Limits { readings: 1, tombstones: 0, ..Limits::default() };
    let readings = readings(limits, &[("look", "plan.md"), ("look", "todo.md")]);
    assert_eq!(readings.touched(&of("{}"), u64::MAX).basis.missing, 1);
}

fn allowed(inputs: &Inputs) -> bool {
    matches!(inputs.decide(), Verdict::Allow(_))
}

/// One reading that said `A`, and these facts about it.
fn with_facts(facts: &[(RecordedValue, Option<RecordedValue>)]) -> Inputs {
    let mut case = lastlook_sim::case::RecordedCase::try_from(&some_case()).unwrap();
    case.basis.readings = vec![RecordedReading {
        tool: "look".to_owned(),
        params: String::new(),
        was: digest_of("A").to_hex(),
        value: None,
        answered_at: 0,
        rebased: None,
        outdated: false,
    }];
    let fact = |(now, again): &(RecordedValue, Option<RecordedValue>)| RecordedFact {
        index: 0,
        now: now.clone(),
        again: again.clone(),
        asked_at: 1,
        answered_at: 1,
    };
    case.snapshot.facts = facts.iter().map(fact).collect();
    Inputs::try_from(&case).unwrap()
}

/// I2, of a snapshot that no look makes: the first fact counts, and a second look only if it could be read.
///
/// Exclusion: `Facts::Plausible`.
#[test]
fn a_second_word_on_a_fact_is_not_heard() {
    let (as_it_was, changed) =
        (RecordedValue::Read(digest_of("A").to_hex()), RecordedValue::Read(digest_of("B").to_hex()));
    let unreadable = RecordedValue::Unreadable(RecordedUnreadable::Late);
    assert!(allowed(&with_facts(&[(as_it_was.clone(), None), (changed.clone(), None)])));
    assert!(allowed(&with_facts(&[(as_it_was.clone(), Some(unreadable))])));
    assert!(!allowed(&with_facts(&[(changed, None), (as_it_was, None)])));
}

/// I2: a call that is no action is refused only by what stands beside it; by itself it may run.
///
/// Exclusion: the generated cases always have both.
#[test]
fn a_call_that_is_no_action_may_run_without_its_reason() {
    let mut inputs = some_case();
    let definition = inputs.tool.definition.as_ref().map(|Definition { digest, .. }| *digest);
    let principal = Principal { id: "ada".to_owned(), asserted: true };
    inputs.action = Action::unreadable("shop", "set", definition, principal, b"[");
    assert_eq!(inputs.action.arguments(), &Json::Null);
    assert!(allowed(&inputs));
}

/// A gate that lies before its look passes with a gap of nothing (I11: a clock that went backwards refuses).
///
/// Exclusion: the property of the gate begins at the look.
#[test]
fn a_gate_before_its_look_passes() {
    let mut inputs = with_facts(&[(RecordedValue::Read(digest_of("A").to_hex()), None)]);
    inputs.snapshot.facts[0].asked_at = Moment(1_000);
    inputs.snapshot.facts[0].answered_at = Moment(1_001);
    let Verdict::Allow(permit) = inputs.decide() else { panic!("it runs") };
    let passage = permit.spend(GateView { epoch: 0, now: Moment(5), max_gap_ns: 10 }).expect("it passes");
    assert_eq!((passage.gap_ns(), passage.decide_ns()), (Some(0), 0));
}

fn last(story: &[Step]) -> Vec<String> {
    let done = tell(&mut Boundary::new(), story).expect("a story that holds");
    codes(done.last().expect("an act")).into_iter().map(str::to_owned).collect()
}

/// Own effects are drift after all for a reading of several things: an effect on one of them does not touch it, so it is
/// not taken again.
///
/// Exclusion: `undisturbed_step` in `generate::story`.
#[test]
fn an_own_effect_on_a_part_outdates_a_reading_of_the_whole() {
    let both = Step::Acts(Acts { things: vec![0, 1], ..set(0, 2) });
    assert_eq!(last(&[Step::Reads(Reads::Both(0, 1)), Step::Acts(set(0, 1)), both]), ["fact-changed"]);
}

/// After an own effect on something read by two tools, reading it again by one of them does not make it destructible:
/// the other's rebased reading stays, and only the same tool renews it.
#[test]
fn a_rebased_reading_is_not_retired_by_another_tool() {
    let destroy = Step::Acts(Acts { destructive: true, ..set(0, 2) });
    let both_tools = [Step::Reads(Reads::Show(0)), Step::Reads(Reads::Size(0)), Step::Acts(set(0, 1))];
    let read_again = [destroy.clone(), Step::Reads(Reads::Show(0)), destroy];
    assert_eq!(last(&[both_tools, read_again].concat()), ["basis-missing"]);
}
