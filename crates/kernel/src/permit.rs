//! Authority as values that are spent: [`Permit`] at the gate, [`Passage`] at the executor.

use lastlook_canon::Digest;

use crate::{Moment, Reason};

/// Proof that [`decide`](crate::decide) allowed one action on one look.
///
/// It can only be made by the kernel, is not `Clone`, and is consumed by [`Permit::spend`]: an allow that was
/// not re-checked at the gate cannot reach a tool, and no allow reaches it twice.
#[derive(Debug)]
#[must_use = "an unspent permit means that an allowed action never ran"]
pub struct Permit {
    action: Digest,
    epoch: u64,
    looked_at: Option<Moment>,
    decided_on: Moment,
    deadline: Option<Moment>,
    overridden: Vec<Reason>,
}

/// What the gate sees at the instant of passing.
#[derive(Debug, Clone, Copy)]
pub struct GateView {
    /// The standing epoch now: anything revoked, halted or reloaded moved it.
    pub epoch: u64,
    /// Now.
    pub now: Moment,
    /// The longest age of the oldest fact that may pass, in nanoseconds.
    pub max_gap_ns: u64,
}

/// Why a permit did not pass the gate; look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stale {
    /// The standing moved since the look.
    Epoch,
    /// The look is older than the guard accepts.
    Age,
    /// Something the look saw holds no longer: a window has closed, a fact has aged, a lease has run out.
    Deadline,
}

/// Proof that one permit passed the gate: the executor takes it by value, with the bytes.
#[derive(Debug)]
#[must_use = "a passage that is dropped is an armed attempt that never acted"]
pub struct Passage {
    action: Digest,
    epoch: u64,
    deadline: Option<Moment>,
    passed_at: Moment,
    gap_ns: Option<u64>,
    decide_ns: u64,
}

impl Permit {
    pub(crate) fn new(
        action: Digest,
        epoch: u64,
        looked_at: Option<Moment>,
        decided_on: Moment,
        overridden: Vec<Reason>,
    ) -> Permit {
        Permit { action, epoch, looked_at, decided_on, deadline: None, overridden }
    }

    /// The same permit, good only before this instant: when the first thing it rests on stops holding by time alone.
    pub(crate) fn until(mut self, deadline: Option<Moment>) -> Permit {
        self.deadline = deadline;
        self
    }

    /// What would have refused it, had the boundary not been in audit mode. Empty in enforce mode.
    pub fn overridden(&self) -> &[Reason] {
        &self.overridden
    }

    /// The digest of the action it is for.
    pub fn action(&self) -> Digest {
        self.action
    }

    /// Passes the gate, or says why the look must be repeated.
    ///
    /// Source of the rule: the standing epoch must be the one the look saw, the oldest fact must be younger than
    /// `max_gap_ns`, counted from when it was asked for, and nothing the look saw may have run out (I12).
    pub fn spend(self, view: GateView) -> Result<Passage, Stale> {
        if view.epoch != self.epoch {
            return Err(Stale::Epoch);
        }
        let gap_ns = self.looked_at.map(|asked| view.now.since(asked));
        let age = view.now.since(self.looked_at.unwrap_or(self.decided_on));
        if age > view.max_gap_ns {
            return Err(Stale::Age);
        }
        if self.deadline.is_some_and(|deadline| view.now >= deadline) {
            return Err(Stale::Deadline);
        }
        Ok(Passage {
            action: self.action,
            epoch: self.epoch,
            deadline: self.deadline,
            passed_at: view.now,
            gap_ns,
            decide_ns: view.now.since(self.decided_on),
        })
    }
}

impl Passage {
    /// The digest of the action that passed.
    pub fn action(&self) -> Digest {
        self.action
    }

    /// The standing epoch it passed in.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// When the first thing it rests on stops holding by time alone; `None`: nothing does.
    pub fn deadline(&self) -> Option<Moment> {
        self.deadline
    }

    /// The instant of the gate.
    pub fn passed_at(&self) -> Moment {
        self.passed_at
    }

    /// Gate minus the earliest `asked_at` of the look, in nanoseconds; `None` when nothing had to be read.
    pub fn gap_ns(&self) -> Option<u64> {
        self.gap_ns
    }

    /// Gate minus the last `answered_at` of the look (or its start when nothing was read), in nanoseconds.
    pub fn decide_ns(&self) -> u64 {
        self.decide_ns
    }
}
