//! One agent behind one boundary: the kernel carries out, the model looks over its shoulder.

use std::collections::VecDeque;
use std::sync::Arc;

use lastlook_canon::{Digest, Json};
use lastlook_kernel::{
    Action, Answer, Attempt, BlindWrites, Case, Class, ClassSource, Code, Command, Definition, Event, Fact,
    GateView, GuardSet, Mode, Moment, Principal, Reading, Readings, Reason, Rebased, Snapshot, Standing,
    State, Tool, ToolRules, Touched, Unreadable, Value, Verdict, decide, opening_reasons, required_facts,
    step,
};
use lastlook_sim::case::{Inputs, RecordedCase, RecordedVerdict};
use lastlook_sim::generate::digest_of;
use lastlook_sim::generate::story::{Acts, Ends, Reads, Step, THINGS};
use lastlook_sim::model::memory::{Memory, Seen};
use lastlook_sim::model::subjects;
use lastlook_sim::model::verdict::judge;
use proptest::prelude::*;

use crate::support::{json, subjects_of};
use crate::world::{World, call_of};

/// What became of one act.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// The verdict: of the look, or of the opening when there was no look.
    pub verdict: RecordedVerdict,
    /// How often bytes were sent.
    pub sent: usize,
    /// How many readings it rested on.
    pub rested_on: usize,
}

/// One agent behind one boundary.
pub struct Boundary {
    pub world: World,
    readings: Readings,
    memory: Memory,
    /// Everything the client was given or that was taken again for it: tool, arguments, digest.
    given: Vec<(String, Arc<[u8]>, Digest)>,
    order: u64,
    now: u64,
    acts: usize,
}

impl Boundary {
    pub fn new() -> Boundary {
        Boundary {
            world: World { values: [0; THINGS] },
            readings: Readings::default(),
            memory: Memory { most: usize::MAX, most_tombstones: usize::MAX, ..Memory::default() },
            given: Vec::new(),
            order: 0,
            now: 0,
            acts: 0,
        }
    }

    /// Takes one step; tells what became of an act.
    pub fn take(&mut self, step: &Step) -> Result<Option<Done>, TestCaseError> {
        self.now += 10;
        match step {
            Step::Reads(reads) => self.read(*reads),
            Step::Somebody { thing, to } => self.world.values[*thing] = *to,
            Step::Acts(acts) => return self.act(acts).map(Some),
        }
        Ok(None)
    }

    pub fn read(&mut self, reads: Reads) {
        let (tool, params) = call_of(reads);
        let arguments = json(&params);
        let params: Arc<[u8]> = params.into_bytes().into();
        let digest = self.world.says(tool, &params);
        self.order += 1;
        self.given.push((tool.to_owned(), params.clone(), digest));
        self.memory.read(Seen {
            tool: tool.to_owned(),
            about: subjects::of(&arguments, None, &["limit", "content"]),
            said: digest.to_hex(),
            given: self.order,
            outdated: false,
            rebased: None,
        });
        self.readings.insert(Reading {
            tool: tool.to_owned(),
            params,
            subjects: subjects_of(&arguments),
            digest,
            value: None,
            order: self.order,
            answered_at: Moment(self.now),
            rebased: None,
        });
    }

    pub fn act(&mut self, acts: &Acts) -> Result<Done, TestCaseError> {
        self.acts += 1;
        let paths = acts.things.iter().map(|thing| Json::from(format!("box//thing{thing}/"))).collect();
        let arguments =
            Json::object([("targets", Json::Array(paths)), ("content", Json::from(acts.to.to_string()))]);
        let effect = subjects_of(&arguments);
        let touched = self.readings.touched(&effect, self.order);
        let rests = self.memory.rests(&subjects::of(&arguments, None, &["limit", "content"]), self.order);
        prop_assert_eq!(&touched.orders, &rests.on.iter().map(|seen| seen.given).collect::<Vec<_>>());
        prop_assert_eq!(touched.basis.missing, rests.missing);
        let tool = tool_of(acts);
        let definition = tool.definition.as_ref().map(|definition| definition.digest);
        let principal = Principal { id: "User::\"ada\"".to_owned(), asserted: true };
        let action = Action::new("box", &tool.name, definition, principal, arguments).unwrap();
        Run {
            boundary: self,
            acts,
            action,
            tool,
            touched,
            verdict: None,
            snapshot: Snapshot::default(),
            sent: 0,
        }
        .drive()
    }
}

