//! Every case has exactly one verdict, and it is the one the text gives.

use lastlook_kernel::{Code, Mode, Verdict, opening_reasons, required_facts};
use lastlook_sim::generate::case::{Facts, case};
use lastlook_sim::model::verdict::judge;
use proptest::prelude::*;

use crate::support::{decided, inputs};

proptest! {
    #![proptest_config(config!("totality"))]

    #[test]
    fn every_case_has_exactly_one_verdict(case in case(Facts::Anything)) {
        let inputs = inputs(&case);
        let opening = opening_reasons(&inputs.action, &inputs.tool, &inputs.basis, &inputs.standing, &inputs.guards);
        match inputs.decide() {
            Verdict::Hold(_) => prop_assert!(false, "no guard asks anybody here"),
            Verdict::Deny(reasons) => {
                let halted = reasons.iter().any(|reason| reason.code == Code::Halted);
                prop_assert!(inputs.mode == Mode::Enforce || halted);
                prop_assert!(!reasons.is_empty());
                prop_assert!(reasons.is_sorted_by(|a, b| a < b), "sorted, each once: {:?}", reasons);
                prop_assert!(opening.iter().all(|reason| reasons.contains(reason)));
            }
            Verdict::Allow(permit) => {
                prop_assert_eq!(permit.action(), inputs.action.digest());
                prop_assert!(permit.overridden().is_empty() || inputs.mode == Mode::Audit);
                prop_assert!(opening.iter().all(|reason| permit.overridden().contains(reason)));
            }
        }
        let planned = required_facts(&inputs.basis);
        prop_assert_eq!(planned.len(), inputs.basis.readings.len());
        for (index, (query, reading)) in planned.iter().zip(&inputs.basis.readings).enumerate() {
            prop_assert_eq!((query.index, &query.tool, &query.params), (index, &reading.tool, &reading.params));
        }
    }

    #[test]
    fn the_kernel_says_what_the_text_says(case in case(Facts::Plausible)) {
        let (verdict, judgement) = (decided(&case), judge(&case));
        prop_assert_eq!(verdict.is_allow(), judgement.runs);
        let mut reasons: Vec<_> = verdict.reasons.into_iter().map(|reason| (reason.code, reason.about)).collect();
        reasons.sort();
        prop_assert_eq!(reasons, judgement.reasons);
    }
}
