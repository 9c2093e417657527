//! One attempt, end to end: this loop carries out what the kernel's machine asks for, one file per command.

mod act;
mod arm;
mod check;
mod claims;
mod confirm;
mod crash;
mod doubt;
mod granted;
mod guards;
mod hands;
pub(crate) mod hold;
mod look;
mod rebase;
pub(crate) mod record;
mod record_case;
mod record_guards;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use lastlook_canon::{Digest, Json};
use lastlook_kernel::{
    Action, Answer, Attempt, BlindWrites, Class, Code, Command, Confirmation, Event, GuardSet, Judgement,
    Mode, Moment, Outcome, Passage, Reason, Snapshot, Standing, State, Subjects, Tool, Touched,
    opening_reasons, step,
};
use lastlook_store::Commit;
use tokio::sync::oneshot;

use crate::boundary::Boundary;
use crate::clock;
use crate::deciding::{Found, refuses_in_audit};
use crate::explain::{self, Moved};
use crate::facts::Taken;
use crate::gate::Control;
use crate::guarding::Guarding;
use crate::key::Key;
use crate::rulebook::Rulebook;
use crate::withhold::What;

/// What a refusal is about when the record is there, and nothing can be signed.
pub(crate) const SIGNING_KEY: &str = "signing-key";

/// A call of an effect as it arrived, with the basis it had at that instant.
#[derive(Debug)]
pub struct Proposal {
    /// The id of the attempt and of its receipt.
    pub id: String,
    /// The tool as the boundary judges it.
    pub tool: Arc<Tool>,
    /// The action.
    pub action: Action,
    /// The caller's own key for it: what carries the same one is the same action, said again.
    pub key: Option<Key>,
    /// Why the call is no action, if it is none.
    pub unreadable: Option<Reason>,
    /// The exact bytes that will be sent, line break included.
    pub frame: Arc<[u8]>,
    /// What it is about.
    pub subjects: Subjects,
    /// What it rests on.
    pub touched: Touched,
    /// Tracked readings that a guard compares in their place; the effect moves them like any other.
    pub(crate) covered: Vec<Covered>,
    /// What the guards ask of it; nothing when there are none on its tool.
    pub(crate) guarding: Option<Box<Guarding>>,
    /// The rules in force when it arrived.
    pub(crate) book: Arc<Rulebook>,
    /// What the client calls itself, if it says so.
    pub agent: Option<Arc<String>>,
    /// True when the call asks to run as a task.
    pub as_task: bool,
    /// Who may cancel it.
    pub control: Arc<Control>,
}

impl Proposal {
    /// What the action's bytes are: a call that is no action stands for itself, whole.
    pub(crate) fn arguments_are(&self) -> What<'_> {
        match self.action.arguments() {
            Json::Null => What::Params(&self.tool.name),
            _ => What::Arguments(&self.tool.name),
        }
    }
}

/// A tracked reading that a guard compares, by what it selects, in its place.
#[derive(Debug, Clone)]
pub(crate) struct Covered {
    /// Its place among the reader's readings.
    pub(crate) order: u64,
    /// The tool it came from.
    pub(crate) tool: String,
    /// The params of that call.
    pub(crate) params: Arc<[u8]>,
}

/// What the caller gets.
#[derive(Debug)]
pub enum Delivery {
    /// The tool's own answer, on record.
    Answer {
        /// The server's frame; of an act that its caller did by itself, what it reported, which may be nothing.
        frame: Arc<[u8]>,
        /// The receipt's id.
        receipt: String,
        /// What the answer proves.
        outcome: Outcome,
    },
    /// A refusal, on record unless `receipt` is `None`.
    Refusal(Refusal),
    /// It ran, said that it succeeded, and its effect does not show.
    Contradicted {
        /// The receipt's id.
        receipt: String,
        /// One sentence for the agent.
        sentence: String,
    },
    /// It ran, or may have, and no answer will come.
    Lost {
        /// What is known all the same.
        outcome: Outcome,
        /// The receipt's id; `None` when the outcome could not be recorded.
        receipt: Option<String>,
        /// One sentence for the agent.
        sentence: String,
        /// The stable code.
        code: &'static str,
    },
    /// It waits for people, on record.
    Held(Held),
    /// Nothing: the caller cancelled.
    Nothing,
}

