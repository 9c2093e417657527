//! What is not kept is nowhere, what is disclosed is nothing more, what is old is gone.

mod disclosed;
mod pruned;
mod rig;
mod withheld;
