//! What must hold for a kind of action, as the operator wrote it.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use crate::condition::Root;
use crate::{Amount, Condition, Mode, Shape, Template, ToolName};

/// What must hold for a kind of action.
///
/// Several guards on one tool: all must hold. A part that is `None` or empty asks for nothing.
#[derive(Debug, Clone)]
pub struct Guard {
    /// Its name.
    pub name: String,
    /// The tools it guards.
    pub on: Vec<ToolName>,
    /// Audit lets what it would refuse run, and records that; `None` takes the configuration's mode.
    pub mode: Option<Mode>,
    /// The Cedar entity that is acted on, such as `Order::"${args.order_id}"`.
    pub resource: Option<Template>,
    /// Facts whose *now* must equal *was*.
    pub unchanged: Vec<String>,
    /// Facts that must be young by their source's own time.
    pub fresh: Vec<Fresh>,
    /// Facts that are read although no part names them, for the policies.
    pub facts: Vec<String>,
    /// Read until two consecutive rounds agree, at most this many rounds; `None` reads once.
    pub stable: Option<u32>,
    /// What must be true over `args`, `was`, `now`, `principal`.
    pub when: Option<Condition>,
    /// What must have happened before, in this order.
    pub after: Vec<After>,
    /// When it may run.
    pub window: Option<WindowSpec>,
    /// At most once for a key.
    pub once: Option<Once>,
    /// How much, or how often.
    pub limit: Vec<Limit>,
    /// No two at a time.
    pub lease: Option<Lease>,
    /// A person's yes.
    pub approve: Option<Approve>,
    /// How the effect shows.
    pub confirm: Option<Confirm>,
}

impl Guard {
    /// The mode in which it is applied under a boundary in `whole`: where that only watches, so does every guard.
    pub fn mode_under(&self, whole: Mode) -> Mode {
        match whole {
            Mode::Audit => Mode::Audit,
            Mode::Enforce => self.mode.unwrap_or(Mode::Enforce),
        }
    }

    /// The facts it names, each once: in `unchanged`, `fresh`, `facts` and its conditions.
    pub fn fact_names(&self) -> BTreeSet<String> {
        let mut names = self.facts_before();
        let confirm =
            self.confirm.iter().flat_map(|confirm| std::iter::once(&confirm.when).chain(&confirm.refute));
        names.extend(confirm.flat_map(facts_in));
        names
    }

    /// Those that say whether it may run, and not only whether it has: what people are shown when they approve.
    pub fn facts_before(&self) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = self.unchanged.iter().chain(&self.facts).cloned().collect();
        names.extend(self.fresh.iter().map(|fresh| fresh.fact.clone()));
        let approve = self.approve.iter().filter_map(|approve| approve.when.as_ref());
        names.extend(self.when.iter().chain(approve).flat_map(facts_in));
        names
    }

    /// The facts that show whether its effect happened.
    pub fn confirming_facts(&self) -> BTreeSet<String> {
        let conditions =
            self.confirm.iter().flat_map(|confirm| std::iter::once(&confirm.when).chain(&confirm.refute));
        conditions
            .flat_map(|condition| condition.names())
            .filter(|(root, _)| *root == Root::Now)
            .filter_map(|(_, name)| name)
            .collect()
    }
}

/// The facts that a condition names.
fn facts_in(condition: &Condition) -> impl Iterator<Item = String> {
    let named = condition.names().into_iter();
    named.filter(|(root, _)| matches!(root, Root::Was | Root::Now)).filter_map(|(_, name)| name)
}

/// A bound on how old a fact may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh {
    /// The fact.
    pub fact: String,
    /// The greatest age: now minus the source's own time.
    pub max_age: Duration,
}

/// Something that must have happened before: a step, or all the steps of a procedure.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // a handful of them, made once, when the file is read
pub enum After {
    /// One step.
    Step(Step),
    /// The steps of `[procedure.NAME]`, in its order.
    Procedure(String),
}