/// A call that waits for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The request's id.
    pub request: String,
    /// The tool.
    pub tool: String,
    /// Who is asked, as the guards name them, each once.
    pub by: Vec<String>,
    /// The digest of the action.
    pub action: Digest,
    /// When the request runs out, in nanoseconds since the Unix epoch.
    pub until_ns: i64,
}

/// Whoever made a call, as far as anything is said between them and the boundary before it is answered.
pub trait Caller: std::fmt::Debug + Send + Sync {
    /// The call is held. Returns how long it may wait for people before it is answered so, counted from its beginning.
    /// Called for every request that it waits for.
    fn is_held(&self, held: &Held) -> Duration;

    /// Whether they do not want to wait any more. Asked again and again while the call waits.
    fn gives_up(&self) -> bool;
}

/// Why nothing was sent, and what the agent can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The receipt's id; `None` when even the refusal could not be recorded.
    pub receipt: Option<String>,
    /// Every reason.
    pub reasons: Vec<Reason>,
    /// One sentence a model can act on.
    pub sentence: String,
    /// *Was* and *now* side by side, bounded.
    pub diff: Option<String>,
}

/// Everything one attempt gathers on its way.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    boundary: &'a Arc<Boundary>,
    proposal: Proposal,
    answered: Option<oneshot::Receiver<Arc<[u8]>>>,
    /// Set where the caller acts by itself, instead of the server.
    hands: Option<hands::Hands>,
    /// Whoever made the call; nobody in a check.
    caller: Option<&'a dyn Caller>,
    /// Whether the facts as they are stand for what the agent read: only in a check, where there is no agent.
    as_if_read: bool,
    standing: Standing,
    snapshot: Snapshot,
    moved: Vec<Moved>,
    overridden: Vec<Reason>,
    /// The approval it runs on; nothing where nobody had to be asked.
    claim: Option<hold::Claim>,
    /// The grants it runs on, where they stand in place of people.
    granted: Option<granted::Granted>,
    /// Whether it was to run on grants, and they were gone when it was to be armed.
    ungranted: bool,
    /// What refuses it because of what people said, or could not be asked.
    barred: Vec<Reason>,
    /// What was known before anything was read.
    opened: record_case::Opened,
    /// What the last look was decided on; nothing when it could not be decided.
    looked: Option<record_case::Looked>,
    /// What the guards said at the last look.
    judgement: Option<Judgement>,
    /// What was found for the guards at the last look.
    found: Option<Found>,
    /// What the record said at the last look of what the guards ask for.
    on_record: guards::OnRecord,
    /// What the guards' facts were at the last look, in the order of the plan.
    taken: Vec<Taken>,
    /// What guards that only watch would have refused before the look.
    audited: Vec<Reason>,
    /// Keys of limits, once and leases that are not insisted on, because their guard only watches.
    waived: BTreeSet<String>,
    /// The fencing tokens of the leases that were taken.
    fences: Vec<(String, u64)>,
    armed_at: Option<Moment>,
    /// The instant that what the guards claim was counted at, in nanoseconds since the Unix epoch.
    claimed_ns: Option<i64>,
    /// How long arming waited for others.
    waited: Duration,
    confirmation: Option<Confirmation>,
    passed: Option<Passed>,
    answer: Option<Arc<[u8]>>,
    rebased: usize,
    outcome: Outcome,
    refused_for: Vec<Reason>,
    cancel_frame: Option<Arc<[u8]>>,
    /// The record that could not be made durable.
    unrecorded: Option<Commit>,
}

/// What is known of the gate once it was passed.
#[derive(Debug, Clone, Copy)]
struct Passed {
    at: lastlook_kernel::Moment,
    gap_ns: Option<u64>,
    decide_ns: u64,
    /// When a caller that acts by itself began.
    begun_ns: Option<u64>,
    tail_ns: Option<u64>,
}

impl Boundary {
    /// Runs one proposal to its end and returns what the caller gets.
    ///
    /// `answered` resolves with the server's answer to the proposal's own frame; it errs when the server is gone.
    pub async fn run(
        self: &Arc<Self>,
        proposal: Proposal,
        answered: oneshot::Receiver<Arc<[u8]>>,
        caller: &dyn Caller,
    ) -> Delivery {
        let mut run = Run::new(self, proposal, Some(answered));
        run.caller = Some(caller);
        if let Some(held) = run.hold().await {
            return held;
        }
        let delivery = run.drive().await;
        run.after(delivery).await
    }
}

