//! dev
#[path = "it/client.rs"]
mod client;
#[path = "it/kill/mod.rs"]
mod kill;
