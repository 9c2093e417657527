//! Server to client: what passes, what is noted as a reading, what belongs to an attempt or to the boundary itself.

use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use lastlook_canon::{Limits, parse};
use lastlook_kernel::Tool;
use lastlook_upstream::frames::{FrameReader, Incoming, lines};
use lastlook_upstream::message::{self, Message};
use lastlook_upstream::salvage_id;

use super::claims_tool;
use super::in_flight::Waiting;
use super::reply;
use super::session::Session;

/// What becomes of one frame.
enum Fate {
    /// It passes byte for byte.
    Pass,
    /// It passes, and is noted as a reading.
    Note(Arc<Tool>, Arc<[u8]>),
    /// It goes no further.
    Taken,
    /// It goes no further, and the client gets this.
    Tell(Vec<u8>),
    /// It goes no further, and the server gets this.
    TellServer(Vec<u8>),
}

/// A run of frames that are written to the client in one go.
#[derive(Default)]
struct Passing {
    range: Range<usize>,
    notes: Vec<Note>,
}

/// A frame of the run that answers a read tool.
struct Note {
    tool: Arc<Tool>,
    params: Arc<[u8]>,
    frame: Range<usize>,
}

/// Copies until the server's end. A client that takes nothing any more stops nothing: outcomes still go on record.
pub(super) fn copy(session: &Arc<Session>, from: impl Read, limits: &Limits) {
    let mut frames = FrameReader::new(from, limits.max_bytes);
    loop {
        match frames.next_lines() {
            Ok(Incoming::Lines(range)) => run_of_lines(session, frames.bytes(range), limits),
            Ok(Incoming::TooLarge(id)) => too_large(session, id.as_deref(), limits),
            Ok(Incoming::End(range)) => return run_of_lines(session, frames.bytes(range), limits),
            Err(error) => {
                tracing::warn!("the server cannot be read any more: {error}");
                return;
            }
        }
    }
}

/// The server has gone: whoever waits is told so.
pub(super) fn server_is_gone(session: &Session) {
    session.boundary.link().mark_gone();
    for id in session.in_flight.abandon() {
        session.give(&reply::error(Some(&id), reply::INTERNAL_ERROR, "the server ended before it answered"));
    }
}

fn run_of_lines(session: &Arc<Session>, run: &[u8], limits: &Limits) {
    let mut passing = Passing::default();
    let mut at = 0;
    for line in lines(run) {
        let end = at + line.len();
        match fate(session, line, limits) {
            Fate::Pass => passing.range.end = end,
            Fate::Note(tool, params) => {
                passing.range.end = end;
                passing.notes.push(Note { tool, params, frame: at..end });
            }
            other => {
                passing.flush(session, run);
                passing.range = end..end;
                match other {
                    Fate::Tell(frame) => drop(session.give(&frame)),
                    // Not from this thread: a server that waits to be read would wait for ever.
                    Fate::TellServer(frame) => session.tell_server(frame),
                    Fate::Pass | Fate::Note(..) | Fate::Taken => {}
                }
            }
        }
        at = end;
    }
    passing.flush(session, run);
    session.boundary.reader().digest();
}

impl Passing {
    /// Writes the run, and notes its readings under the same lock: what was given first is what came first.
    fn flush(&mut self, session: &Session, run: &[u8]) {
        let bytes = run.get(self.range.clone()).unwrap_or_default();
        self.range.start = self.range.end;
        if bytes.is_empty() {
            return;
        }
        if self.notes.is_empty() {
            session.give(bytes);
            return;
        }
        let mut giving = session.boundary.reader().giving();
        if !session.give(bytes) {
            self.notes.clear();
        }
        for Note { tool, params, frame } in self.notes.drain(..) {
            giving.note(tool, params, run.get(frame).unwrap_or_default());
        }
    }
}

