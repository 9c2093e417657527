//! Client to server: what passes, what is judged, what is answered here.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use lastlook_canon::{Limits, members, string_of};
use lastlook_engine::{Cancellation, Key};
use lastlook_upstream::frames::{FrameReader, Incoming, lines};
use lastlook_upstream::message::{self, BadFrame, Message};
use lastlook_upstream::salvage_id;

use super::claims_tool;
use super::deliver::Call;
use super::elicit::{Found, brought};
use super::in_flight::{Cancelled, NotTaken, Waiting};
use super::reply;
use super::session::Session;

/// A longer name of a tool cannot be recorded.
const LONGEST_NAME: usize = 1024;

/// What becomes of one frame.
enum Fate {
    /// It passes byte for byte.
    Pass,
    /// It passes, and then the tools are listed.
    PassAndList,
    /// It goes no further: it was answered, or is being judged.
    Taken,
    /// It goes no further, and this is its answer.
    Answer(Vec<u8>),
}

/// Why copying ended before the client's end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    /// The client can no longer be read, or takes no answers.
    #[error("the client: {0}")]
    Client(io::Error),
    /// The server takes nothing any more.
    #[error("the server: {0}")]
    Server(io::Error),
}

/// Copies until the client's end, or until one side no longer plays its part.
pub(super) fn copy(session: &Arc<Session>, from: impl Read, limits: &Limits) -> Result<(), Stopped> {
    let mut frames = FrameReader::new(from, limits.max_bytes);
    loop {
        match frames.next_lines().map_err(Stopped::Client)? {
            Incoming::Lines(range) => run_of_lines(session, frames.bytes(range), limits)?,
            Incoming::TooLarge(id) => {
                let message = format!(
                    "the frame is larger than {} bytes and was not passed on; send less at a time",
                    limits.max_bytes
                );
                let answer = reply::error(id.as_deref(), reply::INVALID_REQUEST, &message);
                session.client.write(&answer).map_err(Stopped::Client)?;
            }
            Incoming::End(range) => return run_of_lines(session, frames.bytes(range), limits),
        }
    }
}

/// Writes runs of passing frames in one go; what is not to pass interrupts a run.
fn run_of_lines(session: &Arc<Session>, run: &[u8], limits: &Limits) -> Result<(), Stopped> {
    let mut passing: Range<usize> = 0..0;
    let flush = |passing: &mut Range<usize>| {
        let bytes = run.get(passing.clone()).unwrap_or_default();
        passing.start = passing.end;
        let passed = if bytes.is_empty() { Ok(()) } else { session.boundary.link().pass(bytes) };
        passed.map_err(Stopped::Server)
    };
    let mut at = 0;
    for line in lines(run) {
        let end = at + line.len();
        let fate = fate(session, line, limits);
        if !matches!(fate, Fate::Pass | Fate::PassAndList) {
            flush(&mut passing)?;
            passing = end..end;
        } else {
            passing.end = end;
        }
        match fate {
            Fate::Pass | Fate::Taken => {}
            Fate::PassAndList => {
                flush(&mut passing)?;
                session.list_soon();
            }
            Fate::Answer(frame) => session.client.write(&frame).map_err(Stopped::Client)?,
        }
        at = end;
    }
    flush(&mut passing)
}

fn fate(session: &Arc<Session>, line: &[u8], limits: &Limits) -> Fate {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Fate::Pass;
    }
    match message::read(line, limits) {
        Ok(Message::Request { id, method, params }) => request(session, line, id, &method, params),
        Ok(Message::Notification { method, params }) => notification(session, line, &method, params),
        Ok(Message::Response { id: Some(id), result }) if session.asks.take_answer(id, result) => Fate::Taken,
        Ok(Message::Response { .. }) => Fate::Pass,
        Err(bad) => Fate::Answer(refuse_frame(line, &bad)),
    }
}

fn refuse_frame(line: &[u8], bad: &BadFrame) -> Vec<u8> {
    let is_batch = line.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let (code, message) = match bad {
        _ if is_batch => (
            reply::INVALID_REQUEST,
            "the frame is a batch, which MCP does not have: send one message a line".to_owned(),
        ),
        BadFrame::Json(error) => (reply::PARSE_ERROR, format!("the frame was not passed on: {error}")),
        BadFrame::Member(_) | BadFrame::Shapeless | BadFrame::CarriageReturn => {
            (reply::INVALID_REQUEST, format!("the frame was not passed on: {bad}"))
        }
    };
    reply::error(salvage_id(line).as_deref(), code, &message)
}

fn request(session: &Arc<Session>, line: &[u8], id: &[u8], method: &str, params: Option<&[u8]>) -> Fate {
    if session.boundary.link().is_own_id(id) {
        return Fate::Answer(reply::error(
            None,
            reply::INVALID_REQUEST,
            "ids of this form are the boundary's own",
        ));
    }
    let era = session.era(params);
    let (waiting, fate) = match method {
        "tools/call" => return tool_call(session, line, id, era, params),
        "initialize" => {
            session.note_agent(params.and_then(members).and_then(|params| params.get("clientInfo")));
            session.asks.note_client(params);
            (Waiting::Initialize, Fate::Pass)
        }
        "tools/list" => (Waiting::ToolsList, Fate::PassAndList),
        // The other requests that may bring something back; the answers to them are never ours.
        "prompts/get" | "resources/read" if brings_ours(session, line, params) => {
            let message = "this `requestState` was given for a tool call: send this request without it";
            return Fate::Answer(reply::error(Some(id), reply::INVALID_PARAMS, message));
        }
        _ => (Waiting::Other, Fate::Pass),
    };
    match session.in_flight.take(id, waiting) {
        Ok(()) => fate,
        Err(why) => Fate::Answer(not_taken(id, why)),
    }
}

