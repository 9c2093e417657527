//! What the actors share, and where each of them stands.

/// A set of processes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Set(u8);

impl Set {
    pub fn has(self, who: usize) -> bool {
        self.0 & (1 << who) != 0
    }

    pub fn insert(&mut self, who: usize) {
        self.0 |= 1 << who;
    }

    pub fn remove(&mut self, who: usize) {
        self.0 &= !(1 << who);
    }

    pub fn len(self) -> u32 {
        self.0.count_ones()
    }
}

impl std::fmt::Debug for Set {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries((0..8).filter(|who| self.has(*who))).finish()
    }
}

/// How the one request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    Approved,
    Claimed,
    Used,
    Revoked,
    Void,
}

/// How an attempt stands in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attempt {
    Armed,
    Refused,
    Ended,
    Unknown,
}

/// One process: one attempt to run what was approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Process {
    /// Reads how the request stands.
    Finding,
    /// Closes a request that a refused attempt has not given back.
    Closing { left_by: usize },
    /// Claims it, and puts its intent on record, in one transaction.
    Arming,
    /// Reads the number and the standing; `at` of the steps of a look.
    Looking { at: usize, number: u8, looks: u8 },
    /// Passes the gate; `at` of its steps.
    Gating { at: usize, number: u8, looks: u8 },
    /// Is past the gate.
    Sending,
    /// Puts the outcome on record, or takes itself off the list; `at` of the steps of an end.
    Ending { at: usize },
    /// Puts on record that nothing was sent.
    Refusing { passing: bool },
    /// Gives the approval back, or makes it void.
    GivingBack { passing: bool },
    /// Has told its caller.
    Told(Told),
    /// Was killed.
    Dead,
}

/// What a caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Told {
    Ran,
    /// Another attempt has it.
    InDoubt(usize),
    /// It does not count any more: people are asked anew.
    Anew,
    /// It was refused after it had been armed.
    Refused,
}

/// Whoever takes the approval back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Revoker {
    Absent,
    Finding,
    Committing {
        state: Request,
        attempt: Option<usize>,
    },
    Shutting {
        at: usize,
        attempt: Option<usize>,
        listed: bool,
    },
    /// Reads how the attempt stands.
    Asking {
        attempt: Option<usize>,
        listed: bool,
    },
    Closed,
    Prevented,
    InFlight,
}

/// Whoever halts everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Halter {
    Absent,
    Halting,
    Shutting {
        at: usize,
        listed: Set,
    },
    /// Keeps those on the list that are still armed, and then adds those whose outcome nobody knows.
    Asking {
        listed: Set,
        armed_read: bool,
    },
    Answered {
        listed: Set,
    },
    Dead,
}

/// Whoever lifts the halt, and begins another epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resumer {
    Absent,
    Resuming,
    Shutting { at: usize },
    Answered,
}

/// What must never be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Breach {
    SentAfterPrevented,
    SentCalledPrevented,
    SentAfterHalt,
    PassedAfterResume,
    SentUnclaimed,
    ClaimedVoid,
}

/// The breaches seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seen(u8);

impl Seen {
    pub fn note(&mut self, breach: Breach, happened: bool) {
        self.0 |= u8::from(happened) << breach as u8;
    }

    pub fn has(self, breach: Breach) -> bool {
        self.0 & (1 << breach as u8) != 0
    }
}