impl<'a> Run<'a> {
    fn new(
        boundary: &'a Arc<Boundary>,
        proposal: Proposal,
        answered: Option<oneshot::Receiver<Arc<[u8]>>>,
    ) -> Run<'a> {
        let standing = Standing {
            epoch: boundary.gate.epoch(),
            in_doubt: None,
            cancelled: proposal.control.is_cancelled(),
            as_task: proposal.as_task,
            tool_changed: boundary.catalog.has_changed(&proposal.tool),
            unreadable: proposal.unreadable.clone(),
            halted: Vec::new(),
        };
        Run {
            boundary,
            proposal,
            answered,
            hands: None,
            caller: None,
            as_if_read: false,
            standing,
            snapshot: Snapshot::default(),
            moved: Vec::new(),
            overridden: Vec::new(),
            claim: None,
            granted: None,
            ungranted: false,
            barred: Vec::new(),
            opened: record_case::Opened::default(),
            looked: None,
            judgement: None,
            found: None,
            on_record: guards::OnRecord::default(),
            taken: Vec::new(),
            audited: Vec::new(),
            waived: BTreeSet::new(),
            fences: Vec::new(),
            armed_at: None,
            claimed_ns: None,
            waited: Duration::ZERO,
            confirmation: None,
            passed: None,
            answer: None,
            rebased: 0,
            outcome: Outcome::Unknown,
            refused_for: Vec::new(),
            cancel_frame: None,
            unrecorded: None,
        }
    }
}

