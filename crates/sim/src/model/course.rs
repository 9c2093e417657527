//! The course of one attempt, told by who owes what.
//!
//! At any time the attempt waits for one thing: the reply to the last thing it asked for. A reply that is not waited for
//! changes nothing. A cancellation may come at any time.

/// What an attempt waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owed {
    /// Whether it can be refused without any reading.
    Opening,
    /// Whether the intent is durable.
    Arming,
    /// The verdict on a look.
    Look,
    /// Whether the gate let it pass.
    Gate,
    /// The tool's answer.
    Answer,
    /// Whether the outcome is durable.
    Outcome,
    /// Whether the refusal is durable.
    Refusal,
    /// Nothing any more.
    Nothing,
}

/// One reply, or a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// Nothing refuses it at the start.
    Admitted,
    /// Something does.
    Inadmissible,
    /// The intent is durable.
    Armed,
    /// It is not, or its subject is taken.
    NotArmed,
    /// The look allows.
    Allowed,
    /// The look denies.
    Denied,
    /// The look denies and does not say why.
    DeniedSilently,
    /// The look wants something that does not exist yet.
    Held,
    /// The gate let it pass.
    Passed,
    /// The gate found the look outdated.
    GateShut,
    /// A plain result.
    Result,
    /// An error of a tool whose errors mean that nothing happened.
    HarmlessError,
    /// Any other error.
    Error,
    /// The server wants input first.
    InputRequired,
    /// The server made a task of it.
    Task,
    /// No answer will come.
    Lost,
    /// The caller cancelled after the gate, and no answer came.
    AnswerCancelled,
    /// The entry is durable.
    Recorded,
    /// It is not.
    NotRecorded,
    /// The caller cancelled.
    Cancelled,
}

impl Happening {
    /// Everything that can happen.
    pub const ALL: [Happening; 20] = [
        Happening::Admitted,
        Happening::Inadmissible,
        Happening::Armed,
        Happening::NotArmed,
        Happening::Allowed,
        Happening::Denied,
        Happening::DeniedSilently,
        Happening::Held,
        Happening::Passed,
        Happening::GateShut,
        Happening::Result,
        Happening::HarmlessError,
        Happening::Error,
        Happening::InputRequired,
        Happening::Task,
        Happening::Lost,
        Happening::AnswerCancelled,
        Happening::Recorded,
        Happening::NotRecorded,
        Happening::Cancelled,
    ];

    /// The reply that this is, if it is one.
    fn replies_to(self) -> Owed {
        match self {
            Happening::Admitted | Happening::Inadmissible => Owed::Opening,
            Happening::Armed | Happening::NotArmed => Owed::Arming,
            Happening::Allowed | Happening::Denied | Happening::DeniedSilently | Happening::Held => {
                Owed::Look
            }
            Happening::Passed | Happening::GateShut => Owed::Gate,
            Happening::Result
            | Happening::HarmlessError
            | Happening::Error
            | Happening::InputRequired
            | Happening::Task
            | Happening::Lost
            | Happening::AnswerCancelled => Owed::Answer,
            Happening::Recorded | Happening::NotRecorded => Owed::Outcome,
            Happening::Cancelled => Owed::Nothing,
        }
    }
}

impl Owed {
    /// The replies that are waited for.
    pub fn replies(self) -> Vec<Happening> {
        let owed = if self == Owed::Refusal { Owed::Outcome } else { self };
        let replies = Happening::ALL.into_iter().filter(|happening| *happening != Happening::Cancelled);
        replies.filter(|happening| happening.replies_to() == owed).collect()
    }
}

/// One attempt.
#[derive(Debug, Clone)]
pub struct Course {
    /// What it waits for.
    pub owed: Owed,
    armed: bool,
    looks: u32,
    cancelled: bool,
}

/// How many looks an attempt takes at most.
const MOST_LOOKS: u32 = 3;

impl Default for Course {
    fn default() -> Self {
        Course { owed: Owed::Opening, armed: false, looks: 0, cancelled: false }
    }
}

impl Course {
    /// Takes what happened, and says what must be done: each thing as one line of text.
    pub fn take(&mut self, happening: Happening) -> Vec<String> {
        if happening == Happening::Cancelled {
            return self.cancel();
        }
        if !self.owed.replies().contains(&happening) {
            return Vec::new();
        }
        match happening {
            Happening::Admitted => self.ask(Owed::Arming, "arm"),
            Happening::Inadmissible => self.refuse("basis-missing"),
            Happening::Armed => self.go_on_armed(),
            Happening::NotArmed => self.refuse("in-doubt"),
            Happening::Allowed => self.ask(Owed::Gate, "gate"),
            Happening::Denied => self.refuse("fact-changed"),
            Happening::DeniedSilently => self.refuse("standing-changed"),
            // People are asked before anything is armed: here it is too late.
            Happening::Held => self.refuse("approval-required"),
            Happening::Passed => self.ask(Owed::Answer, "send"),
            Happening::GateShut if self.looks < MOST_LOOKS => self.look(),
            Happening::GateShut => self.refuse("look-too-old"),
            Happening::Result => self.settle("succeeded", "answer"),
            Happening::HarmlessError => self.settle("failed", "no-effect-declared"),
            Happening::InputRequired => self.settle("failed", "input-required"),
            Happening::Error => self.settle("unknown", "error-answer"),
            Happening::Task => self.settle("unknown", "task-answer"),
            Happening::Lost => self.settle("unknown", "answer-lost"),
            Happening::AnswerCancelled => self.settle("unknown", "cancelled"),
            Happening::Recorded => self.ask(Owed::Nothing, "deliver"),
            Happening::NotRecorded if self.owed == Owed::Outcome => {
                self.ask(Owed::Nothing, "deliver unrecorded")
            }
            Happening::NotRecorded => self.ask(Owed::Nothing, "deliver unrecorded refusal"),
            Happening::Cancelled => Vec::new(),
        }
    }

    fn go_on_armed(&mut self) -> Vec<String> {
        self.armed = true;
        if self.cancelled { self.refuse("cancelled") } else { self.look() }
    }

    fn look(&mut self) -> Vec<String> {
        self.looks += 1;
        self.ask(Owed::Look, "look")
    }

    /// A cancel before the gate stays here; after it, it is forwarded. While arming it waits for the arming to settle.
    fn cancel(&mut self) -> Vec<String> {
        self.cancelled = true;
        match self.owed {
            Owed::Opening | Owed::Look | Owed::Gate => self.refuse("cancelled"),
            Owed::Answer => vec!["forward cancel".to_owned()],
            Owed::Arming | Owed::Outcome | Owed::Refusal | Owed::Nothing => Vec::new(),
        }
    }

    /// After an effect that is known to have happened, what it touched is read again before the outcome is recorded.
    fn settle(&mut self, outcome: &str, evidence: &str) -> Vec<String> {
        let record = format!("record {outcome}: {evidence}");
        self.owed = Owed::Outcome;
        if outcome == "succeeded" { vec!["rebase".to_owned(), record] } else { vec![record] }
    }

    fn refuse(&mut self, code: &str) -> Vec<String> {
        let armed = if self.armed { "armed" } else { "not armed" };
        self.ask(Owed::Refusal, &format!("refuse {armed}: {code}"))
    }

    fn ask(&mut self, owed: Owed, what: &str) -> Vec<String> {
        self.owed = owed;
        vec![what.to_owned()]
    }
}
