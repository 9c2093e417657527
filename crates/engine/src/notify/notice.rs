//! What people are told.

use lastlook_ledger::approval::Ruling;
use lastlook_store::{RequestRow, RequestState};

use crate::held::{Asked, AskedGuard, Decided};
use crate::shown::{clean, shortened};
use crate::{clock, held};

/// The most of the arguments that is told, in characters.
const MOST_ARGUMENTS: usize = 16 << 10;
/// The longest name that is told, in characters.
const LONGEST_NAME: usize = 200;
/// The most guards and facts that are named.
const MOST_NAMED: usize = 32;

/// What people can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Happened {
    /// A request was opened.
    Held,
    /// Somebody said yes; others may still have to.
    Approved,
    /// Somebody said no.
    Rejected,
    /// An approval was taken back, or a request withdrawn.
    Revoked,
    /// Nothing: an operator tries whether messages arrive.
    Test,
}

/// One message: what happened to which request. All text in it is such as a person may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub(super) happened: Happened,
    pub(super) request: String,
    pub(super) state: String,
    pub(super) upstream: String,
    pub(super) tool: String,
    pub(super) principal: String,
    pub(super) asks: Vec<AskedGuard>,
    pub(super) expires: Option<String>,
    pub(super) facts: Vec<String>,
    pub(super) after: Option<String>,
    pub(super) by: Option<String>,
    /// How many more must say yes.
    pub(super) left: Option<u32>,
    pub(super) arguments: String,
    pub(super) is_cut: bool,
    /// When it happened, RFC 3339.
    pub(super) at: String,
}

impl Happened {
    /// What hooks can be told of, in the words of the configuration.
    pub const TOLD: [(&'static str, Happened); 4] = [
        ("held", Happened::Held),
        ("approved", Happened::Approved),
        ("rejected", Happened::Rejected),
        ("revoked", Happened::Revoked),
    ];

    /// What somebody's word is.
    pub fn of(ruling: Ruling) -> Happened {
        match ruling {
            Ruling::Approve => Happened::Approved,
            Ruling::Reject => Happened::Rejected,
        }
    }

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Happened::Held => "held",
            Happened::Approved => "approved",
            Happened::Rejected => "rejected",
            Happened::Revoked => "revoked",
            Happened::Test => "test",
        }
    }
}

impl Notice {
    /// A request was opened.
    pub fn held(row: &RequestRow, asked: &Asked) -> Notice {
        Notice::of(Happened::Held, row, asked, held::stands(row))
    }

    /// Somebody decided; nothing when what is stored of the request is damaged.
    pub fn said(decided: &Decided, ruling: Ruling, by: &str) -> Option<Notice> {
        let Decided { row, state, tally } = decided;
        let left = tally.missing.iter().map(|(_, left)| *left).sum();
        let notice = Notice::of(Happened::of(ruling), row, &Asked::of(row)?, state.as_str());
        Some(Notice { by: Some(name(by)), left: Some(left).filter(|_| ruling == Ruling::Approve), ..notice })
    }

    /// Somebody took back what `row` says; nothing when it had been taken back already.
    pub fn revoked(row: &RequestRow, by: &str) -> Option<Notice> {
        if row.state == RequestState::Revoked {
            return None;
        }
        let notice = Notice::of(Happened::Revoked, row, &Asked::of(row)?, RequestState::Revoked.as_str());
        Some(Notice { by: Some(name(by)), ..notice })
    }

    /// A message about nothing, to see whether it arrives.
    pub fn test() -> Notice {
        Notice {
            happened: Happened::Test,
            request: "ask-0".to_owned(),
            state: "test".to_owned(),
            upstream: "none".to_owned(),
            tool: "none".to_owned(),
            principal: "nobody".to_owned(),
            asks: Vec::new(),
            expires: None,
            facts: Vec::new(),
            after: None,
            by: None,
            left: None,
            arguments: "{}".to_owned(),
            is_cut: false,
            at: clock::wall(),
        }
    }

    fn of(happened: Happened, row: &RequestRow, asked: &Asked, state: &str) -> Notice {
        let asks = asked.guards.iter().take(MOST_NAMED).map(|guard| AskedGuard {
            guard: name(&guard.guard),
            by: name(&guard.by),
            digest: guard.digest.clone(),
            quorum: guard.quorum,
        });
        let start: String = asked.arguments.chars().take(MOST_ARGUMENTS).collect();
        Notice {
            happened,
            request: row.id.clone(),
            state: state.to_owned(),
            upstream: name(&asked.upstream),
            tool: name(&asked.tool),
            principal: name(&asked.principal),
            asks: asks.collect(),
            expires: row.expires_at_ns.map(clock::wall_at),
            facts: asked.facts.iter().take(MOST_NAMED).map(|fact| name(&fact.fact)).collect(),
            after: asked.after.clone(),
            by: None,
            left: None,
            is_cut: start.len() < asked.arguments.len(),
            arguments: clean(&start),
            at: clock::wall(),
        }
    }

    /// What shows all of it.
    pub(super) fn command(&self) -> String {
        match self.happened {
            Happened::Test => "lastlook approvals".to_owned(),
            _ => format!("lastlook approvals {}", self.request),
        }
    }
}

fn name(text: &str) -> String {
    shortened(&clean(text), LONGEST_NAME)
}
