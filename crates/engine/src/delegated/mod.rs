//! The delegated path: a program that acts by itself, under a permit that lives for seconds, and reports how it went.
//!
//! The boundary does everything it does for a server, up to the gate and from the report on: it asks people, arms, looks,
//! passes the gate, records, confirms. Only the act between them is the program's. How long that gap was allowed to be,
//! and was, is in the receipt (`closure: delegated`).
//!
//! ```
//! use lastlook_canon::{Json, Limits, parse};
//! use lastlook_engine::config::Config;
//! use lastlook_engine::delegated::{Delegated, Program, Report, Terms};
//! use lastlook_engine::Delivery;
//! use lastlook_kernel::{Outcome, Principal};
//! use lastlook_store::StateDir;
//!
//! # fn json(text: &str) -> Json { parse(text.as_bytes(), &Limits::default()).unwrap() }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let price = folder.path().join("price.json");
//! std::fs::write(&price, r#"{"cents": 4200}"#)?;
//! let config = Config::parse(
//!     &format!(
//!         r#"
//!         [upstream.till]
//!         program = true
//!
//!         [tool."till.pay"]
//!         class = "destructive"
//!
//!         [fact.price]
//!         file = {{ path = {price:?} }}
//!
//!         [guard.pay]
//!         on = ["till.pay"]
//!         unchanged = ["price"]
//!         "#
//!     ),
//!     "lastlook.toml",
//! )?;
//! let till = Program {
//!     config: &config,
//!     name: "till",
//!     tools: &[json(r#"{"name": "pay"}"#)],
//!     principal: Principal { id: "User::\"till\"".to_owned(), asserted: true },
//!     exe: "lastlook".as_ref(),
//! };
//! let till = till.open(StateDir::open(folder.path().join("state"))?.into()).await?;
//!
//! // What the program decides on; it is what the action rests on.
//! let args = r#"{"cents": 4200}"#;
//! let given = till.consult("pay", &json(args)).await;
//! assert!(given.value("price").is_some());
//!
//! // Checked again at the moment it runs.
//! match till.delegate(till.propose_own("pay", args)?, Terms::default()).await {
//!     Delegated::Permitted(permit) => {
//!         let acting = permit.begin()?;
//!         assert_eq!(acting.arguments(), args); // … and here the program pays
//!         let delivery = acting.report(Report::Done(b"paid".to_vec())).await;
//!         assert!(matches!(delivery, Delivery::Answer { outcome: Outcome::Succeeded, .. }));
//!     }
//!     Delegated::Not(delivery) => panic!("{delivery:?}"),
//! }
//!
//! // The world moved: nothing is permitted, and the record says why.
//! std::fs::write(&price, r#"{"cents": 9900}"#)?;
//! let then = till.delegate(till.propose_own("pay", args)?, Terms::default()).await;
//! assert!(matches!(then, Delegated::Not(Delivery::Refusal(_))));
//! # Ok(())
//! # }
//! ```

mod program;

use std::sync::Arc;
use std::time::Duration;

use lastlook_kernel::{Moment, Passage};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::attempt::{Delivery, Proposal};
use crate::boundary::Boundary;
use crate::clock;

pub use program::{Given, GivenFact, Program, ProgramError};

/// No permit lives longer: what was looked at so long ago is not the moment of action any more.
const LONGEST_TO_BEGIN: Duration = Duration::from_secs(60);
/// Nobody is waited for longer.
const LONGEST_TO_REPORT: Duration = Duration::from_secs(3_600);

/// How long a delegated act may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How long the permit lives: the act must begin within. At most a minute.
    pub begin_within: Duration,
    /// How long the report is waited for once the act has begun. At most an hour.
    pub report_within: Duration,
}

impl Default for Terms {
    /// Five seconds to begin, a minute to report.
    fn default() -> Self {
        Terms { begin_within: Duration::from_secs(5), report_within: Duration::from_secs(60) }
    }
}

impl Terms {
    pub(crate) fn bounded(self) -> Terms {
        Terms {
            begin_within: self.begin_within.min(LONGEST_TO_BEGIN),
            report_within: self.report_within.min(LONGEST_TO_REPORT),
        }
    }
}

/// What became of a proposal that its caller wants to carry out by itself.
#[derive(Debug)]
pub enum Delegated {
    /// It passed the gate: begin now.
    Permitted(DelegatedPermit),
    /// It does not run: it was refused, or waits for people.
    Not(Delivery),
}

