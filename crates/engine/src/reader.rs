//! Whose basis it is: what one client was seen to read, in the order in which answers were given to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lastlook_canon::{Digest, Limits, parse};
use lastlook_kernel::{
    Comparable, Moment, Reading, Readings, Rebased, SubjectRules, Subjects, Tool, Touched,
};

use crate::{answer, clock};

/// Values longer than this are compared by digest only: they are neither shown nor kept.
const LARGEST_VALUE: usize = 64 << 10;
/// How many answers may wait to be taken in.
const INBOX: usize = 16;

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
    inbox: Vec<Noted>,
    readings: Readings,
}

/// An answer that was given, not yet taken apart.
#[derive(Debug)]
struct Noted {
    tool: Arc<Tool>,
    params: Arc<[u8]>,
    answer: Vec<u8>,
    order: u64,
    at: Moment,
}

/// The order of answers given, held still while one is written.
#[derive(Debug)]
pub struct Giving<'a>(MutexGuard<'a, State>);

impl Giving<'_> {
    /// Notes the answer to a read tool that is being written to the client right now.
    ///
    /// `params` are the raw params of the call, `answer` the whole frame.
    pub fn note(&mut self, tool: Arc<Tool>, params: Arc<[u8]>, answer: &[u8]) {
        self.0.order += 1;
        let order = self.0.order;
        self.0.inbox.push(Noted { tool, params, answer: answer.to_vec(), order, at: clock::moment() });
    }
}

impl Reader {
    /// A reader that was given nothing yet.
    pub fn new(rules: SubjectRules) -> Reader {
        Reader { rules, state: Mutex::new(State::default()) }
    }

    /// Holds the order still while answers are written and noted.
    pub fn giving(&self) -> Giving<'_> {
        Giving(self.lock())
    }

    /// Takes in noted answers when enough have come together, or when nothing else is to do.
    pub fn digest(&self) {
        let mut state = self.lock();
        if state.inbox.len() >= INBOX {
            self.take_in(&mut state);
        }
    }

    /// What an effect with these arguments rests on, as of now.
    pub fn touched(&self, subjects: &Subjects) -> Touched {
        let mut state = self.lock();
        self.take_in(&mut state);
        state.readings.touched(subjects, state.order)
    }

    /// The subjects of a call of this tool.
    pub fn subjects(&self, tool: &Tool, arguments: &lastlook_canon::Json) -> Subjects {
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
        for noted in std::mem::take(&mut state.inbox) {
            match self.reading_of(noted) {
                Some(reading) => state.readings.insert(reading),
                None => state.readings.count_uncompared(),
            }
        }
    }

    fn reading_of(&self, noted: Noted) -> Option<Reading> {
        let Noted { tool, params, answer, order, at } = noted;
        if !tool.rules.retake {
            return None;
        }
        let limits = Limits::default();
        let parsed = parse(&params, &limits).ok()?;
        let nothing = lastlook_canon::Json::Object(Vec::new());
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

/// The digest of a reading whose value was not kept, as text: what is committed to in its place.
pub(crate) fn digest_text(digest: Digest) -> Vec<u8> {
    format!("sha256:{}", digest.to_hex()).into_bytes()
}
