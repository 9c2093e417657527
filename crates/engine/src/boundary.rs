//! One client, one server, and the boundary between them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};

use lastlook_canon::{Digest, Json, Limits, lexical, parse};
use lastlook_kernel::{
    Action, ActionError, Class, Code, Definition, Principal, Reason, Subject, Tool, Touched,
};
use lastlook_store::{Commit, CommitError, Committed, Lookup, StateDir, Store, StoreError};
use lastlook_upstream::Link;
use lastlook_upstream::child::ProcessGroup;

use crate::attempt::hold::changes::{self, Changes};
use crate::attempt::{Covered, Held, Proposal};
use crate::catalog::Catalog;
use crate::claims::{self, Checked, Report, ReportError};
use crate::gate::{Cancellation, Control, Gate};
use crate::guarding::Guarding;
use crate::halts::{self, Whom};
use crate::ids::{self, NoRandomness};
use crate::key::Key;
use crate::notify::Notifier;
use crate::reader::Reader;
use crate::reads::Reads;
use crate::replay::kept;
use crate::rulebook::Rulebook;
use crate::settings::Settings;
use crate::slip::SlipKey;
use crate::withhold::{PrivateKey, What, Withhold};

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
    /// The guards, facts and policies in force.
    pub rulebook: Rulebook,
    /// Who tells people that something waits.
    pub notifier: Arc<Notifier>,
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
    /// Shared by the calls that wait for people.
    pub(crate) changes: Changes,
    pub(crate) notifier: Arc<Notifier>,
    pub(crate) slip_key: SlipKey,
    pub(crate) private_key: PrivateKey,
    pub(crate) reads: Reads,
    rulebook: ArcSwap<Rulebook>,
    /// The `_meta` of the client's last stateless request: the boundary's own requests need one as well.
    meta: OnceLock<Arc<[u8]>>,
    /// What the client calls itself.
    agent: ArcSwapOption<String>,
    pub(crate) origin: String,
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

/// Domain of the digests of actions whose arguments are not kept: a plain one could be found by guessing.
const ACTION_DOMAIN: &str = "lastlook/private-action/v1";

/// Records that could not be made durable: until they are, no effect runs.
#[derive(Debug, Default)]
pub(crate) struct Owed(Mutex<Vec<Commit>>);

