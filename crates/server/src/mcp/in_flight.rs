//! The client's requests that wait for an answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lastlook_engine::Control;
use lastlook_kernel::Tool;
use lastlook_upstream::message::id_key;
use tokio::sync::oneshot;

/// The most requests that may wait at once; a client that never reads should not fill our memory.
const MOST: usize = 10_000;

/// What to do with an answer.
#[derive(Debug)]
pub(super) enum Waiting {
    /// Pass it on.
    Other,
    /// Pass it on, and learn which revision was agreed on.
    Initialize,
    /// Pass it on, and learn which definitions the client has seen.
    ToolsList,
    /// Pass it on, and note it as a reading.
    Read {
        /// The tool.
        tool: Arc<Tool>,
        /// The raw params.
        params: Arc<[u8]>,
    },
    /// A call whose tool is not known yet.
    Parked,
    /// Hand it to its attempt.
    Effect {
        /// Where its attempt waits.
        answer: oneshot::Sender<Arc<[u8]>>,
        /// How it is cancelled.
        control: Arc<Control>,
    },
    /// An attempt whose answer has been handed over; it still owns the id until it has delivered.
    Answered,
}

/// Why a request was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// Its id is in flight.
    Duplicate,
    /// Too many are in flight.
    TooMany,
}

/// The client's requests that wait for an answer, by id.
#[derive(Debug, Default)]
pub(super) struct InFlight(Mutex<HashMap<Vec<u8>, Entry>>);

/// One request, under the key of its id.
#[derive(Debug)]
struct Entry {
    /// The id as the client spelt it, where that is not the key.
    spelt: Option<Box<[u8]>>,
    waiting: Waiting,
}

impl InFlight {
    /// Takes a request.
    pub(super) fn take(&self, id: &[u8], waiting: Waiting) -> Result<(), NotTaken> {
        let mut all = self.lock();
        if all.len() >= MOST {
            return Err(NotTaken::TooMany);
        }
        let key = id_key(id);
        let spelt = (*key != *id).then(|| id.into());
        match all.entry(key.into_owned()) {
            std::collections::hash_map::Entry::Occupied(_) => Err(NotTaken::Duplicate),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(Entry { spelt, waiting });
                Ok(())
            }
        }
    }

    /// Replaces what a parked call waits for; false when it was cancelled meanwhile.
    pub(super) fn unpark(&self, id: &[u8], waiting: Waiting) -> bool {
        match self.lock().get_mut(&*id_key(id)) {
            Some(entry) if matches!(entry.waiting, Waiting::Parked) => {
                entry.waiting = waiting;
                true
            }
            _ => false,
        }
    }

    /// The answer to this id has come: what to do with it. An effect keeps its id until it has delivered.
    ///
    /// What was not sent yet cannot have been answered: a server that guesses an id is not listened to.
    pub(super) fn answered(&self, id: &[u8]) -> Option<Waiting> {
        let mut all = self.lock();
        let key = id_key(id);
        let waiting = &mut all.get_mut(&*key)?.waiting;
        match waiting {
            Waiting::Effect { control, .. } if !control.has_passed() => Some(Waiting::Answered),
            Waiting::Effect { .. } => Some(std::mem::replace(waiting, Waiting::Answered)),
            Waiting::Answered | Waiting::Parked => Some(Waiting::Answered),
            _ => all.remove(&*key).map(|entry| entry.waiting),
        }
    }

    /// Forgets an id: it was answered by us, or cancelled.
    pub(super) fn forget(&self, id: &[u8]) {
        self.lock().remove(&*id_key(id));
    }

    /// What the client may cancel under this id: an effect's control, or nothing of ours.
    pub(super) fn cancel(&self, id: &[u8]) -> Cancelled {
        let mut all = self.lock();
        let key = id_key(id);
        match all.get(&*key).map(|entry| &entry.waiting) {
            Some(Waiting::Effect { control, .. }) => Cancelled::Effect(Arc::clone(control)),
            Some(Waiting::Answered) => Cancelled::TooLate,
            Some(Waiting::Parked) => {
                all.remove(&*key);
                Cancelled::Parked
            }
            Some(_) => {
                all.remove(&*key);
                Cancelled::PassOn
            }
            None => Cancelled::PassOn,
        }
    }

    /// True when some request of the client's is with the server.
    pub(super) fn any_with_server(&self) -> bool {
        self.lock().values().any(|entry| match &entry.waiting {
            Waiting::Effect { control, .. } => control.has_passed(),
            Waiting::Parked | Waiting::Answered => false,
            Waiting::Other | Waiting::Initialize | Waiting::ToolsList | Waiting::Read { .. } => true,
        })
    }

    /// The server is gone: drops what attempts wait for, and returns the ids of everything else.
    pub(super) fn abandon(&self) -> Vec<Vec<u8>> {
        let mut unanswered = Vec::new();
        self.lock().retain(|key, entry| match entry.waiting {
            Waiting::Effect { .. } => {
                entry.waiting = Waiting::Answered;
                true
            }
            Waiting::Answered | Waiting::Parked => true,
            Waiting::Other | Waiting::Initialize | Waiting::ToolsList | Waiting::Read { .. } => {
                unanswered.push(entry.spelt.take().map_or_else(|| key.clone(), Vec::from));
                false
            }
        });
        unanswered.sort();
        unanswered
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a cancellation is about.
#[derive(Debug)]
pub(super) enum Cancelled {
    /// An attempt.
    Effect(Arc<Control>),
    /// An attempt that has its answer already.
    TooLate,
    /// A call that was not sent yet, and now never will be.
    Parked,
    /// Nothing of ours.
    PassOn,
}
