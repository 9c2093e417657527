//! What tools could reach of the boundary's own files.

use std::path::Path;

use lastlook_engine::config::Config;
use lastlook_engine::doctor::Finding;

use crate::place::os_user;
use crate::reach::within_reach;

/// Which upstreams are handed a folder that holds the configuration, the policies or the record.
pub fn reach(config: &Config, state: &Path) -> Vec<Finding> {
    let mut ours: Vec<&Path> = vec![&config.path, state];
    if let Some(policy) = &config.policy {
        ours.push(&policy.file);
        ours.extend(policy.entities.as_deref());
    }
    let mut found = Vec::new();
    for (name, upstream) in &config.upstreams {
        let inside = within_reach(ours.iter().copied(), &upstream.command, upstream.cwd.as_deref());
        found.extend(inside.into_iter().map(|(ours, folder)| {
            Finding::problem(
                name,
                format!("it is handed `{}`, and `{}` lies inside", folder.display(), ours.display()),
                "keep configuration, policies and record outside of what tools may write",
            )
        }));
    }
    if found.is_empty() {
        let says = "no upstream's command names a folder with configuration, policies or record inside";
        found.push(Finding::ok("folders", says));
    }
    let me = os_user();
    found.push(match rustix::process::geteuid().is_root() {
        true => Finding::warning(
            "user",
            format!("this runs as {me}: nothing on this machine is kept from the tools"),
            "run the client, and so the boundary, as a user of its own",
        ),
        false => Finding::note(
            "user",
            format!(
                "upstreams run as {me}, like the boundary: an agent with a shell under this user can go around it"
            ),
        ),
    });
    found
}
