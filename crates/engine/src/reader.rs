//! Whose basis it is: what one client was seen to read, in the order in which answers were given to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lastlook_canon::{Digest, Json, Limits, parse};
use lastlook_kernel::{
    Comparable, FactValue, Moment, Reading, Readings, Rebased, SubjectRules, Subjects, Tool, Touched,
};

use crate::seen::{SeenAnswer, SeenAnswers};
use crate::{answer, clock};

/// Values longer than this are compared by digest only: they are neither shown nor kept.
const LARGEST_VALUE: usize = 64 << 10;
/// How many answers may wait to be taken apart.
const MOST_WAITING: usize = 128;
/// How many bytes of answers may wait to be taken apart.
const MOST_WAITING_BYTES: usize = 1 << 20;

/// One client's read set.
///
/// Answers are noted under the same lock under which they are written to the client, so that "had been given to the
/// client before" is one order for both. Taking them apart happens later, off the path of the answer.
#[derive(Debug)]
pub struct Reader {
    rules: SubjectRules,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    order: u64,
    inbox: Inbox,
    readings: Readings,
    /// The tools in whose answers an agent sees facts that guards name.
    fact_tools: BTreeSet<String>,
    seen: SeenAnswers,
}

/// Answers that were given and not yet taken apart, by their order.
///
/// Taking an answer apart costs more than passing it on, and most answers never become a basis: the same call made
/// again replaces what waits of it, unread.
#[derive(Debug, Default)]
struct Inbox {
    waiting: BTreeMap<u64, Noted>,
    /// The order under which a call with these exact params waits.
    by_params: BTreeMap<Arc<[u8]>, u64>,
    bytes: usize,
}

/// An answer that was given, not yet taken apart.
#[derive(Debug)]
struct Noted {
    tool: Arc<Tool>,
    params: Arc<[u8]>,
    answer: Vec<u8>,
    at: Moment,
    at_ns: i64,
    /// Whether its tool reads: an effect's answer shows facts, and is no tracked reading.
    reads: bool,
}

impl Inbox {
    fn put(&mut self, order: u64, noted: Noted) {
        self.bytes += noted.answer.len();
        if let Some(earlier) = self.by_params.insert(Arc::clone(&noted.params), order) {
            let replaced = self.waiting.remove(&earlier);
            self.bytes -= replaced.map_or(0, |replaced| replaced.answer.len());
        }
        self.waiting.insert(order, noted);
    }

    /// The answer that was given first.
    fn take(&mut self) -> Option<(u64, Noted)> {
        let (order, noted) = self.waiting.pop_first()?;
        self.by_params.remove(&noted.params);
        self.bytes -= noted.answer.len();
        Some((order, noted))
    }

    fn is_full(&self) -> bool {
        self.waiting.len() > MOST_WAITING || self.bytes > MOST_WAITING_BYTES
    }
}

/// The order of answers given, held still while one is written.
///
/// The agent may know an answer from the moment its writing begins: so old is the reading, however long the writing takes.
#[derive(Debug)]
pub struct Giving<'a> {
    state: MutexGuard<'a, State>,
    at: Moment,
    at_ns: i64,
}

impl Giving<'_> {
    /// Notes the answer to a read tool that is being written to the client right now.
    ///
    /// `params` are the raw params of the call, `answer` the whole frame.
    pub fn note(&mut self, tool: Arc<Tool>, params: Arc<[u8]>, answer: &[u8]) {
        self.put(tool, params, answer, true);
    }

    /// Notes the answer to an effect that is being written to the client, if it shows a fact that some guard names.
    pub fn note_effect(&mut self, tool: Arc<Tool>, params: Arc<[u8]>, answer: &[u8]) {
        if self.state.fact_tools.contains(&tool.name) {
            self.put(tool, params, answer, false);
        }
    }

    fn put(&mut self, tool: Arc<Tool>, params: Arc<[u8]>, answer: &[u8], reads: bool) {
        self.state.order += 1;
        let (order, at, at_ns) = (self.state.order, self.at, self.at_ns);
        self.state.inbox.put(order, Noted { tool, params, answer: answer.to_vec(), at, at_ns, reads });
    }
}

impl Reader {
    /// A reader that was given nothing yet.
    pub fn new(rules: SubjectRules) -> Reader {
        Reader { rules, state: Mutex::new(State::default()) }
    }