/// Leave to act, once, for as long as it lives. Dropped, nothing happened, and the record says so.
#[derive(Debug)]
#[must_use = "a permit that is dropped is an armed attempt that never acted"]
pub struct DelegatedPermit {
    handed: Handed,
    running: JoinHandle<Delivery>,
}

/// A delegated act that has begun. Dropped without a report, its outcome is unknown.
#[derive(Debug)]
#[must_use = "an act that is never reported has an unknown outcome"]
pub struct Acting {
    attempt: String,
    arguments: String,
    report: oneshot::Sender<Report>,
    running: JoinHandle<Delivery>,
}

/// How a delegated act went, in its own word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// It was done; what came back of it, to be committed to in the receipt.
    Done(Vec<u8>),
    /// It was not done, and the program knows that nothing happened: it was never sent, or the target said so.
    NotDone,
    /// The program does not know.
    Unknown,
}

/// Why an act could not begin: nothing happened, and the record says so. Propose it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotBegun {
    /// The permit ran out.
    #[error("the permit ran out before the act began; propose it again")]
    Expired,
    /// Something was halted, revoked or reloaded since the gate.
    #[error("something was halted, revoked or reloaded since the permit was given; propose it again")]
    Shut,
}

/// What passes from the attempt to whoever acts.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) attempt: String,
    pub(crate) arguments: String,
    pub(crate) passage: Passage,
    pub(crate) until: Moment,
    pub(crate) begun: oneshot::Sender<Moment>,
    pub(crate) report: oneshot::Sender<Report>,
    pub(crate) boundary: Arc<Boundary>,
}

impl Boundary {
    /// Runs a proposal up to the gate, and gives its caller leave to act instead of sending anything.
    ///
    /// Dropping the future changes nothing that was begun: an attempt whose caller has gone ends without an effect.
    /// Must be called inside of a Tokio runtime.
    pub async fn delegate(self: &Arc<Self>, proposal: Proposal, terms: Terms) -> Delegated {
        let (hand, handed) = oneshot::channel();
        let boundary = Arc::clone(self);
        let running =
            tokio::spawn(async move { boundary.run_delegated(proposal, hand, terms.bounded()).await });
        match handed.await {
            Ok(handed) => Delegated::Permitted(DelegatedPermit { handed, running }),
            Err(_) => Delegated::Not(ended(running).await),
        }
    }
}

impl DelegatedPermit {
    /// The attempt's id, and its receipt's.
    pub fn attempt(&self) -> &str {
        &self.handed.attempt
    }

    /// How long the permit still lives.
    pub fn left(&self) -> Duration {
        Duration::from_nanos(self.handed.until.since(clock::moment()))
    }

    /// Begins the act: from here on it may happen.
    ///
    /// # Errors
    ///
    /// The permit has run out, or the gate was shut since.
    pub fn begin(self) -> Result<Acting, NotBegun> {
        let DelegatedPermit { handed, running } = self;
        let Handed { attempt, arguments, passage, until, begun, report, boundary } = handed;
        if boundary.gate.epoch() != passage.epoch() {
            return Err(NotBegun::Shut);
        }
        let now = clock::moment();
        if now >= until || begun.send(now).is_err() {
            return Err(NotBegun::Expired);
        }
        Ok(Acting { attempt, arguments, report, running })
    }
}

impl Acting {
    /// The attempt's id: a good idempotency key for the target.
    pub fn attempt(&self) -> &str {
        &self.attempt
    }

    /// The arguments to act on, byte for byte as people saw them, where people were asked.
    pub fn arguments(&self) -> &str {
        &self.arguments
    }

    /// Reports how it went; returns once that is on record and was confirmed as far as the guards ask for it.
    ///
    /// A report that comes later than the terms allow changes nothing: the outcome stays unknown until somebody resolves it.
    pub async fn report(self, report: Report) -> Delivery {
        // An attempt that waits no longer has recorded that nobody knows.
        let _ = self.report.send(report);
        ended(self.running).await
    }
}

async fn ended(running: JoinHandle<Delivery>) -> Delivery {
    match running.await {
        Ok(delivery) => delivery,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime is shutting down: what was armed is found by whoever opens the state next.
        Err(_) => Delivery::Nothing,
    }
}
