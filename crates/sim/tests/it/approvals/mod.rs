//! Approvals, revocation and halt as a protocol of several processes: every order of its steps, and what each step is for.

mod actors;
mod protocol;
mod weakened;
mod whole;
