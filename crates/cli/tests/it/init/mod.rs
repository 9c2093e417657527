//! `lastlook init`: what is proposed, what is called, what is written.

mod failing;
mod proposing;
mod rig;
