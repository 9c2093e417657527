//! How a held call is told to whoever made it: by elicitation, in both eras of the protocol. What they answer never approves.

mod official;
mod rig;
mod session;
mod slips;
mod stateless;
