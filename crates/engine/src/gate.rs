//! The last instant at which an action can still be stopped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lastlook_kernel::{Code, GateView, Passage, Permit, Stale};
use lastlook_store::StatePaths;
use tokio::sync::{Notify, watch};

use crate::clock;
use crate::standing::{Closed, SharedGate};

/// One short critical section that every effect passes just before its bytes are written.
///
/// Inside of it a process is alone by a mutex, and together with the other processes on its state by the lock of
/// [`standing`](crate::standing): a reload shuts the gate of one process, a halt or a revocation that of all.
#[derive(Debug)]
pub struct Gate {
    inside: Mutex<Inside>,
    max_gap: Duration,
}

#[derive(Debug)]
struct Inside {
    epoch: u64,
    /// The shared number that this epoch stands for; `None` when it could not be read.
    number: Option<u64>,
    /// `None` where there is nothing to pass: nothing is recorded here.
    shared: Option<SharedGate>,
}

/// What stops one attempt: shared between whoever drives it and whoever may cancel it.
#[derive(Debug, Default)]
pub struct Control {
    cancelled: AtomicBool,
    passed: AtomicBool,
    frame: Mutex<Option<Arc<[u8]>>>,
    changed: Notify,
    /// The request whose decision it waits for, told anew with every look at it.
    waiting: watch::Sender<Option<String>>,
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
#[derive(Debug)]
pub enum Shut {
    /// The look must be repeated.
    LookAgain(Code),
    /// Somebody is just shutting it: try again in a moment, with the same permit.
    Busy(Permit),
    /// The caller cancelled.
    Cancelled,
}

impl Gate {
    /// The gate of one writer of a state, which no look older than `max_gap` passes.
    ///
    /// # Errors
    ///
    /// The files in which processes tell each other what passes cannot be used.
    pub fn open(paths: &StatePaths, writer: u32, max_gap: Duration) -> std::io::Result<Gate> {
        let shared = Some(SharedGate::open(paths, writer)?);
        Ok(Gate { inside: Mutex::new(Inside { epoch: 0, number: None, shared }), max_gap })
    }

    /// A gate that nothing passes.
    pub fn closed() -> Gate {
        let inside = Inside { epoch: 0, number: None, shared: None };
        Gate { inside: Mutex::new(inside), max_gap: Duration::ZERO }
    }

    /// The standing epoch: read it before the look, it must still hold at the gate.
    pub fn epoch(&self) -> u64 {
        let mut inside = self.lock();
        let number = inside.shared.as_ref().map(SharedGate::number).transpose();
        inside.move_to(number.ok().flatten());
        inside.epoch
    }

    /// Moves this process's epoch: whatever it looked at before it must look at again. Returns what it has let past the gate.
    pub fn shut_for_change(&self) -> Vec<String> {
        let mut inside = self.lock();
        inside.epoch += 1;
        inside.shared.as_ref().map(SharedGate::past).unwrap_or_default()
    }

    /// Passes one attempt, or says why not. It never waits.
    pub fn pass(&self, attempt: &str, permit: Permit, control: &Control) -> Result<Passage, Shut> {
        let mut guard = self.lock();
        if control.cancelled.load(Ordering::SeqCst) {
            return Err(Shut::Cancelled);
        }
        let Inside { epoch, number, shared } = &mut *guard;
        let broken = |error: std::io::Error| {
            tracing::error!("nothing passes the gate: {error}");
            Shut::LookAgain(Code::StoreUnavailable)
        };
        let Some(shared) = shared else { return Err(Shut::LookAgain(Code::StoreUnavailable)) };
        let mut entered = match shared.enter() {
            Ok(entered) => entered,
            Err(Closed::Busy) => return Err(Shut::Busy(permit)),
            Err(Closed::Broken(error)) => return Err(broken(error)),
        };
        if *number != Some(entered.number) {
            *number = Some(entered.number);
            *epoch += 1;
        }
        let max_gap_ns = u64::try_from(self.max_gap.as_nanos()).unwrap_or(u64::MAX);
        let view = GateView { epoch: *epoch, now: clock::moment(), max_gap_ns };
        let passage = permit.spend(view).map_err(|stale| {
            Shut::LookAgain(match stale {
                Stale::Epoch | Stale::Deadline => Code::StandingChanged,
                Stale::Age => Code::LookTooOld,
            })
        })?;
        // INVARIANT(listed-before-sent): whoever shuts the gate reads this once we have left it.
        entered.publish(attempt).map_err(broken)?;
        drop(entered);
        control.passed.store(true, Ordering::SeqCst);
        Ok(passage)
    }

    /// Takes an attempt off the in-flight list: its outcome is on record.
    pub fn leave(&self, attempt: &str) {
        if let Some(shared) = &mut self.lock().shared {
            shared.leave(attempt);
        }
    }

    /// What is on the in-flight list, an earlier life of this writer's attempts among them.
    pub(crate) fn past(&self) -> Vec<String> {
        self.lock().shared.as_ref().map(SharedGate::past).unwrap_or_default()
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

impl Inside {
    /// Takes over the shared number; another one, or one that cannot be read, is another epoch.
    fn move_to(&mut self, number: Option<u64>) {
        if self.number != number || number.is_none() {
            self.number = number;
            self.epoch += 1;
        }
    }
}

impl Control {
    /// True once the caller has cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// Tells whoever is interested that people are waited for.
    pub(crate) fn tell_waiting(&self, request: &str) {
        self.waiting.send_replace(Some(request.to_owned()));
    }

    /// The request whose decision it waits for; what is seen again and again while it waits.
    pub fn waiting(&self) -> watch::Receiver<Option<String>> {
        self.waiting.subscribe()
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
