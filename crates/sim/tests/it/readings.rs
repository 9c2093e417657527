//! What an agent was seen to read: superseding, retiring, tombstones, rebasing, eviction.

use lastlook_canon::Digest;
use lastlook_kernel::{Limits, Moment, Reading, Readings, Rebased, SubjectRules, Subjects, Touched};
use lastlook_sim::generate::digest_of;
use lastlook_sim::generate::reads::{CALLS, Read, Room, call, reads};
use lastlook_sim::model::memory::{Memory, Seen};
use lastlook_sim::model::subjects::{self, About};
use proptest::prelude::*;

use crate::support::about;

const NOT_SUBJECTS: &[&str] = &["limit", "message"];

/// The kernel's read set and the model's, side by side.
struct Pair {
    kernel: Readings,
    model: Memory,
    given: u64,
}

impl Pair {
    fn new(room: &Room) -> Pair {
        let limits =
            Limits { readings: room.readings, value_bytes: room.value_bytes, tombstones: room.tombstones };
        let model = Memory { most: room.readings, most_tombstones: room.tombstones, ..Memory::default() };
        Pair { kernel: Readings::new(limits), model, given: 0 }
    }

    fn take(&mut self, read: &Read) -> Result<(), TestCaseError> {
        match *read {
            Read::Given { tool, call: index, said } => self.give(tool, index, said),
            Read::Uncompared => {
                self.kernel.count_uncompared();
                self.model.uncompared += 1;
            }
            Read::Outdated { order } => {
                self.kernel.mark_outdated(order);
                self.model.outdate(order);
            }
            Read::Rebased { order, said } => {
                let rebased = Rebased { after: "attempt".to_owned(), since_act_ns: order };
                self.kernel.rebase(order, digest_of(said), said.as_bytes().into(), Moment(order), rebased);
                self.model.rebase(order, said, "attempt");
            }
            Read::Lost { order } => {
                self.kernel.bury(order);
                self.model.bury(order);
            }
            Read::Asked { call, upto } => self.agree_on(call, upto.unwrap_or(self.given))?,
        }
        Ok(())
    }

    fn give(&mut self, tool: &str, index: usize, said: &str) {
        self.given += 1;
        let order = self.given;
        self.kernel.insert(Reading {
            tool: tool.to_owned(),
            params: CALLS[index].as_bytes().into(),
            subjects: of_kernel(index),
            digest: digest_of(said),
            value: Some(said.as_bytes().into()),
            order,
            answered_at: Moment(order),
            rebased: None,
        });
        let about = of_model(index);
        let (tool, said_owned) = (tool.to_owned(), said.to_owned());
        self.model.read(Seen { tool, about, said: said_owned, given: order, outdated: false, rebased: None });
    }

    /// What an effect with this call's arguments rests on.
    ///
    /// An effect about nothing is not asked for once tombstones were dropped (see [`crate::known`]).
    fn agree_on(&self, index: usize, upto: u64) -> Result<(), TestCaseError> {
        let effect = of_model(index);
        if self.model.forgot && effect.is_empty() {
            return Ok(());
        }
        let Touched { basis, orders, about: all_about } = self.kernel.touched(&of_kernel(index), upto);
        let rests = self.model.rests(&effect, upto);
        prop_assert_eq!(&orders, &rests.on.iter().map(|seen| seen.given).collect::<Vec<_>>());
        prop_assert_eq!((basis.missing, basis.uncompared), (rests.missing, rests.uncompared));
        prop_assert_eq!(basis.readings.len(), rests.on.len());
        for (reading, seen) in basis.readings.iter().zip(&rests.on) {
            prop_assert_eq!(&reading.tool, &seen.tool);
            prop_assert_eq!(reading.was, digest_of(&seen.said));
            prop_assert_eq!(reading.outdated, seen.outdated);
            prop_assert_eq!(reading.rebased.as_ref().map(|rebased| &rebased.after), seen.rebased.as_ref());
            let value = reading.value.as_deref().map(|value| digest_of(str::from_utf8(value).unwrap()));
            prop_assert!(value.is_none_or(|value: Digest| value == reading.was), "a value that was not said");
        }
        let mut expected: Vec<About> = rests.on.iter().flat_map(|seen| seen.about.clone()).collect();
        expected.sort();
        expected.dedup();
        prop_assert_eq!(all_about.len(), expected.len());
        Ok(())
    }

    /// The orders of the readings whose values are held, and their lengths.
    fn values(&self) -> Vec<(u64, usize)> {
        let length = |order| self.kernel.get(order)?.value.as_ref().map(|value| value.len());
        (1..=self.given).filter_map(|order| Some((order, length(order)?))).collect()
    }

    /// No value goes while there is room for all of them.
    fn kept_what_fits(&self, before: &[(u64, usize)], read: &Read, room: &Room) -> Result<(), TestCaseError> {
        let (changed, new) = match *read {
            Read::Given { said, .. } => (self.given, said.len()),
            Read::Rebased { order, said } => (order, said.len()),
            Read::Uncompared | Read::Outdated { .. } | Read::Lost { .. } | Read::Asked { .. } => (0, 0),
        };
        let is_held = |order: u64| self.kernel.get(order).is_some();
        let mut expected: Vec<(u64, usize)> =
            before.iter().copied().filter(|(order, _)| is_held(*order) && *order != changed).collect();
        expected.extend(Some((changed, new)).filter(|(order, _)| is_held(*order)));
        expected.sort();
        if expected.iter().map(|(_, length)| length).sum::<usize>() <= room.value_bytes {
            prop_assert_eq!(self.values(), expected);
        }
        Ok(())
    }

    fn agree(&self, room: &Room) -> Result<(), TestCaseError> {
        for index in 0..CALLS.len() {
            self.agree_on(index, self.given)?;
        }
        prop_assert_eq!(self.kernel.len(), self.model.held.len());
        prop_assert_eq!(self.kernel.is_empty(), self.model.held.is_empty());
        for tools in [vec![], vec!["look".to_owned()], vec!["stat".to_owned(), "look".to_owned()]] {
            prop_assert_eq!(self.kernel.by_tools(&tools), self.model.by(&tools));
        }
        let held: usize = self.values().iter().map(|(_, length)| length).sum();
        prop_assert!(held <= room.value_bytes, "more bytes of values than there is room for");
        Ok(())
    }
}

fn of_kernel(index: usize) -> Subjects {
    let rules = SubjectRules { not_subjects: NOT_SUBJECTS.iter().map(|name| (*name).to_owned()).collect() };
    Subjects::of(&call(index), None, &rules)
}

fn of_model(index: usize) -> Vec<About> {
    subjects::of(&call(index), None, NOT_SUBJECTS)
}

#[test]
fn the_calls_are_about_the_same_for_both() {
    (0..CALLS.len())
        .for_each(|index| assert_eq!(about(&of_kernel(index)), of_model(index), "{}", CALLS[index]));
}

proptest! {
    #![proptest_config(config!("readings"))]

    #[test]
    fn a_read_set_is_that_of_the_text((room, reads) in reads()) {
        let mut pair = Pair::new(&room);
        for read in &reads {
            let before = pair.values();
            pair.take(read)?;
            pair.kept_what_fits(&before, read, &room)?;
        }
        pair.agree(&room)?;
    }
}
