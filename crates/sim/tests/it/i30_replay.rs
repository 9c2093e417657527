//! I30: what was recorded gives the same verdict and reasons, byte for byte.

use lastlook_sim::case::{CaseError, Inputs, RecordedCase, RecordedVerdict};
use lastlook_sim::generate::case::{Facts, case};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use crate::support::inputs;

proptest! {
    #![proptest_config(config!("replay"))]

    #[test]
    fn a_recorded_case_is_decided_again_byte_for_byte(case in case(Facts::Anything)) {
        let decided = inputs(&case);
        let said = RecordedVerdict::from(&decided.decide()).to_bytes();

        let record = RecordedCase::try_from(&decided).unwrap();
        let bytes = record.to_bytes().unwrap();
        let read = RecordedCase::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&read, &record);
        let replayed = Inputs::try_from(&read).unwrap();
        prop_assert_eq!(RecordedVerdict::from(&replayed.decide()).to_bytes(), said);

        let again = RecordedCase::try_from(&replayed).unwrap().to_bytes().unwrap();
        prop_assert_eq!(again, bytes, "a record of a replay is the record");
    }
}

#[test]
fn a_record_is_read_strictly() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let case = case(Facts::Plausible).new_tree(&mut runner).unwrap().current();
    let text = String::from_utf8(case.to_bytes().unwrap()).unwrap();
    let twice = text.replacen("{\"action\"", "{\"mode\":\"audit\",\"action\"", 1);
    let unknown = text.replacen("{\"action\"", "{\"hint\":true,\"action\"", 1);
    let missing = text.replacen(&format!(",\"at\":{}", case.at), "", 1);
    for bad in [twice, unknown, missing, format!("{text} {{}}")] {
        assert!(matches!(RecordedCase::from_bytes(bad.as_bytes()), Err(CaseError::NotARecord(_))), "{bad}");
    }
    let mut case = case;
    case.action.definition = Some("AB".to_owned());
    assert_eq!(Inputs::try_from(&case).unwrap_err(), CaseError::Digest("AB".to_owned()));
}
