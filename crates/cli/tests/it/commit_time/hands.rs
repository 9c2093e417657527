//! Three ways from an agent to a server: nothing in between, a yes to the tool, and the boundary.

use std::time::Duration;

use serde_json::{Value, json};

use super::place::{EXPIRES, Place};
use super::tasks::Call;
use crate::client::Client;
use crate::guards::world::became;
use crate::real::rig::{succeeded, worked};

/// What people, time and operators do between a decision and its act, as each of the three takes it.
pub trait Hand {
    /// The name of the column.
    fn name(&self) -> &'static str;
    /// The agent reads.
    fn read(&mut self, call: Call);
    /// The agent asks for its action, where there is anybody to ask.
    fn propose(&mut self, call: Call);
    /// Somebody says yes, or tries to.
    fn approve(&mut self, place: &Place, who: &str);
    /// What was approved is taken back.
    fn revoke(&mut self, place: &Place);
    /// Time passes.
    fn passes(&mut self, place: &Place, time: Duration);
    /// Everything is stopped, and let go on.
    fn halt_and_resume(&mut self, place: &Place);
    /// The agent acts; what it is told in a word or two.
    fn act(&mut self, call: Call) -> String;
}

/// No boundary: the agent's client is connected to the server.
pub struct Straight(pub Client);

impl Hand for Straight {
    fn name(&self) -> &'static str {
        "no boundary"
    }

    fn read(&mut self, (tool, arguments): Call) {
        worked(&self.0.call(tool, arguments));
    }

    fn propose(&mut self, _: Call) {}

    fn approve(&mut self, _: &Place, _: &str) {}

    fn revoke(&mut self, _: &Place) {}

    fn passes(&mut self, _: &Place, _: Duration) {}

    fn halt_and_resume(&mut self, _: &Place) {}

    fn act(&mut self, (tool, arguments): Call) -> String {
        became(&self.0.call(tool, arguments))
    }
}

/// Approve once: a gate that asks people about each call that is not a read, and runs the tool when the agent comes again.
///
/// It does well what such a gate does: nothing runs without a yes, a yes counts once and for fifteen minutes, it can be
/// taken back, and while everything is stopped nothing runs. The yes is to the tool. It does not compare the arguments
/// of the second call with those that were shown, does not look at the world, takes anybody's yes, and what was
/// approved before a stop is approved after it.
pub struct ApproveOnce {
    server: Client,
    asked: Vec<Asked>,
    stopped: bool,
    clock: Duration,
}

/// What somebody is asked.
struct Asked {
    tool: &'static str,
    until: Duration,
    approved: bool,
}

impl ApproveOnce {
    /// A gate before this server.
    pub fn before(server: Client) -> ApproveOnce {
        ApproveOnce { server, asked: Vec::new(), stopped: false, clock: Duration::ZERO }
    }

    fn called(&mut self, (tool, arguments): Call) -> String {
        if self.stopped {
            return "stopped".to_owned();
        }
        let clock = self.clock;
        self.asked.retain(|asked| clock < asked.until);
        match self.asked.iter().position(|asked| asked.tool == tool) {
            Some(place) if self.asked[place].approved => {
                self.asked.swap_remove(place);
                became(&self.server.call(tool, arguments))
            }
            Some(_) => "held".to_owned(),
            None => {
                self.asked.push(Asked { tool, until: clock + EXPIRES, approved: false });
                "held".to_owned()
            }
        }
    }
}

impl Hand for ApproveOnce {
    fn name(&self) -> &'static str {
        "approve once"
    }

    fn read(&mut self, (tool, arguments): Call) {
        worked(&self.server.call(tool, arguments));
    }

    fn propose(&mut self, call: Call) {
        self.called(call);
    }

    fn approve(&mut self, _: &Place, _: &str) {
        self.asked.iter_mut().for_each(|asked| asked.approved = true);
    }

    fn revoke(&mut self, _: &Place) {
        self.asked.clear();
    }

    fn passes(&mut self, _: &Place, time: Duration) {
        self.clock += time;
    }

    fn halt_and_resume(&mut self, _: &Place) {
        for stopped in [true, false] {
            self.stopped = stopped;
        }
    }

    fn act(&mut self, call: Call) -> String {
        self.called(call)
    }
}

/// The boundary: the program as it was built, and its commands for people.
pub struct Boundary {
    agent: Client,
    request: String,
}

impl Boundary {
    /// An agent's connection through the boundary.
    pub fn through(agent: Client) -> Boundary {
        Boundary { agent, request: String::new() }
    }
}

impl Hand for Boundary {
    fn name(&self) -> &'static str {
        "lastlook"
    }

    fn read(&mut self, (tool, arguments): Call) {
        worked(&self.agent.call(tool, arguments));
    }

    fn propose(&mut self, (tool, arguments): Call) {
        let answer = self.agent.call(tool, arguments);
        let request = answer["_meta"]["dev.lastlook/verdict"]["request"].as_str();
        self.request = request.unwrap_or_else(|| panic!("not held: {answer}")).to_owned();
    }

    /// What is not taken is no yes: the table shows whether it counted.
    fn approve(&mut self, place: &Place, who: &str) {
        let pass = place.pass(who);
        let words = ["--as", who, "--passphrase-file", &pass, "--reason", "looked at it"];
        let said = place.lastlook(&[&["approve", &self.request], &words[..]].concat());
        assert!(said.status.success() || who == super::place::REQUESTER, "{said:?}");
    }

    fn revoke(&mut self, place: &Place) {
        let words = ["revoke", &self.request, "--reason", "a mistake"];
        succeeded("revoke", place.lastlook(&words));
    }

    fn passes(&mut self, place: &Place, time: Duration) {
        place.passes(time);
    }

    fn halt_and_resume(&mut self, place: &Place) {
        succeeded("halt", place.lastlook(&["halt", "--all", "--reason", "an incident"]));
        succeeded("resume", place.lastlook(&["resume", "--all", "--reason", "it is over"]));
    }

    fn act(&mut self, (tool, arguments): Call) -> String {
        let answer = self.agent.call(tool, arguments);
        match verdict(&answer) {
            "hold" => "held".to_owned(),
            _ => became(&answer),
        }
    }
}

fn verdict(answer: &Value) -> &str {
    let verdict = &answer["_meta"]["dev.lastlook/verdict"]["verdict"];
    assert!(verdict.is_null() || answer["isError"] == json!(true), "{answer}");
    verdict.as_str().unwrap_or_default()
}
