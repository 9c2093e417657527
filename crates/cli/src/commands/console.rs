//! `lastlook console`: a page where people see what waits, and decide.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use lastlook_engine::notify::Notifier;
use lastlook_kernel::Principal;
use lastlook_server::console::{Console, ConsoleError, Opener, Teller, Trouble};
use serde_json::json;

use crate::failure::Failure;
use crate::place::{Place, os_user};
use crate::record::print::print;
use crate::record::text;
use crate::tell;

/// Approve on a page, in a browser on this machine
///
/// Prints the page's address, which is good once: whoever opens it first is let in, and nobody else. The page shows what
/// `lastlook approvals` shows. To approve or reject there, an approver types their passphrase each time; their key must be
/// in its usual place. Ctrl-C ends it.
#[derive(Debug, clap::Args)]
pub struct ConsoleArgs {
    /// Where to listen: a loopback address and a port [default: 127.0.0.1 and a free port]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Open it in the browser; others on this machine can see the address for a moment, among the running processes
    #[arg(long)]
    open: bool,
}

/// Serves the page until somebody ends it.
pub fn run(place: &Place, args: &ConsoleArgs) -> Result<ExitCode, Failure> {
    // Before anybody opens a page that could only say so.
    place.existing_state()?;
    let listen = args.listen.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let operator = Principal { id: os_user(), asserted: true };
    let notifier = Arc::new(tell::notifier());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let served = runtime.block_on(async {
        let console =
            Console::bind(listen, opener(place.clone()), teller(&notifier, place.clone()), operator).await?;
        let address = console.address();
        console.serve(|| announce(&address, place.json, args.open)).await
    });
    // What a form had begun is waited for: it may be in the middle of a commit.
    drop(runtime);
    tell::finish(&notifier);
    served?;
    Ok(ExitCode::SUCCESS)
}

fn opener(place: Place) -> Opener {
    Box::new(move || {
        place
            .existing_unattended()
            .map_err(|failure| Trouble::unavailable(failure.message(), failure.way_out()))
    })
}

fn teller(notifier: &Arc<Notifier>, place: Place) -> Teller {
    let notifier = Arc::clone(notifier);
    Box::new(move |happened, notice| tell::tell(&notifier, &place, happened, notice))
}

fn announce(address: &str, as_json: bool, open: bool) {
    let line = match as_json {
        true => text::json(&json!({"address": address})).unwrap_or_default(),
        false => format!("the page is at {address}\nthe address is good once; Ctrl-C ends the page\n"),
    };
    // Whoever reads it may have gone; the page is there all the same.
    let _ = print(&line);
    if open && show(address).is_err() {
        eprintln!("warning: no browser could be started\nhint: open the address yourself");
    }
}

fn show(address: &str) -> std::io::Result<()> {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let mut command = Command::new(program);
    command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut browser = command.spawn()?;
    // It may live as long as the browser does.
    std::thread::spawn(move || browser.wait());
    Ok(())
}

impl From<ConsoleError> for Failure {
    fn from(error: ConsoleError) -> Failure {
        let (message, hint) = (error.to_string(), error.hint());
        match error {
            ConsoleError::NotLoopback(_) => Failure::usage(message).hint(hint),
            ConsoleError::Bind { .. } | ConsoleError::Randomness(_) | ConsoleError::Io(_) => {
                Failure::unavailable(message).hint(hint)
            }
        }
    }
}
