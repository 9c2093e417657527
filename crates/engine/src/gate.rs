//! The last instant at which an action can still be stopped.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lastlook_kernel::{Code, GateView, Passage, Permit, Stale};
use tokio::sync::Notify;

use crate::clock;

/// One short critical section per process that every effect passes just before its bytes are written.
#[derive(Debug)]
pub struct Gate {
    inside: Mutex<Inside>,
    max_gap: Duration,
}

#[derive(Debug)]
struct Inside {
    epoch: u64,
    in_flight: BTreeSet<String>,
}

/// What stops one attempt: shared between whoever drives it and whoever may cancel it.
#[derive(Debug, Default)]
pub struct Control {
    cancelled: AtomicBool,
    passed: AtomicBool,
    frame: Mutex<Option<Arc<[u8]>>>,
    changed: Notify,
}

/// What a cancellation achieved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancellation {
    /// It came before the gate: there will be no effect.
    Prevented,
    /// The effect had passed the gate; the server is told.
    InFlight,
}

/// Why an attempt did not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shut {
    /// The look must be repeated.
    LookAgain(Code),
    /// The caller cancelled.
    Cancelled,
}

impl Gate {
    /// A gate that no look older than `max_gap` passes.
    pub fn new(max_gap: Duration) -> Gate {
        Gate { inside: Mutex::new(Inside { epoch: 0, in_flight: BTreeSet::new() }), max_gap }
    }

    /// The standing epoch: read it before the look, it must still hold at the gate.
    pub fn epoch(&self) -> u64 {
        self.lock().epoch
    }

    /// Moves the epoch: whatever was looked at before must be looked at again. Returns what is already past the gate.
    pub fn shut_for_change(&self) -> Vec<String> {
        let mut inside = self.lock();
        inside.epoch += 1;
        inside.in_flight.iter().cloned().collect()
    }

    /// Passes one attempt, or says why not.
    pub fn pass(&self, attempt: &str, permit: Permit, control: &Control) -> Result<Passage, Shut> {
        let mut inside = self.lock();
        if control.cancelled.load(Ordering::SeqCst) {
            return Err(Shut::Cancelled);
        }
        let max_gap_ns = u64::try_from(self.max_gap.as_nanos()).unwrap_or(u64::MAX);
        let view = GateView { epoch: inside.epoch, now: clock::moment(), max_gap_ns };
        let passage = permit.spend(view).map_err(|stale| {
            Shut::LookAgain(match stale {
                Stale::Epoch | Stale::Deadline => Code::StandingChanged,
                Stale::Age => Code::LookTooOld,
            })
        })?;
        inside.in_flight.insert(attempt.to_owned());
        control.passed.store(true, Ordering::SeqCst);
        Ok(passage)
    }

    /// Takes an attempt off the in-flight list: its outcome is on record.
    pub fn leave(&self, attempt: &str) {
        self.lock().in_flight.remove(attempt);
    }

    /// Cancels one attempt. `frame` is the client's cancellation, forwarded when it is too late to prevent.
    pub fn cancel(&self, control: &Control, frame: Arc<[u8]>) -> Cancellation {
        let inside = self.lock();
        let passed = control.passed.load(Ordering::SeqCst);
        *control.frame.lock().unwrap_or_else(PoisonError::into_inner) = Some(frame);
        control.cancelled.store(true, Ordering::SeqCst);
        drop(inside);
        control.changed.notify_waiters();
        control.changed.notify_one();
        if passed { Cancellation::InFlight } else { Cancellation::Prevented }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Control {
    /// True once the caller has cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// True once the attempt has passed the gate.
    pub fn has_passed(&self) -> bool {
        self.passed.load(Ordering::SeqCst)
    }

    /// Waits until the caller cancels; returns the client's cancellation frame.
    pub async fn cancelled(&self) -> Arc<[u8]> {
        loop {
            let changed = self.changed.notified();
            if let Some(frame) = self.frame.lock().unwrap_or_else(PoisonError::into_inner).clone() {
                return frame;
            }
            changed.await;
        }
    }
}