fn tool_call(
    session: &Arc<Session>,
    line: &[u8],
    id: &[u8],
    era: super::session::Era,
    params: Option<&[u8]>,
) -> Fate {
    let inside = params.and_then(members);
    let name = inside.as_ref().and_then(|inside| inside.get("name")).and_then(string_of);
    let (Some(name), Some(inside), Some(params)) = (name, inside, params) else {
        let message = "a tool call needs `params` with a `name`";
        return Fate::Answer(reply::error(Some(id), reply::INVALID_PARAMS, message));
    };
    if name.len() > LONGEST_NAME {
        let message = format!("the tool's name is longer than {LONGEST_NAME} bytes");
        return Fate::Answer(reply::error(Some(id), reply::INVALID_PARAMS, &message));
    }
    if let Err(bad) = Key::of_call(params) {
        return Fate::Answer(reply::error(Some(id), reply::INVALID_PARAMS, &bad.to_string()));
    }
    if name == claims_tool::NAME && session.boundary.rulebook().offers_claims_tool() {
        if let Err(why) = session.in_flight.take(id, Waiting::Answered) {
            return Fate::Answer(not_taken(id, why));
        }
        let call = Call { id: id.into(), era, params: params.into(), frame: line.into(), brought: None };
        session.attempts.spawn_on(Arc::clone(session).check_claims(call), &session.runtime);
        return Fate::Taken;
    }
    let mut call = Call { id: id.into(), era, params: params.into(), frame: line.into(), brought: None };
    match brought(line, params, &inside, &session.slip_prefix) {
        Found::Nothing => {}
        Found::Ours { brought, params, frame } => {
            (call.params, call.frame, call.brought) = (params.into(), frame.into(), Some(brought));
        }
        Found::Senseless => {
            let message = "`inputResponses` does not answer what was asked with this `requestState`: it takes an `action` of `accept`, `decline` or `cancel`";
            return Fate::Answer(reply::error(Some(id), reply::INVALID_PARAMS, message));
        }
    }
    let tool = session.boundary.catalog().tool(&name);
    // What was cut is no longer what the client sent: it goes the way of what is judged.
    let reads = tool.as_ref().filter(|tool| session.only_reads(tool) && call.brought.is_none());
    if let Some(tool) = reads {
        let waiting = Waiting::Read { tool: Arc::clone(tool), params: params.into() };
        return match session.in_flight.take(id, waiting) {
            Ok(()) => {
                session.boundary.count_read(&name);
                Fate::Pass
            }
            Err(why) => Fate::Answer(not_taken(id, why)),
        };
    }
    if let Err(why) = session.in_flight.take(id, Waiting::Parked) {
        return Fate::Answer(not_taken(id, why));
    }
    match tool {
        Some(tool) => {
            let id = Arc::clone(&call.id);
            session.attempt(call, tool, |waiting| session.in_flight.unpark(&id, waiting));
        }
        None => {
            let name = name.into_owned();
            session.attempts.spawn_on(Arc::clone(session).dispatch_parked(call, name), &session.runtime);
        }
    }
    Fate::Taken
}

fn is_ours(session: &Session, id: &[u8]) -> bool {
    session.boundary.link().is_own_id(id) || session.asks.is_own_id(id)
}

fn brings_ours(session: &Session, line: &[u8], params: Option<&[u8]>) -> bool {
    let found = |params| Some(brought(line, params, &members(params)?, &session.slip_prefix));
    params.and_then(found).is_some_and(|found| found != Found::Nothing)
}

/// A second request under an id in flight must not be answered under it: that answer would pass for the first one's.
fn not_taken(id: &[u8], why: NotTaken) -> Vec<u8> {
    match why {
        NotTaken::Duplicate => {
            let message = format!(
                "a request with id {} is already in flight; this one was not passed on",
                String::from_utf8_lossy(id)
            );
            reply::error(None, reply::INVALID_REQUEST, &message)
        }
        NotTaken::TooMany => reply::error(
            Some(id),
            reply::INTERNAL_ERROR,
            "too many requests are in flight; wait for some answers",
        ),
    }
}

fn notification(session: &Arc<Session>, line: &[u8], method: &str, params: Option<&[u8]>) -> Fate {
    match method {
        "notifications/initialized" => Fate::PassAndList,
        "notifications/cancelled" => {
            let id = params.and_then(members).and_then(|params| params.get("requestId"));
            match id.map(|id| session.in_flight.cancel(id)) {
                Some(Cancelled::Effect(control)) => {
                    // Before the gate it stays here; after it, the attempt forwards it in its own time.
                    match session.boundary.cancel(&control, line.into()) {
                        Cancellation::Prevented | Cancellation::InFlight => Fate::Taken,
                    }
                }
                Some(Cancelled::Parked | Cancelled::TooLate) => Fate::Taken,
                // The boundary's own calls are not the client's to cancel, nor are what it asks the client.
                Some(Cancelled::PassOn) if id.is_some_and(|id| is_ours(session, id)) => Fate::Taken,
                Some(Cancelled::PassOn) | None => Fate::Pass,
            }
        }
        // A lenient server would run it, and nobody could be told how it ended.
        "tools/call" => Fate::Answer(reply::error(
            None,
            reply::INVALID_REQUEST,
            "a tool call needs an `id`; it was not passed on",
        )),
        _ => Fate::Pass,
    }
}