/// One earlier attempt that must be on record.
#[derive(Debug, Clone)]
pub struct Step {
    /// The tool that must have run.
    pub tool: ToolName,
    /// Which of its attempts count, over `step` and `args`; `None` counts all.
    pub matching: Option<Condition>,
    /// How long ago it may have ended.
    pub within: Option<Duration>,
    /// What proves it.
    pub accept: Accept,
    /// Tools that must not have run since it started.
    pub none_since: Vec<ToolName>,
}

/// What proves a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accept {
    /// Its effect was seen.
    Confirmed,
    /// The tool said so: for tools without a `confirm`.
    Succeeded,
}

/// The steps a job must have.
#[derive(Debug, Clone)]
pub struct Procedure {
    /// Its name.
    pub name: String,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// When an action may run, as written; the engine resolves it to instants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WindowSpec {
    /// Weekly hours such as `Mon-Fri 09:00-17:30`; empty means always.
    pub open: Vec<String>,
    /// The zone's IANA name; needed with `open` and `closed`.
    pub tz: Option<String>,
    /// Dates `2026-12-24` or ranges `2026-12-24..2027-01-02`, both ends included.
    pub closed: Vec<String>,
    /// RFC 3339 instant before which nothing runs.
    pub not_before: Option<String>,
    /// RFC 3339 instant from which nothing runs.
    pub not_after: Option<String>,
    /// The greatest age of the decision: since its oldest reading was given, or else since the call arrived.
    pub max_age: Option<Duration>,
    /// The least time since the last such action was sent.
    pub min_spacing: Option<Duration>,
}

/// At most once for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// The key.
    pub key: Template,
    /// How long the key stays taken; `None`: for ever.
    pub per: Option<Per>,
}

/// A period in which something is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Per {
    /// The time up to now.
    Sliding(Duration),
    /// A calendar unit in a zone.
    Calendar {
        /// The unit.
        unit: Unit,
        /// The zone's IANA name.
        tz: String,
    },
}

/// A calendar unit; weeks begin on Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// `hour`
    Hour,
    /// `day`
    Day,
    /// `week`
    Week,
    /// `month`
    Month,
    /// `year`
    Year,
}

impl Unit {
    /// Its name in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Hour => "hour",
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Year => "year",
        }
    }
}

/// How much, or how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// What is counted: a JSON Pointer into the arguments, or calls when `None`.
    pub sum: Option<String>,
    /// The most there may be in the period.
    pub max: Amount,
    /// The period.
    pub per: Per,
    /// Whose limit it is.
    pub by: By,
}

/// Whose limit it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Each principal's own.
    Principal,
    /// Each tool's own.
    Tool,
    /// Each resource's own.
    Resource,
    /// One for each value of a key.
    Key(Template),
    /// One for all that the guard guards.
    Guard,
}

/// No two at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The key.
    pub key: Template,
    /// How long to wait for it.
    pub wait: Duration,
    /// How long it may be held before the gate.
    pub hold: Duration,
}

/// A person's yes: the action is held until it is given.
#[derive(Debug, Clone)]
pub struct Approve {
    /// When it is needed; `None`: always.
    pub when: Option<Condition>,
    /// Who may give it, a Cedar entity.
    pub by: String,
    /// How many different people.
    pub quorum: u32,
    /// How long it holds.
    pub expires: Option<Duration>,
}

/// How the effect shows.
#[derive(Debug, Clone)]
pub struct Confirm {
    /// True once the effect shows.
    pub when: Condition,
    /// True only if it can not (any more) have happened.
    pub refute: Option<Condition>,
    /// How long to look for it before the answer is given.
    pub within: Duration,
    /// From when on the request can no longer land, counted from the gate.
    pub settle: Option<Duration>,
}