impl Boundary {
    /// Puts a boundary together.
    ///
    /// `parts.store` must be open for writing; a store without a writer records nothing, and every effect is refused.
    pub fn new<S: Store>(parts: Parts<S>) -> Boundary {
        let Parts { store, state, settings, principal, upstream, link, group, catalog, rulebook, notifier } =
            parts;
        let (origin, writer) = store.writer().map(|id| (id.origin.clone(), id.n)).unwrap_or_default();
        let gate = match store.writer() {
            Some(id) => Gate::open(state.paths(), id.n, settings.max_gap),
            None => Ok(Gate::closed()),
        };
        let gate = gate.unwrap_or_else(|error| {
            tracing::error!("the gate of `{}` cannot be opened: {error}", state.paths().root.display());
            Gate::closed()
        });
        let reader = Reader::new(settings.subjects.clone());
        reader.watch(rulebook.fact_tools(&upstream));
        Boundary {
            reader,
            rulebook: ArcSwap::from_pointee(rulebook),
            meta: OnceLock::new(),
            agent: ArcSwapOption::empty(),
            gate,
            store: Arc::new(store),
            state,
            settings,
            principal,
            upstream,
            link,
            group,
            catalog,
            owed: Owed::default(),
            changes: Changes::new(changes::BETWEEN_LOOKS),
            notifier,
            slip_key: SlipKey::default(),
            private_key: PrivateKey::default(),
            reads: Reads::default(),
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

    /// What is said of a request to whoever made the call; `None` where there is no such request.
    ///
    /// # Errors
    ///
    /// The record cannot be read.
    pub fn held(&self, request: &str) -> Result<Option<Held>, StoreError> {
        Ok(match self.store.request(request)? {
            Lookup::Found(row) => Some(Held::of(&row)),
            Lookup::Missing | Lookup::Ambiguous(_) => None,
        })
    }

    /// Where a console on this state is; `None` while none runs.
    pub fn console(&self) -> Option<SocketAddr> {
        self.state.console()
    }

    /// What holds.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The rules in force.
    pub fn rulebook(&self) -> Arc<Rulebook> {
        self.rulebook.load_full()
    }

    /// Puts other rules in force, through the gate: whatever was looked at under the old ones is looked at again.
    ///
    /// Returns the attempts that had passed the gate before.
    pub fn put_in_force(&self, rulebook: Rulebook) -> Vec<String> {
        say(&rulebook.check_fit(&self.upstream, &self.catalog.all(&self.upstream)));
        self.reader.watch(rulebook.fact_tools(&self.upstream));
        self.keep(&rulebook);
        self.rulebook.store(Arc::new(rulebook));
        self.gate.shut_for_change()
    }

    /// Takes in a whole listing of the server's tools; see [`Catalog::listed`].
    ///
    /// The rules are checked against it first: no call is judged on tools that the rules were not checked against.
    pub fn take_listing(&self, generation: u64, listed: Vec<(String, Definition)>) {
        let all = self.catalog.as_listed(&self.upstream, &listed);
        let book = self.rulebook();
        say(&book.check_fit(&self.upstream, &all));
        self.keep(&book);
        self.catalog.listed(generation, listed);
    }

    /// Keeps rules and tools in the state, so that what is decided under them can be decided again. Nobody waits for it: it is
    /// durable before any entry that names them, and an attempt whose rules could not be kept cannot be replayed.
    fn keep(&self, book: &Rulebook) {
        if self.store.writer().is_none() {
            return;
        }
        let tools = book.fit().and_then(|fit| fit.tools);
        if let Some(commit) = kept::keep(&*self.store, book.kept.iter().chain(tools.as_deref())) {
            drop(self.store.commit(commit));
        }
    }

    /// True when calls of a tool are judged and recorded even if it only reads.
    pub fn judges_reads_of(&self, tool: &str) -> bool {
        let book = self.rulebook.load();
        book.judges_reads_of(&lastlook_kernel::ToolName::new(&self.upstream, tool))
    }

    /// Remembers the `_meta` that the client's stateless requests carry; the first one stays.
    pub fn note_meta(&self, meta: &[u8]) {
        self.meta.get_or_init(|| meta.into());
    }

    /// The remembered `_meta`, raw.
    pub fn meta(&self) -> Option<Arc<[u8]>> {
        self.meta.get().cloned()
    }

    /// Takes in what the client calls itself; the last word counts, for the calls that come after it.
    pub fn note_agent(&self, name: &str) {
        if self.agent.load().as_ref().is_none_or(|known| known.as_str() != name) {
            self.agent.store(Some(Arc::new(name.to_owned())));
        }
    }

    /// The ids of the active halts that stop a proposal now.
    pub(crate) fn halted(&self, proposal: &Proposal) -> Result<Vec<String>, StoreError> {
        // Who says no name is no agent of any name.
        let agent = Some(proposal.agent.as_deref().map_or("", String::as_str));
        let whom = Whom {
            upstream: &self.upstream,
            tool: &proposal.tool.name,
            principal: Some(&self.principal.id),
            agent,
        };
        Ok(halts::active(&*self.store)?
            .into_iter()
            .filter(|halt| halt.scope.covers(&whom))
            .map(|halt| halt.id)
            .collect())
    }

    /// The params of a tool call of the boundary's own.
    pub(crate) fn call_params(&self, tool: &str, args: &Json) -> Vec<u8> {
        let mut params = Vec::from(b"{");
        if let Some(meta) = self.meta() {
            params.extend_from_slice(b"\"_meta\":");
            params.extend_from_slice(&meta);
            params.push(b',');
        }
        params.extend_from_slice(b"\"name\":");
        params.extend_from_slice(&lexical(&Json::from(tool)));
        params.extend_from_slice(b",\"arguments\":");
        params.extend_from_slice(&lexical(args));
        params.push(b'}');
        lastlook_upstream::without_progress_token(&params)
    }

    /// Checks an agent's report against the record; see [`crate::claims`].
    ///
    /// # Errors
    ///
    /// A sentence: the report is none, or the record cannot be read.
    pub fn check_claims(&self, report: &Json) -> Result<Checked, String> {
        let report = Report::from_json(report, Some(&self.upstream))
            .map_err(|error: ReportError| error.to_string())?;
        let book = self.rulebook();
        let now_ns = crate::clock::unix_ns();
        claims::check(&*self.store, book.config.as_ref(), &report, None, now_ns)
            .map_err(|error| error.to_string())
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
        // Asked for once: rules that come into force meanwhile are found to be others at the look.
        let book = self.rulebook();
        let mut guarding = arguments
            .and_then(|arguments| Guarding::plan(self, Arc::clone(&book), &tool, arguments))
            .map(Box::new);
        let (touched, covered) = self.touched(&tool, &subjects, guarding.as_deref());
        if let Some(guarding) = &mut guarding {
            guarding.rest_on(&touched.basis);
        }
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
        let withhold = Withhold::new(&book.withheld, &self.upstream, &tool.name);
        let (action, unreadable) = match withhold {
            Some(withhold) if is_withheld(&withhold, &tool.name, &action) => {
                match self.private_digest(ACTION_DOMAIN, action.digest().as_bytes()) {
                    Some(digest) => (action.with_digest(Digest::from_bytes(digest)), unreadable),
                    None => (action, Some(Reason::of(Code::StoreUnavailable))),
                }
            }
            Some(_) | None => (action, unreadable),
        };
        // What only reads is no effect: it may be asked for as often as one likes.
        let (key, unreadable) = match Key::of_call(&params) {
            Ok(key) => (key.filter(|_| tool.class != Class::Read), unreadable),
            Err(_) => (None, unreadable.or_else(|| Some(Reason::about(Code::InvalidCall, "_meta")))),
        };
        let control = Arc::new(Control::default());
        let id = ids::attempt_id()?;
        Ok(Proposal {
            id,
            tool,
            action,
            key,
            unreadable,
            frame,
            subjects,
            touched,
            covered,
            guarding,
            book,
            agent: self.agent.load_full(),
            as_task,
            control,
        })
    }

    /// The tracked readings an effect rests on, and those that a guard compares by what it selects in their place.
    fn touched(
        &self,
        tool: &Tool,
        subjects: &lastlook_kernel::Subjects,
        guarding: Option<&Guarding>,
    ) -> (Touched, Vec<Covered>) {
        if tool.class == Class::Read {
            return (Touched::default(), Vec::new());
        }
        let mut touched = self.reader.touched(subjects);
        let Some(guarding) = guarding else { return (touched, Vec::new()) };
        let covered: Vec<bool> = touched
            .basis
            .readings
            .iter()
            .map(|reading| self.is_covered(guarding, &reading.tool, &reading.params))
            .collect();
        let readings = std::mem::take(&mut touched.basis.readings);
        let orders = std::mem::take(&mut touched.orders);
        let mut left = Vec::new();
        for ((reading, order), covered) in readings.into_iter().zip(orders).zip(covered) {
            if covered {
                left.push(Covered { order, tool: reading.tool, params: reading.params });
            } else {
                touched.basis.readings.push(reading);
                touched.orders.push(order);
            }
        }
        touched.basis.covered = left.len();
        (touched, left)
    }

    /// Whether some guard compares what this call read, in place of the whole of it.
    pub(crate) fn is_covered(&self, guarding: &Guarding, tool: &str, params: &[u8]) -> bool {
        let params = parse(params, &Limits::default()).ok();
        let nothing = Json::Object(Vec::new());
        let args = params.as_ref().map(|params| params.get("arguments").unwrap_or(&nothing));
        args.is_some_and(|args| guarding.covers(self, tool, args))
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
                Ok(_) | Err(CommitError::Precondition { .. }) => {
                    next.entries.iter().for_each(|entry| boundary.gate.leave(&entry.attempt));
                }
                Err(
                    CommitError::Limit { .. }
                    | CommitError::Full
                    | CommitError::Unavailable(_)
                    | CommitError::Unsigned(_),
                ) => {
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

/// Whether something of an action's arguments is not kept.
fn is_withheld(withhold: &Withhold, tool: &str, action: &Action) -> bool {
    let what = if action.arguments().is_null() { What::Params(tool) } else { What::Arguments(tool) };
    withhold.touches(what, action.canonical_arguments())
}

/// Tells the operator what does not fit: every effect is refused until it does.
fn say(misfits: &[String]) {
    for misfit in misfits {
        tracing::error!("{misfit}");
    }
}