fn tool_of(acts: &Acts) -> Tool {
    let (name, class) = if acts.destructive { ("drop", Class::Destructive) } else { ("set", Class::Write) };
    let definition = Definition { digest: digest_of(name), input_schema: None, read_only_hint: false };
    let rules = ToolRules::default();
    Tool {
        name: name.to_owned(),
        class,
        class_by: ClassSource::Declared,
        definition: Some(definition),
        rules,
    }
}

/// One attempt, from its proposal to its end.
struct Run<'a> {
    boundary: &'a mut Boundary,
    acts: &'a Acts,
    action: Action,
    tool: Tool,
    touched: Touched,
    snapshot: Snapshot,
    verdict: Option<RecordedVerdict>,
    sent: usize,
}

impl Run<'_> {
    fn drive(mut self) -> Result<Done, TestCaseError> {
        let mut attempt = Attempt::new();
        let guards = guards();
        let opening =
            opening_reasons(&self.action, &self.tool, &self.touched.basis, &Standing::default(), &guards);
        let mut queue: VecDeque<Command> = step(&mut attempt, Event::Opened(opening)).into();
        while let Some(command) = queue.pop_front() {
            let event = match command {
                Command::Arm => Some(Event::Armed),
                Command::Look => Some(self.look(&guards)?),
                Command::Gate(permit) => {
                    let view = GateView { epoch: 0, now: Moment(self.boundary.now + 9), max_gap_ns: 1_000 };
                    Some(Event::Passed(permit.spend(view).expect("a fresh look")))
                }
                Command::Send(passage) => {
                    prop_assert_eq!(passage.action(), self.action.digest());
                    Some(Event::Answered(self.send()?))
                }
                Command::Rebase => self.rebase(),
                Command::RecordOutcome { .. } => Some(Event::Recorded),
                Command::RecordRefusal { reasons, .. } => {
                    self.verdict
                        .get_or_insert_with(|| RecordedVerdict::from(&Verdict::Deny(sorted(reasons))));
                    Some(Event::Recorded)
                }
                Command::Deliver => break,
                Command::ForwardCancel
                | Command::Confirm
                | Command::DeliverUnrecorded
                | Command::DeliverUnrecordedRefusal => {
                    return Err(TestCaseError::fail("nobody cancels and everything is recorded"));
                }
            };
            queue.extend(event.into_iter().flat_map(|event| step(&mut attempt, event)));
        }
        prop_assert!(matches!(attempt.state(), State::Ended | State::Refused));
        let verdict = self.verdict.expect("every attempt ends with a verdict");
        Ok(Done { verdict, sent: self.sent, rested_on: self.touched.basis.readings.len() })
    }

    /// Reads every fact again and decides; the model judges what was recorded of it.
    fn look(&mut self, guards: &GuardSet) -> Result<Event, TestCaseError> {
        let facts = required_facts(&self.touched.basis).into_iter().map(|query| {
            let was = self.touched.basis.readings[query.index].was;
            let (now, again) = if self.acts.unreadable == Some(query.index) {
                (Value::Unreadable(Unreadable::Late), None)
            } else {
                let now = self.boundary.world.says(&query.tool, &query.params);
                let again = (now != was).then(|| {
                    if let Some((thing, to)) = self.acts.meanwhile {
                        self.boundary.world.values[thing] = to;
                    }
                    Value::Read(self.boundary.world.says(&query.tool, &query.params))
                });
                (Value::Read(now), again)
            };
            let (asked_at, answered_at) = (Moment(self.boundary.now + 1), Moment(self.boundary.now + 2));
            Fact { index: query.index, now, again, asked_at, answered_at }
        });
        self.snapshot = Snapshot { facts: facts.collect(), also: Vec::new() };
        let case = Case {
            action: &self.action,
            tool: &self.tool,
            basis: &self.touched.basis,
            snapshot: &self.snapshot,
            standing: &Standing::default(),
            guards,
            mode: Mode::Enforce,
            at: Moment(self.boundary.now),
            judgement: None,
            deadline: None,
        };
        let verdict = decide(&case);
        let judgement = judge(&RecordedCase::try_from(&Inputs::from(&case)).unwrap());
        prop_assert_eq!(matches!(verdict, Verdict::Allow(_)), judgement.runs);
        self.verdict = Some(RecordedVerdict::from(&verdict));
        if !judgement.runs {
            for (fact, (order, was)) in
                self.snapshot.facts.iter().zip(self.touched.orders.iter().zip(&self.touched.basis.readings))
            {
                if matches!(fact.now, Value::Read(now) if now != was.was) {
                    self.boundary.readings.mark_outdated(*order);
                    self.boundary.memory.outdate(*order);
                }
            }
        }
        Ok(Event::Looked(verdict))
    }

    /// The effect reaches the world, or does not. This is where I17 is looked at: what it rests on was given to the client
    /// (or taken again for it) before, and is what the world says at this instant.
    fn send(&mut self) -> Result<Answer, TestCaseError> {
        self.sent += 1;
        for reading in &self.touched.basis.readings {
            prop_assert_eq!(
                reading.was,
                self.boundary.world.says(&reading.tool, &reading.params),
                "now is not was"
            );
            let seen = (reading.tool.clone(), reading.params.clone(), reading.was);
            prop_assert!(self.boundary.given.contains(&seen), "was is nothing the client was given");
            prop_assert!(!reading.outdated, "a refusal found it outdated, and it was not read again");
            prop_assert!(
                !self.acts.destructive || reading.rebased.is_none(),
                "nobody saw what came after the effect"
            );
        }
        prop_assert!(
            !self.acts.destructive || !self.touched.basis.readings.is_empty(),
            "destructive and blind"
        );
        if matches!(self.acts.ends, Ends::Done | Ends::DoneAndLost) {
            self.acts.things.iter().for_each(|thing| self.boundary.world.values[*thing] = self.acts.to);
        }
        Ok(match self.acts.ends {
            Ends::Done => Answer::Result,
            Ends::DoneAndLost | Ends::Lost => Answer::Lost,
            Ends::Refused => Answer::Error { no_effect: true },
        })
    }

    fn rebase(&mut self) -> Option<Event> {
        let after = format!("attempt-{}", self.boundary.acts);
        for (place, (order, reading)) in
            self.touched.orders.iter().zip(&self.touched.basis.readings).enumerate()
        {
            if self.acts.not_rebased == Some(place) {
                self.boundary.readings.bury(*order);
                self.boundary.memory.bury(*order);
                continue;
            }
            let digest = self.boundary.world.says(&reading.tool, &reading.params);
            let rebased = Rebased { after: after.clone(), since_act_ns: 1 };
            self.boundary.given.push((reading.tool.clone(), reading.params.clone(), digest));
            self.boundary.readings.rebase(
                *order,
                digest,
                b"".as_slice().into(),
                Moment(self.boundary.now),
                rebased,
            );
            self.boundary.memory.rebase(*order, &digest.to_hex(), &after);
        }
        None
    }
}

fn guards() -> GuardSet {
    GuardSet { blind_writes: BlindWrites::Allow, max_facts: 32 }
}

fn sorted(mut reasons: Vec<Reason>) -> Vec<Reason> {
    reasons.sort();
    reasons
}

/// Tells a whole story; what became of its acts.
pub fn tell(boundary: &mut Boundary, story: &[Step]) -> Result<Vec<Done>, TestCaseError> {
    let mut done = Vec::new();
    for step in story {
        done.extend(boundary.take(step)?);
    }
    Ok(done)
}

/// The codes of a verdict.
pub fn codes(done: &Done) -> Vec<&str> {
    let codes: Vec<&str> = done.verdict.reasons.iter().map(|reason| reason.code.as_str()).collect();
    assert!(codes.iter().all(|code| Code::parse(code).is_some()));
    codes
}