    /// Holds the order still while answers are written and noted.
    pub fn giving(&self) -> Giving<'_> {
        let state = self.lock();
        Giving { state, at: clock::moment(), at_ns: clock::unix_ns() }
    }

    /// Takes apart what no longer has room to wait: called after answers were passed on, off their way.
    pub fn digest(&self) {
        let mut state = self.lock();
        while state.inbox.is_full() {
            self.take_in_one(&mut state);
        }
    }

    /// What an effect with these arguments rests on, as of now.
    pub fn touched(&self, subjects: &Subjects) -> Touched {
        let mut state = self.lock();
        self.take_in(&mut state);
        state.readings.touched(subjects, state.order)
    }

    /// Says in which tools' answers an agent sees facts; earlier answers by other tools are not seen again.
    pub(crate) fn watch(&self, fact_tools: BTreeSet<String>) {
        self.lock().fact_tools = fact_tools;
    }

    /// Whether an agent sees facts in this tool's answers.
    pub fn watches(&self, tool: &str) -> bool {
        self.lock().fact_tools.contains(tool)
    }

    /// The newest answer by `tool` to a call with these arguments that the client was given, as of now.
    pub(crate) fn seen(&self, tool: &str, args: &Json, exact: bool) -> Option<SeenAnswer> {
        let mut state = self.lock();
        self.take_in(&mut state);
        state.seen.newest(tool, args, exact).cloned()
    }

    /// Takes in facts on which an effect of the agent's own was confirmed.
    pub(crate) fn confirm(&self, facts: Vec<(String, FactValue)>) {
        let mut state = self.lock();
        for (question, value) in facts {
            state.seen.confirm(question, value, clock::unix_ns());
        }
    }

    /// The fact as it was found when an own effect on it was confirmed, and when.
    pub(crate) fn confirmed(&self, question: &str) -> Option<(FactValue, i64)> {
        self.lock().seen.confirmed(question)
    }

    /// The subjects of a call of this tool.
    pub fn subjects(&self, tool: &Tool, arguments: &Json) -> Subjects {
        match &tool.rules.subjects {
            Some(pointers) => Subjects::at(arguments, pointers),
            None => {
                let schema = tool.definition.as_ref().and_then(|definition| definition.input_schema.as_ref());
                Subjects::of(arguments, schema, &self.rules)
            }
        }
    }

    /// Marks readings a look found to differ: they refuse until their subject is read again.
    pub fn mark_outdated(&self, orders: &[u64]) {
        let mut state = self.lock();
        orders.iter().for_each(|order| state.readings.mark_outdated(*order));
    }

    /// The readings an effect moves without sharing a subject with them: their order, tool and params, newest first.
    pub fn moved(&self, tools: &[String], most: usize) -> Vec<(u64, String, Arc<[u8]>)> {
        let state = self.lock();
        let orders = state.readings.by_tools(tools).into_iter().take(most);
        orders
            .filter_map(|order| {
                let reading = state.readings.get(order)?;
                Some((order, reading.tool.clone(), reading.params.clone()))
            })
            .collect()
    }

    /// Replaces what readings said by what they say right after an own effect; `None` leaves a tombstone.
    pub fn rebase(&self, rebased: Vec<(u64, Option<(Comparable, Rebased)>)>) {
        let mut state = self.lock();
        for (order, now) in rebased {
            match now {
                Some((value, mark)) => {
                    let Comparable { digest, bytes } = value;
                    state.readings.rebase(order, digest, bytes, clock::moment(), mark);
                }
                None => state.readings.bury(order),
            }
        }
    }

    fn take_in(&self, state: &mut State) {
        while self.take_in_one(state) {}
    }

    fn take_in_one(&self, state: &mut State) -> bool {
        let Some((order, noted)) = state.inbox.take() else { return false };
        if state.fact_tools.contains(&noted.tool.name)
            && let Some(answer) = seen_in(&noted)
        {
            state.seen.insert(&noted.tool.name, answer);
        }
        if !noted.reads {
            return true;
        }
        match self.reading_of(order, noted) {
            Some(reading) => state.readings.insert(reading),
            None => state.readings.count_uncompared(),
        }
        true
    }

    fn reading_of(&self, order: u64, noted: Noted) -> Option<Reading> {
        let Noted { tool, params, answer, at, at_ns: _, reads: _ } = noted;
        if !tool.rules.retake {
            return None;
        }
        let limits = Limits::default();
        let parsed = parse(&params, &limits).ok()?;
        let nothing = Json::Object(Vec::new());
        let subjects = self.subjects(&tool, parsed.get("arguments").unwrap_or(&nothing));
        let Comparable { digest, bytes } = answer::of_reading(&answer, &tool.rules.ignore).ok()?;
        let value = (bytes.len() <= LARGEST_VALUE).then_some(bytes);
        Some(Reading {
            tool: tool.name.clone(),
            params,
            subjects,
            digest,
            value,
            order,
            answered_at: at,
            rebased: None,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an answer showed; an answer that is neither a result nor an error shows nothing.
fn seen_in(noted: &Noted) -> Option<SeenAnswer> {
    let limits = Limits::default();
    let nothing = Json::Object(Vec::new());
    let params = parse(&noted.params, &limits).ok()?;
    let args = params.get("arguments").unwrap_or(&nothing).clone();
    let answer = parse(&noted.answer, &limits).ok()?;
    let value = match answer.get("result") {
        Some(result) => lastlook_upstream::source::mcp::reduce(result).unwrap_or(Json::Null),
        None => Json::Null,
    };
    Some(SeenAnswer::new(args, value, noted.at_ns, noted.answer.len()))
}

/// The digest of a reading whose value was not kept, as text: what is committed to in its place.
pub(crate) fn digest_text(digest: Digest) -> Vec<u8> {
    format!("sha256:{}", digest.to_hex()).into_bytes()
}