/// How the boundary reads one fact.
#[derive(Debug, Clone)]
pub struct FactSpec {
    /// Its name, as in `now.order`.
    pub name: String,
    /// Where it is read.
    pub source: Source,
    /// JSON Pointers of what `unchanged` compares; empty compares all of it.
    pub select: Vec<String>,
    /// A JSON Pointer into the value that is its version, for sources that have none by themselves.
    pub version: Option<String>,
    /// Whether a value that came back to what it was counts as unchanged.
    pub aba_allowed: bool,
    /// A JSON Pointer to the source's own time in the value (RFC 3339, or Unix seconds).
    pub as_of: Option<String>,
    /// What is known of its types.
    pub shape: Option<Shape>,
    /// How the agent sees it, when not by the fact's own tool: by read tools, or by the answers of its own effects.
    pub seen_as: Vec<SeenAs>,
    /// How long one reading may take.
    pub timeout: Option<Duration>,
    /// The most bytes one reading may have.
    pub max_bytes: Option<usize>,
    /// Whether its values may be shown to an agent that did not read them itself.
    pub show_agent: bool,
}

impl FactSpec {
    /// Whether the operator said what its version is.
    pub fn has_named_version(&self) -> bool {
        let by_query = matches!(&self.source, Source::Sql { version: Some(_), .. });
        by_query || self.version.is_some()
    }

    /// Where an agent sees it: the tools and arguments whose answers are readings of it.
    ///
    /// What `seen_as` says, else the fact's own tool.
    pub fn views(&self) -> Vec<View<'_>> {
        let declared = self.seen_as.iter().map(|seen| View {
            tool: &seen.tool,
            args: &seen.args,
            select: &seen.select,
            version: seen.version.as_deref(),
            exact: false,
        });
        let own = match &self.source {
            Source::Mcp { tool, args } if self.seen_as.is_empty() => {
                Some(View { tool, args, select: &[], version: self.version.as_deref(), exact: true })
            }
            _ => None,
        };
        declared.chain(own).collect()
    }
}

/// One way in which an agent sees a fact.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The tool whose answers show it.
    pub tool: &'a ToolName,
    /// The arguments it is asked with.
    pub args: &'a Template,
    /// Where the fact's selected parts stand in its answer; empty: at the same places.
    pub select: &'a [String],
    /// Where the version stands in its answer.
    pub version: Option<&'a str>,
    /// Whether the call must have exactly these arguments, or may have others beside them.
    pub exact: bool,
}

/// A tool in whose answers the agent sees a fact: where *was* comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenAs {
    /// The tool.
    pub tool: ToolName,
    /// Arguments its call must have; it may have others.
    pub args: Template,
    /// JSON Pointers into its answer, one for each of the fact's `select`, in order; empty: the same pointers.
    pub select: Vec<String>,
    /// Where the version stands in its answer.
    pub version: Option<String>,
}

/// Where a fact is read.
#[derive(Debug, Clone)]
pub enum Source {
    /// A read tool of an MCP upstream.
    Mcp {
        /// The tool.
        tool: ToolName,
        /// Its arguments.
        args: Template,
    },
    /// A GET request.
    Http {
        /// The URL; holes only in path and query.
        url: Template,
        /// Header names and values; `env:NAME` takes the value from the environment.
        headers: BTreeMap<String, String>,
        /// Whether redirects within the same origin are followed.
        redirects: bool,
        /// Whether private and loopback addresses may be asked.
        private: bool,
    },
    /// One read-only statement.
    Sql {
        /// The name of a `[database.NAME]`.
        database: String,
        /// The statement, with `$1`, `$2`, … for its parameters.
        query: String,
        /// The parameters.
        params: Vec<Template>,
        /// One record (`one`), or all.
        many: bool,
        /// The column that is the version; PostgreSQL's `xmin` may be selected under this name.
        version: Option<String>,
    },
    /// A file's digest, size and time.
    File {
        /// Its path, absolute.
        path: Template,
    },
    /// A program's output.
    Command {
        /// Program and arguments, run without a shell.
        argv: Vec<Template>,
        /// Its working directory, absolute.
        cwd: Option<String>,
        /// Names of environment variables it may see, beside `PATH`.
        env: Vec<String>,
    },
    /// Earlier attempts on record.
    Ledger {
        /// The tool.
        tool: ToolName,
        /// Which attempts count, over `step` and `args`.
        matching: Option<Condition>,
        /// How far back.
        within: Option<Duration>,
    },
}