fn fate(session: &Arc<Session>, line: &[u8], limits: &Limits) -> Fate {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Fate::Taken;
    }
    match message::read(line, limits) {
        Ok(Message::Response { id: Some(id), result }) => response(session, line, id, result, limits),
        Ok(Message::Response { id: None, .. }) => Fate::Pass,
        Ok(Message::Request { id, method, .. }) => request(session, id, &method),
        Ok(Message::Notification { method, .. }) => notification(session, &method),
        Err(bad) => {
            let start = String::from_utf8_lossy(line.get(..line.len().min(200)).unwrap_or_default());
            let start = start.trim_end();
            session.complain(&format!("the server wrote something that is no message ({bad}): {start}"));
            let message = format!("the server's answer was not passed on: {bad}");
            unreadable(session, salvage_id(line).as_deref(), line, &message)
        }
    }
}

fn response(session: &Arc<Session>, line: &[u8], id: &[u8], result: Option<&[u8]>, limits: &Limits) -> Fate {
    if session.boundary.link().take_answer(id, line) {
        return Fate::Taken;
    }
    match session.in_flight.answered(id) {
        Some(Waiting::Read { tool, params }) => Fate::Note(tool, params),
        Some(Waiting::Effect { answer, .. }) => {
            // An attempt that has ended meanwhile (cancelled, timed out) has told its caller so.
            let _ = answer.send(line.into());
            Fate::Taken
        }
        Some(Waiting::Answered) => Fate::Taken,
        Some(Waiting::ToolsList) => {
            if let Some(Ok(page)) = result.map(|result| parse(result, limits)) {
                session.boundary.catalog().shown_to_client(&page);
            }
            if session.boundary.rulebook().offers_claims_tool()
                && let Some(frame) = claims_tool::with_tool(line)
            {
                return Fate::Tell(frame);
            }
            Fate::Pass
        }
        Some(Waiting::Initialize) => {
            session.asks.note_agreed(result);
            Fate::Pass
        }
        Some(Waiting::Other | Waiting::Parked) | None => Fate::Pass,
    }
}

/// A request that only the boundary's own repetition of a reading can have provoked never reaches the client.
fn request(session: &Arc<Session>, id: &[u8], method: &str) -> Fate {
    let provoked = matches!(method, "sampling/createMessage" | "elicitation/create");
    if provoked && session.boundary.link().own_in_flight() > 0 && !session.in_flight.any_with_server() {
        let message = "this call is the boundary's own; there is nobody to ask";
        return Fate::TellServer(reply::error(Some(id), reply::METHOD_NOT_FOUND, message));
    }
    Fate::Pass
}

fn notification(session: &Arc<Session>, method: &str) -> Fate {
    match method {
        "notifications/tools/list_changed" => {
            session.boundary.catalog().mark_changed();
            session.list_soon();
            Fate::Pass
        }
        "notifications/message"
            if session.boundary.link().own_in_flight() > 0 && !session.in_flight.any_with_server() =>
        {
            Fate::Taken
        }
        _ => Fate::Pass,
    }
}

fn too_large(session: &Arc<Session>, id: Option<&[u8]>, limits: &Limits) {
    let message =
        format!("the server's answer is larger than {} bytes and was not passed on", limits.max_bytes);
    session.complain(&message);
    if let Fate::Tell(frame) = unreadable(session, id, &[], &message) {
        session.give(&frame);
    }
}

/// A frame that cannot be judged: whoever waits for it learns that, and an effect's outcome stays unknown.
fn unreadable(session: &Arc<Session>, id: Option<&[u8]>, frame: &[u8], message: &str) -> Fate {
    let Some(id) = id else { return Fate::Taken };
    if session.boundary.link().take_answer(id, frame) {
        return Fate::Taken;
    }
    match session.in_flight.answered(id) {
        // Dropping the sender tells the attempt that no answer will come.
        Some(Waiting::Effect { .. } | Waiting::Answered) | None => Fate::Taken,
        Some(_) => Fate::Tell(reply::error(Some(id), reply::INTERNAL_ERROR, message)),
    }
}
