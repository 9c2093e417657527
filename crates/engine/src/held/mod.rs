//! Held actions: what people are asked, what they said, and whether it still stands.
//!
//! A request is no attempt: it outlives the session that asked, and the attempt that runs on it is a new one, which
//! claims it when it is armed.

mod asked;
mod removed;
mod say;
mod tally;
mod when;

pub use asked::{Asked, AskedGuard, SeenFact, SeenReading};
pub use removed::{ShutOutError, shut_out};
pub use say::{Decided, Revoked, SayError, Word, decide, find, may_say, revoke, say, statement};
pub use tally::{Stands, Tally, Voice};
pub use when::{is_late, stands, until};

pub(crate) use say::settle;
