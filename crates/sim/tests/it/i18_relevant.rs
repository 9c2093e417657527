//! I18: a change to something the action does not depend on refuses nothing.

use lastlook_kernel::{Moment, Reading, Readings, Rebased};
use lastlook_sim::generate::digest_of;
use lastlook_sim::generate::reads::{CALLS, call};
use lastlook_sim::generate::story::{Acts, Step, acts, reads, somebody};
use proptest::prelude::*;

use crate::boundary::{Boundary, tell};
use crate::support::subjects_of;

/// A story in which every act is on one thing and nothing depends on chance.
fn story() -> impl Strategy<Value = Vec<Step>> {
    let one_thing = (0_usize..3).prop_map(|thing| vec![thing]).boxed();
    let acts = acts(one_thing).prop_map(|acts| Step::Acts(Acts { meanwhile: None, ..acts }));
    let step = prop_oneof![4 => reads().prop_map(Step::Reads), 2 => somebody(0..3), 3 => acts];
    proptest::collection::vec(step, 0..16)
}

/// How an untouched reading may differ.
#[derive(Debug, Clone, Copy)]
enum Change {
    Said,
    Outdated,
    Rebased,
    Buried,
    NeverRead,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Said),
        Just(Change::Outdated),
        Just(Change::Rebased),
        Just(Change::Buried),
        Just(Change::NeverRead),
    ]
}

fn reading(tool: &str, index: usize, said: &str, order: u64) -> Reading {
    Reading {
        tool: tool.to_owned(),
        params: CALLS[index].as_bytes().into(),
        subjects: subjects_of(&call(index)),
        digest: digest_of(said),
        value: None,
        order,
        answered_at: Moment(order),
        rebased: None,
    }
}

proptest! {
    #![proptest_config(config!("relevant"))]

    /// What others do to the things 1 and 2 makes no difference to an act on 0.
    #[test]
    fn what_an_act_does_not_touch_may_change(
        story in story(),
        strangers in proptest::collection::vec((somebody(1..3), any::<prop::sample::Index>()), 1..4),
        last in acts(Just(vec![0]).boxed()),
    ) {
        let last = Step::Acts(Acts { meanwhile: None, ..last });
        let mut disturbed = story.clone();
        for (stranger, place) in strangers {
            disturbed.insert(place.index(disturbed.len() + 1), stranger);
        }
        let mut ends = Vec::new();
        for mut story in [story, disturbed] {
            story.push(last.clone());
            ends.push(tell(&mut Boundary::new(), &story)?.pop());
        }
        prop_assert_eq!(&ends[0], &ends[1]);
    }

    #[test]
    fn a_reading_that_is_not_touched_is_no_part_of_the_basis(
        given in proptest::collection::vec((any::<bool>(), 0..CALLS.len(), 0_usize..3), 1..8),
        place in any::<prop::sample::Index>(),
        effect in 0..CALLS.len(),
        change in change(),
    ) {
        let effect = subjects_of(&call(effect));
        let place = place.index(given.len());
        if subjects_of(&call(given[place].1)).all_among(&effect) {
            return Ok(());
        }
        let mut seen = Vec::new();
        for changed in [false, true] {
            let mut readings = Readings::default();
            for (at, (look, index, said)) in given.iter().enumerate() {
                let (order, tool) = (at as u64 + 1, if *look { "look" } else { "stat" });
                let is_it = changed && at == place;
                if is_it && matches!(change, Change::NeverRead) {
                    continue;
                }
                let said = if is_it && matches!(change, Change::Said) { "other" } else { ["A", "B", "C"][*said] };
                readings.insert(reading(tool, *index, said, order));
                if is_it {
                    alter(&mut readings, order, change);
                }
            }
            let mut touched = readings.touched(&effect, u64::MAX);
            touched.basis.uncompared = 0;
            seen.push(touched);
        }
        prop_assert_eq!(&seen[0], &seen[1]);
    }
}

fn alter(readings: &mut Readings, order: u64, change: Change) {
    match change {
        Change::Outdated => readings.mark_outdated(order),
        Change::Buried => readings.bury(order),
        Change::Rebased => {
            let rebased = Rebased { after: "attempt".to_owned(), since_act_ns: 1 };
            readings.rebase(order, digest_of("other"), b"".as_slice().into(), Moment(9), rebased);
        }
        Change::Said | Change::NeverRead => {}
    }
}