impl Run<'_> {
    async fn drive(&mut self) -> Delivery {
        let confirms =
            self.proposal.guarding.as_ref().is_some_and(|guarding| guarding.confirming().next().is_some());
        let mut attempt = Attempt::new().confirming(confirms);
        let mut queue: VecDeque<Command> = step(&mut attempt, Event::Opened(self.opening())).into();
        loop {
            let event = match queue.pop_front() {
                Some(command) => {
                    crash::point("before", &command).await;
                    let name = crash::name(&command);
                    let done = match command {
                        Command::Arm => Some(self.arm().await),
                        Command::Look => Some(self.look().await),
                        Command::Gate(permit) => Some(self.gate(permit).await),
                        Command::Send(passage) => match &self.hands {
                            None => self.send(passage).await,
                            Some(_) => self.hand_over(passage),
                        },
                        Command::ForwardCancel => self.forward_cancel().await,
                        Command::Rebase => self.rebase().await,
                        Command::RecordOutcome { outcome, evidence } => {
                            Some(self.record_outcome(outcome, evidence).await)
                        }
                        Command::Confirm => Some(self.confirm().await),
                        Command::RecordRefusal { reasons, armed } => {
                            Some(self.record_refusal(reasons, armed).await)
                        }
                        Command::Deliver => return self.deliver(attempt.state()),
                        Command::DeliverUnrecorded => return self.deliver_unrecorded(),
                        Command::DeliverUnrecordedRefusal => {
                            // What was armed holds its subjects until its end is on record.
                            if self.armed_at.is_some()
                                && let Some(commit) = self.unrecorded.take()
                            {
                                self.boundary.owed.push(commit);
                            }
                            return Delivery::Refusal(self.refusal(None));
                        }
                    };
                    crash::point_named("after", name).await;
                    done
                }
                None if attempt.state() == State::Acting => Some(match &self.hands {
                    None => self.wait_for_answer().await,
                    Some(_) => self.wait_for_report().await,
                }),
                // INVARIANT(always-an-end): the machine never rests anywhere else without having delivered.
                None => return self.deliver_unrecorded(),
            };
            if let Some(event) = event {
                queue.extend(step(&mut attempt, event));
            }
        }
    }

    /// What refuses without any reading. In audit mode only what cannot run at all does, and what an operator halted.
    fn opening(&mut self) -> Vec<Reason> {
        let wall_ns = clock::unix_ns();
        let unknown = self.renew_halts().err();
        let Proposal { tool, action, touched, .. } = &self.proposal;
        let mut reasons = opening_reasons(action, tool, &touched.basis, &self.standing, &self.guard_set());
        reasons.extend(self.unread_reasons(wall_ns));
        reasons.extend(self.barred.iter().cloned());
        if self.boundary.settings.mode == Mode::Audit {
            reasons.retain(refuses_in_audit);
        }
        reasons.extend(unknown.clone());
        self.opened = record_case::Opened {
            wall_ns,
            standing: self.standing.clone(),
            given: self.barred.clone(),
            halts: unknown,
            reasons: reasons.clone(),
        };
        reasons
    }

    /// What holds for every effect; a read rests on nothing, and so is never blind.
    fn guard_set(&self) -> GuardSet {
        let guards = self.boundary.settings.guards.clone();
        match self.proposal.tool.class {
            Class::Read => GuardSet { blind_writes: BlindWrites::Allow, ..guards },
            Class::Write | Class::Destructive => guards,
        }
    }

    fn deliver(&self, state: State) -> Delivery {
        let receipt = self.proposal.id.clone();
        if self.confirmation == Some(Confirmation::Contradicted) {
            let sentence = explain::contradicted(&self.proposal.tool.name, &receipt);
            return Delivery::Contradicted { receipt, sentence };
        }
        match (state, &self.answer) {
            (State::Refused, _) if self.refused_for.iter().any(|reason| reason.code == Code::Cancelled) => {
                Delivery::Nothing
            }
            (State::Refused, _) => Delivery::Refusal(self.refusal(Some(receipt))),
            (_, Some(frame)) => Delivery::Answer { frame: Arc::clone(frame), receipt, outcome: self.outcome },
            (_, None) if self.cancel_frame.is_some() => Delivery::Nothing,
            // Nothing came back of an act that its caller knows was not done.
            (_, None) if self.hands.is_some() && self.outcome != Outcome::Unknown => {
                Delivery::Answer { frame: Arc::from([]), receipt, outcome: self.outcome }
            }
            (_, None) if self.hands.is_some() => Delivery::Lost {
                sentence: explain::unreported(&self.proposal.tool.name, &receipt),
                receipt: Some(receipt),
                outcome: self.outcome,
                code: "outcome-unknown",
            },
            (_, None) if self.outcome == Outcome::Succeeded => Delivery::Lost {
                sentence: explain::lost_but_seen(&self.proposal.tool.name, &receipt),
                receipt: Some(receipt),
                outcome: self.outcome,
                code: "answer-lost",
            },
            (_, None) => Delivery::Lost {
                sentence: explain::lost(&self.proposal.tool.name, &receipt),
                receipt: Some(receipt),
                outcome: self.outcome,
                code: "outcome-unknown",
            },
        }
    }

    fn deliver_unrecorded(&mut self) -> Delivery {
        let sentence = explain::unrecorded(&self.proposal.tool.name);
        if let Some(commit) = self.unrecorded.take() {
            self.boundary.owed.push(commit);
        }
        Delivery::Lost { outcome: Outcome::Unknown, receipt: None, sentence, code: Code::Unrecorded.as_str() }
    }

    fn refusal(&self, receipt: Option<String>) -> Refusal {
        // Was and now are another side of what is not kept, and what the agent is told ends in transcripts.
        let withhold = self.withhold();
        let moved: Vec<Moved> = match &withhold {
            Some(withhold) => self.moved.iter().map(|moved| moved.without(withhold)).collect(),
            None => self.moved.clone(),
        };
        let (sentence, diff) = explain::refusal(&self.proposal.tool.name, &self.refused_for, &moved);
        let diff = explain::with_conditions(diff, &self.refused_for);
        let diff = match &withhold {
            Some(withhold) => diff.map(|diff| withhold.lines(&diff)),
            None => diff,
        };
        Refusal { receipt, reasons: self.refused_for.clone(), sentence, diff }
    }

    /// True when the effect acts on something nobody read.
    fn is_blind(&self) -> bool {
        self.proposal.touched.basis.readings.is_empty() && self.proposal.tool.class != Class::Read
    }

    fn note_passage(&mut self, passage: &Passage) {
        self.passed = Some(Passed {
            at: passage.passed_at(),
            gap_ns: passage.gap_ns(),
            decide_ns: passage.decide_ns(),
            begun_ns: None,
            tail_ns: None,
        });
    }

    fn answer_of(&self, frame: &[u8]) -> Answer {
        crate::answer::of_effect(frame, self.proposal.tool.rules.errors_mean_no_effect || self.only_reads())
    }

    /// A read changes nothing: however it fails, nothing happened.
    fn only_reads(&self) -> bool {
        self.proposal.tool.class == Class::Read
    }

    /// What it means that no answer will come.
    fn no_answer(&self) -> Answer {
        if self.only_reads() { Answer::Error { no_effect: true } } else { Answer::Lost }
    }
}
