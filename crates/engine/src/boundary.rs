//! One client, one server, and the boundary between them.

use std::sync::{Arc, Mutex, PoisonError};

use lastlook_canon::{Json, Limits, parse};
use lastlook_kernel::{Action, ActionError, Code, Principal, Reason, Subject, Tool};
use lastlook_store::{Commit, CommitError, Committed, StateDir, Store};
use lastlook_upstream::Link;
use lastlook_upstream::child::ProcessGroup;

use crate::attempt::Proposal;
use crate::catalog::Catalog;
use crate::gate::{Cancellation, Control, Gate};
use crate::ids::{self, NoRandomness};
use crate::reader::Reader;
use crate::settings::Settings;

/// What a boundary is made of.
#[derive(Debug)]
pub struct Parts<S> {
    /// Where it is recorded.
    pub store: S,
    /// The directory of that store, to find writers that died.
    pub state: Arc<StateDir>,
    /// What holds.
    pub settings: Settings,
    /// Who acts.
    pub principal: Principal,
    /// The upstream's name, the same for every process in front of the same server.
    pub upstream: String,
    /// The connection to it.
    pub link: Arc<Link>,
    /// The process that holds its effects.
    pub group: ProcessGroup,
    /// Its tools.
    pub catalog: Catalog,
}

/// One client, one server, and the boundary between them.
pub struct Boundary {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) state: Arc<StateDir>,
    pub(crate) settings: Settings,
    pub(crate) principal: Principal,
    pub(crate) upstream: String,
    pub(crate) link: Arc<Link>,
    pub(crate) group: ProcessGroup,
    pub(crate) catalog: Catalog,
    pub(crate) reader: Reader,
    pub(crate) gate: Gate,
    pub(crate) owed: Owed,
    origin: String,
    writer: u32,
}

impl std::fmt::Debug for Boundary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Boundary")
            .field("upstream", &self.upstream)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// Records that could not be made durable: until they are, no effect runs.
#[derive(Debug, Default)]
pub(crate) struct Owed(Mutex<Vec<Commit>>);

impl Boundary {
    /// Puts a boundary together.
    ///
    /// `parts.store` must be open for writing; a store without a writer records nothing, and every effect is refused.
    pub fn new<S: Store>(parts: Parts<S>) -> Boundary {
        let Parts { store, state, settings, principal, upstream, link, group, catalog } = parts;
        let (origin, writer) = store.writer().map(|id| (id.origin.clone(), id.n)).unwrap_or_default();
        Boundary {
            reader: Reader::new(settings.subjects.clone()),
            gate: Gate::new(settings.max_gap),
            store: Arc::new(store),
            state,
            settings,
            principal,
            upstream,
            link,
            group,
            catalog,
            owed: Owed::default(),
            origin,
            writer,
        }
    }

    /// The tools of the server.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// What the client was seen to read.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The connection to the server.
    pub fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// What holds.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The log this process appends to.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn writer(&self) -> u32 {
        self.writer
    }

    /// Cancels a proposal. `frame` is the client's cancellation, forwarded when it is too late to prevent.
    pub fn cancel(&self, control: &Control, frame: Arc<[u8]>) -> Cancellation {
        self.gate.cancel(control, frame)
    }

    /// Takes a call of an effect as it arrives, with the basis it has at this instant.
    ///
    /// `params` are the raw params of a `tools/call`, `frame` the exact bytes that will be sent. Never fails on what the
    /// call says: a call that is no action becomes a proposal that is refused. Errs only without randomness.
    pub fn propose(
        &self,
        tool: Arc<Tool>,
        params: Arc<[u8]>,
        frame: Arc<[u8]>,
    ) -> Result<Proposal, NoRandomness> {
        let nothing = Json::Object(Vec::new());
        let parsed = parse(&params, &Limits::default()).ok();
        let arguments = parsed.as_ref().map(|params| params.get("arguments").unwrap_or(&nothing));
        let subjects = arguments.map(|arguments| self.reader.subjects(&tool, arguments)).unwrap_or_default();
        let touched = self.reader.touched(&subjects);
        let as_task = parsed.as_ref().is_some_and(|params| params.get("task").is_some());
        let definition = tool.definition.as_ref().map(|definition| definition.digest);
        let bound = match arguments {
            None => Err(Reason::about(Code::InvalidCall, "params")),
            Some(arguments) => {
                Action::new(&self.upstream, &tool.name, definition, self.principal.clone(), arguments.clone())
                    .map_err(|error| match error {
                        ActionError::Inexact(what) => Reason::about(Code::NumberInexact, what),
                        ActionError::NotAnObject => Reason::about(Code::InvalidCall, "arguments"),
                    })
            }
        };
        let (action, unreadable) = match bound {
            Ok(action) => (action, None),
            Err(reason) => {
                let principal = self.principal.clone();
                (Action::unreadable(&self.upstream, &tool.name, definition, principal, &params), Some(reason))
            }
        };
        let control = Arc::new(Control::default());
        let id = ids::attempt_id()?;
        Ok(Proposal { id, tool, action, unreadable, frame, subjects, touched, as_task, control })
    }

    /// The subjects of the readings a proposal rests on, as the proposal itself names them.
    pub(crate) fn basis_subjects<'a>(&self, proposal: &'a Proposal) -> impl Iterator<Item = &'a Subject> {
        let rests = !proposal.touched.basis.readings.is_empty();
        let named = proposal.tool.rules.subjects.is_some();
        proposal
            .subjects
            .iter()
            .filter(move |subject| named || (rests && proposal.touched.about.contains(*subject)))
    }

    /// Commits, durably.
    pub(crate) async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let ticket = self.store.commit(commit);
        ticket
            .await
            .unwrap_or_else(|_| Err(CommitError::Unavailable("the store's writer has ended".to_owned())))
    }
}

impl Owed {
    /// Keeps a record that could not be made durable.
    pub(crate) fn push(&self, commit: Commit) {
        self.lock().push(commit);
    }

    /// Tries to record everything owed; true when nothing is owed any more.
    pub(crate) async fn settle(&self, boundary: &Boundary) -> bool {
        loop {
            let Some(next) = self.lock().pop() else { return true };
            match boundary.commit(next.clone()).await {
                // Somebody else recorded how it ended meanwhile: theirs stands.
                Ok(_) | Err(CommitError::Precondition { .. }) => {}
                Err(CommitError::Full | CommitError::Unavailable(_)) => {
                    self.push(next);
                    return false;
                }
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Commit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
