//! One attempt, end to end: this loop carries out what the kernel's machine asks for, one file per command.

mod act;
mod arm;
mod crash;
mod look;
mod rebase;
mod record;

use std::collections::VecDeque;
use std::sync::Arc;

use lastlook_kernel::{
    Action, Answer, Attempt, Class, Code, Command, Event, Mode, Outcome, Passage, Reason, Snapshot, Standing,
    State, Subjects, Tool, Touched, opening_reasons, step,
};
use lastlook_store::Commit;
use tokio::sync::oneshot;

use crate::boundary::Boundary;
use crate::explain::{self, Moved};
use crate::gate::Control;

/// A call of an effect as it arrived, with the basis it had at that instant.
#[derive(Debug)]
pub struct Proposal {
    /// The id of the attempt and of its receipt.
    pub id: String,
    /// The tool as the boundary judges it.
    pub tool: Arc<Tool>,
    /// The action.
    pub action: Action,
    /// Why the call is no action, if it is none.
    pub unreadable: Option<Reason>,
    /// The exact bytes that will be sent, line break included.
    pub frame: Arc<[u8]>,
    /// What it is about.
    pub subjects: Subjects,
    /// What it rests on.
    pub touched: Touched,
    /// True when the call asks to run as a task.
    pub as_task: bool,
    /// Who may cancel it.
    pub control: Arc<Control>,
}

/// What the caller gets.
#[derive(Debug)]
pub enum Delivery {
    /// The tool's own answer, on record.
    Answer {
        /// The server's frame.
        frame: Arc<[u8]>,
        /// The receipt's id.
        receipt: String,
        /// What the answer proves.
        outcome: Outcome,
    },
    /// A refusal, on record unless `receipt` is `None`.
    Refusal(Refusal),
    /// It ran, or may have, and no answer will come.
    Lost {
        /// The receipt's id; `None` when the outcome could not be recorded.
        receipt: Option<String>,
        /// One sentence for the agent.
        sentence: String,
        /// The stable code.
        code: &'static str,
    },
    /// Nothing: the caller cancelled.
    Nothing,
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
struct Run<'a> {
    boundary: &'a Arc<Boundary>,
    proposal: Proposal,
    answered: Option<oneshot::Receiver<Arc<[u8]>>>,
    standing: Standing,
    snapshot: Snapshot,
    moved: Vec<Moved>,
    overridden: Vec<Reason>,
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
    ) -> Delivery {
        let standing = Standing {
            epoch: self.gate.epoch(),
            in_doubt: None,
            cancelled: proposal.control.is_cancelled(),
            as_task: proposal.as_task,
            tool_changed: self.catalog.has_changed(&proposal.tool),
            unreadable: proposal.unreadable.clone(),
        };
        let mut run = Run {
            boundary: self,
            proposal,
            answered: Some(answered),
            standing,
            snapshot: Snapshot::default(),
            moved: Vec::new(),
            overridden: Vec::new(),
            passed: None,
            answer: None,
            rebased: 0,
            outcome: Outcome::Unknown,
            refused_for: Vec::new(),
            cancel_frame: None,
            unrecorded: None,
        };
        run.drive().await
    }
}

impl Run<'_> {
    async fn drive(&mut self) -> Delivery {
        let mut attempt = Attempt::new();
        let mut queue: VecDeque<Command> = step(&mut attempt, Event::Opened(self.opening())).into();
        loop {
            let event = match queue.pop_front() {
                Some(command) => {
                    crash::point("before", &command);
                    let name = crash::name(&command);
                    let done = match command {
                        Command::Arm => Some(self.arm().await),
                        Command::Look => Some(self.look().await),
                        Command::Gate(permit) => Some(self.gate(permit)),
                        Command::Send(passage) => self.send(passage).await,
                        Command::ForwardCancel => self.forward_cancel().await,
                        Command::Rebase => self.rebase().await,
                        Command::RecordOutcome { outcome, evidence } => {
                            Some(self.record_outcome(outcome, evidence).await)
                        }
                        Command::RecordRefusal { reasons, armed } => {
                            Some(self.record_refusal(reasons, armed).await)
                        }
                        Command::Deliver => return self.deliver(attempt.state()),
                        Command::DeliverUnrecorded => return self.deliver_unrecorded(),
                        Command::DeliverUnrecordedRefusal => return Delivery::Refusal(self.refusal(None)),
                    };
                    crash::point_named("after", name);
                    done
                }
                None if attempt.state() == State::Acting => Some(self.wait_for_answer().await),
                // INVARIANT(always-an-end): the machine never rests anywhere else without having delivered.
                None => return self.deliver_unrecorded(),
            };
            if let Some(event) = event {
                queue.extend(step(&mut attempt, event));
            }
        }
    }

    /// What refuses without any reading. In audit mode only what cannot run at all does.
    fn opening(&mut self) -> Vec<Reason> {
        let Proposal { tool, action, touched, .. } = &self.proposal;
        let mut reasons =
            opening_reasons(action, tool, &touched.basis, &self.standing, &self.boundary.settings.guards);
        if self.boundary.settings.mode == Mode::Audit {
            reasons.retain(|reason| reason.code == Code::Cancelled);
        }
        reasons
    }

    fn deliver(&self, state: State) -> Delivery {
        let receipt = self.proposal.id.clone();
        match (state, &self.answer) {
            (State::Refused, _) if self.refused_for.iter().any(|reason| reason.code == Code::Cancelled) => {
                Delivery::Nothing
            }
            (State::Refused, _) => Delivery::Refusal(self.refusal(Some(receipt))),
            (_, Some(frame)) => Delivery::Answer { frame: Arc::clone(frame), receipt, outcome: self.outcome },
            (_, None) if self.cancel_frame.is_some() => Delivery::Nothing,
            (_, None) => Delivery::Lost {
                sentence: explain::lost(&self.proposal.tool.name, &receipt),
                receipt: Some(receipt),
                code: "outcome-unknown",
            },
        }
    }

    fn deliver_unrecorded(&mut self) -> Delivery {
        let sentence = explain::unrecorded(&self.proposal.tool.name);
        if let Some(commit) = self.unrecorded.take() {
            self.boundary.owed.push(commit);
        }
        Delivery::Lost { receipt: None, sentence, code: Code::Unrecorded.as_str() }
    }

    fn refusal(&self, receipt: Option<String>) -> Refusal {
        let (sentence, diff) = explain::refusal(&self.proposal.tool.name, &self.refused_for, &self.moved);
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
            tail_ns: None,
        });
    }

    fn answer_of(&self, frame: &[u8]) -> Answer {
        crate::answer::of_effect(frame, self.proposal.tool.rules.errors_mean_no_effect)
    }
}
